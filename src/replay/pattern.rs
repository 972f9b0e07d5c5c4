//! Path patterns: which segment of a path is the user's, and which is a secret.
//!
//! `/users/{user}/orders/*` fits a path segment by segment: `{user}` and `{secret}` each fit one
//! and say what it is, `*` fits any one, `**` at the end fits all that is left, and any other
//! segment fits itself.

use std::fmt;
use std::str::FromStr;

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    text: String,
    segments: Vec<Segment>,
    /// Ends with `**`.
    open: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Exactly(String),
    Any,
    Marked(Mark),
}

/// What a pattern says of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is the subject of who sends the request.
    User,
    /// It is a credential.
    Secret,
}

/// A text that is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is no path pattern; one starts with \"/\" and has {{user}} or {{secret}} as a whole \
     segment, such as \"/users/{{user}}/orders/*\" or \"/reset/{{secret}}/**\""
)]
pub struct PatternError(String);

impl FromStr for PathPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let fail = || PatternError(text.chars().take(80).collect());
        let inner = text.strip_prefix('/').ok_or_else(fail)?;
        let (inner, open) = match inner.strip_suffix("/**") {
            Some(inner) => (inner, true),
            None => (inner, false),
        };
        let mut segments = Vec::new();
        for segment in inner.split('/') {
            segments.push(match segment {
                "*" => Segment::Any,
                "{user}" => Segment::Marked(Mark::User),
                "{secret}" => Segment::Marked(Mark::Secret),
                other if other.contains(['*', '{', '}', '?', '#']) => return Err(fail()),
                other => Segment::Exactly(other.to_owned()),
            });
        }
        if !segments.iter().any(|segment| matches!(segment, Segment::Marked(_))) {
            return Err(fail());
        }
        Ok(Self { text: text.to_owned(), segments, open })
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PathPattern {
    /// Whether it fits the segments of a path.
    pub fn fits(&self, path: &[&[u8]]) -> bool {
        let long_enough =
            path.len() == self.segments.len() || (self.open && path.len() > self.segments.len());
        long_enough
            && self.segments.iter().zip(path).all(|(segment, found)| match segment {
                Segment::Exactly(text) => text.as_bytes() == *found,
                Segment::Any => true,
                Segment::Marked(_) => !found.is_empty(),
            })
    }

    /// What it says of the n-th segment of a path that it fits.
    pub fn mark(&self, n: usize) -> Option<Mark> {
        match self.segments.get(n) {
            Some(Segment::Marked(mark)) => Some(*mark),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(pattern: &str, path: &str) -> Option<Vec<Option<Mark>>> {
        let pattern: PathPattern = pattern.parse().unwrap();
        let segments: Vec<&[u8]> = path[1..].split('/').map(str::as_bytes).collect();
        pattern.fits(&segments).then(|| (0..segments.len()).map(|n| pattern.mark(n)).collect())
    }

    #[test]
    fn patterns_fit_segment_by_segment() {
        let (user, secret) = (Some(Mark::User), Some(Mark::Secret));
        assert_eq!(marks("/users/{user}", "/users/7"), Some(vec![None, user]));
        assert_eq!(marks("/users/{user}/*", "/users/7/x"), Some(vec![None, user, None]));
        assert_eq!(marks("/r/{secret}/**", "/r/t/a/b"), Some(vec![None, secret, None, None]));
        assert_eq!(marks("/r/{secret}/**", "/r/t"), Some(vec![None, secret]));
        for path in ["/users", "/users/", "/Users/7", "/users/7/x"] {
            assert_eq!(marks("/users/{user}", path), None, "{path}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in [
            "",
            "users/{user}",
            "/users",
            "/users/x{user}",
            "/**",
            "/{who}",
            "/a/**/{user}",
            "/{user}?x",
        ] {
            let error = text.parse::<PathPattern>().unwrap_err().to_string();
            assert!(error.contains("{user}"), "{text}: {error}");
        }
    }
}
