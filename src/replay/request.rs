//! A recorded request as it may be sent again: method and target, nothing secret.

use std::borrow::Cow;
use std::sync::Arc;

use crate::identity::UserIndex;

/// What stands for the subject of whoever sends the request.
pub const PLACEHOLDER: &str = "{user}";

/// A request that may be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// A token such as `GET` (RFC 9110 §9.1).
    pub method: Cow<'static, str>,
    /// Path and query in visible ASCII, starting with `/`. Its only braces are those of
    /// [`PLACEHOLDER`].
    pub target: Box<str>,
}

/// Methods that cost no memory.
const USUAL: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"];

impl Request {
    /// A request with this method and a target that is clean already.
    pub(super) fn new(method: &str, target: Box<str>) -> Self {
        let usual = USUAL.iter().find(|usual| **usual == method);
        let method = usual.map_or_else(|| Cow::Owned(method.to_owned()), |usual| (*usual).into());
        Self { method, target }
    }

    /// Appends the target with the subject in its places; the subject is percent-encoded already.
    pub fn write_target(&self, subject: &str, out: &mut String) {
        let mut rest: &str = &self.target;
        while let Some(at) = rest.find(PLACEHOLDER) {
            out.push_str(&rest[..at]);
            out.push_str(subject);
            rest = &rest[at + PLACEHOLDER.len()..];
        }
        out.push_str(rest);
    }

    /// Bytes that it takes on the heap.
    pub(super) fn weight(&self) -> usize {
        let method = if let Cow::Owned(method) = &self.method { method.capacity() } else { 0 };
        self.target.len() + method
    }
}

/// What a replay asks for, and as whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The user.
    pub user: UserIndex,
    /// The request.
    pub request: Arc<Request>,
}

/// A request of a recording, with who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What was asked for.
    pub request: Request,
    /// Who asked.
    pub who: super::Who,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subject_goes_where_the_placeholder_is() {
        let write = |target: &str| {
            let mut out = String::new();
            Request::new("GET", target.into()).write_target("u%7C1", &mut out);
            out
        };
        assert_eq!(write("/a/{user}?b={user}"), "/a/u%7C1?b=u%7C1");
        assert_eq!(write("/a"), "/a");
    }

    #[test]
    fn usual_methods_take_no_memory() {
        assert!(matches!(Request::new("GET", "/".into()).method, Cow::Borrowed("GET")));
        assert_eq!(Request::new("PURGE", "/".into()).method, "PURGE");
    }
}
