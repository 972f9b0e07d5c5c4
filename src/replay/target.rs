//! From a recorded target to one that may be sent again.
//!
//! - Scheme, userinfo, host and fragment go away; what is left is path and query.
//! - Query parameters and path parameters that carry credentials are left out, and so is every
//!   parameter whose value holds a JWT. A path segment that holds one, or that a pattern marks as a
//!   secret, becomes `hidden`.
//! - Where the user's own name is a whole segment or value, or, if it is long enough not to be met
//!   by chance, a part of one, `{user}` takes its place. Letter case does not matter.
//! - Everything else stays as it was spelt; bytes that could break a request line, and braces, are
//!   percent-encoded.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode, percent_encode};

use super::pattern::{Mark, PathPattern};
use super::request::PLACEHOLDER;
use super::secret::{holds_token, is_credential, plain};

/// The longest target that is taken, in bytes: what nginx and Apache take by default.
pub const LONGEST: usize = 8 << 10;

/// Stands for a credential in a path.
pub const HIDDEN: &str = "hidden";

/// The shortest name, in bytes, that is looked for inside a segment or value.
const SHORTEST_PART: usize = 8;

/// What may not stand in a target (RFC 3986 §2) or means something to us. `%` stays: what is
/// encoded already stays so.
const UNSAFE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'#');

/// The same for a text that was decoded, where separators would be taken for such.
const DECODED: &AsciiSet =
    &UNSAFE.add(b'%').add(b'/').add(b'?').add(b'&').add(b'=').add(b'+').add(b';');

/// What the scenario says of targets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleaning {
    /// The first that fits a path says which of its segments are what.
    pub patterns: Vec<PathPattern>,
    /// Further parameters that carry credentials, by name.
    pub drop: Vec<String>,
    /// Parameters that carry none although their names look so.
    pub keep: Vec<String>,
}

/// A target without scheme, host and fragment, taken apart.
pub(super) struct Target<'a> {
    segments: Vec<&'a [u8]>,
    query: Option<&'a [u8]>,
    pattern: Option<&'a PathPattern>,
}

impl<'a> Target<'a> {
    /// `None` if it names no path, as `*`, `data:` and `mailto:` do not.
    pub fn read(raw: &'a [u8], cleaning: &'a Cleaning) -> Option<Self> {
        let raw = raw.split(|byte| *byte == b'#').next().unwrap_or_default();
        let local = if raw.starts_with(b"/") { raw } else { after_authority(raw)? };
        let (path, query) = match local.iter().position(|byte| *byte == b'?') {
            Some(at) => (&local[..at], Some(&local[at + 1..])),
            None => (local, None),
        };
        let path = path.strip_prefix(b"/").unwrap_or(path);
        let segments: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
        let pattern = cleaning.patterns.iter().find(|pattern| pattern.fits(&segments));
        Some(Self { segments, query, pattern })
    }

    /// The user that the path names, by the pattern that fits.
    pub fn user(&self) -> Option<String> {
        let pattern = self.pattern?;
        let marked = self.segments.iter().enumerate();
        let (_, segment) =
            marked.into_iter().find(|(n, _)| pattern.mark(*n) == Some(Mark::User))?;
        Some(String::from_utf8_lossy(&decoded(segment)).into_owned())
    }

    /// The bearer token of the query, if there is one (RFC 6750 §2.3).
    pub fn token(&self) -> Option<String> {
        let mut parameters = self.query?.split(|byte| *byte == b'&');
        let token = parameters.find_map(|one| one.strip_prefix(b"access_token="))?;
        Some(String::from_utf8_lossy(&decoded(token)).into_owned())
    }

    /// As it may be sent again, by the user who has these names. `has_placeholders` if `{user}` in
    /// it stands for the user already.
    pub fn clean(
        &self,
        names: &[Cow<'_, str>],
        cleaning: &Cleaning,
        has_placeholders: bool,
    ) -> Box<str> {
        let cleaner = Cleaner { names, has_placeholders };
        let mut out = String::with_capacity(128);
        for (n, segment) in self.segments.iter().enumerate() {
            out.push('/');
            match self.pattern.and_then(|pattern| pattern.mark(n)) {
                Some(Mark::User) => out.push_str(PLACEHOLDER),
                Some(Mark::Secret) => out.push_str(HIDDEN),
                None => cleaner.segment(segment, cleaning, &mut out),
            }
        }
        let mut separator = '?';
        let parameters = self.query.unwrap_or_default().split(|byte| *byte == b'&');
        for parameter in parameters.filter(|parameter| !parameter.is_empty()) {
            if carries_credential(parameter, cleaning) {
                continue;
            }
            out.push(separator);
            separator = '&';
            cleaner.parameter(parameter, &mut out);
        }
        out.into_boxed_str()
    }
}

/// What follows scheme and host of an `http` or `https` address.
fn after_authority(raw: &[u8]) -> Option<&[u8]> {
    let scheme = raw.iter().position(|byte| *byte == b':')?;
    let known =
        [&b"http"[..], b"https"].iter().any(|name| raw[..scheme].eq_ignore_ascii_case(name));
    let rest = raw[scheme + 1..].strip_prefix(b"//").filter(|_| known)?;
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    Some(&rest[end..])
}

fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    percent_decode(text).into()
}

/// Whether a parameter is to be left out: by its name, or because it holds a token.
fn carries_credential(parameter: &[u8], cleaning: &Cleaning) -> bool {
    if holds_token(parameter) || holds_token(&decoded(parameter)) {
        return true;
    }
    let name = parameter.split(|byte| *byte == b'=').next().unwrap_or_default();
    let name = String::from_utf8_lossy(&decoded(name)).into_owned();
    let is = |list: &[String]| list.iter().any(|one| plain(one) == plain(&name));
    is(&cleaning.drop) || (is_credential(&name) && !is(&cleaning.keep))
}

struct Cleaner<'a> {
    names: &'a [Cow<'a, str>],
    has_placeholders: bool,
}

impl Cleaner<'_> {
    /// A path segment, with its parameters (RFC 3986 §3.3: `name;parameter=value`).
    fn segment(&self, segment: &[u8], cleaning: &Cleaning, out: &mut String) {
        let mut parts = segment.split(|byte| *byte == b';');
        let name = parts.next().unwrap_or_default();
        if holds_token(name) || holds_token(&decoded(name)) {
            out.push_str(HIDDEN);
        } else {
            self.text(name, out);
        }
        for part in parts.filter(|part| !carries_credential(part, cleaning)) {
            out.push(';');
            self.parameter(part, out);
        }
    }

    /// A parameter, by itself or with a value.
    fn parameter(&self, parameter: &[u8], out: &mut String) {
        match parameter.iter().position(|byte| *byte == b'=') {
            Some(at) => {
                self.text(&parameter[..at], out);
                out.push('=');
                self.text(&parameter[at + 1..], out);
            }
            None => self.text(parameter, out),
        }
    }

    /// A segment, name or value, with the placeholder for the user's names.
    fn text(&self, text: &[u8], out: &mut String) {
        let mut rest = text;
        while let Some(at) = self.next_placeholder(rest) {
            self.part(&rest[..at], out);
            out.push_str(PLACEHOLDER);
            rest = &rest[at + PLACEHOLDER.len()..];
        }
        let is_whole = rest.len() == text.len();
        let is = |name: &Cow<'_, str>| decoded(text).eq_ignore_ascii_case(name.as_bytes());
        if is_whole && self.names.iter().any(is) {
            out.push_str(PLACEHOLDER);
        } else {
            self.part(rest, out);
        }
    }

    /// Where the first placeholder begins that stands for the user already.
    fn next_placeholder(&self, text: &[u8]) -> Option<usize> {
        let mut places = text.windows(PLACEHOLDER.len());
        places.position(|part| self.has_placeholders && part == PLACEHOLDER.as_bytes())
    }

    /// A part of a segment, name or value, in which only long names count.
    fn part(&self, text: &[u8], out: &mut String) {
        let plain = decoded(text);
        if self.next_name(&plain).is_some() {
            self.with_names_replaced(&plain, out);
        } else if self.next_name(text).is_some() {
            // As in `%41lice`, where decoding takes the name apart and the spelling still shows it.
            self.with_names_replaced(text, out);
        } else {
            out.extend(percent_encode(text, UNSAFE));
        }
    }

    fn with_names_replaced(&self, plain: &[u8], out: &mut String) {
        let mut rest = plain;
        while let Some((at, length)) = self.next_name(rest) {
            out.extend(percent_encode(&rest[..at], DECODED));
            out.push_str(PLACEHOLDER);
            rest = &rest[at + length..];
        }
        out.extend(percent_encode(rest, DECODED));
    }

    /// Where the first of the names begins, and how long it is; the longest, where several do.
    fn next_name(&self, text: &[u8]) -> Option<(usize, usize)> {
        let long = self.names.iter().filter(|name| name.len() >= SHORTEST_PART);
        let found = long.filter_map(|name| {
            let name = name.as_bytes();
            let at = text.windows(name.len()).position(|part| part.eq_ignore_ascii_case(name))?;
            Some((at, name.len()))
        });
        found.min_by_key(|(at, length)| (*at, std::cmp::Reverse(*length)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clean_as(raw: &str, names: &[&str], cleaning: &Cleaning) -> String {
        let names: Vec<_> = names.iter().map(|name| Cow::Borrowed(*name)).collect();
        Target::read(raw.as_bytes(), cleaning).unwrap().clean(&names, cleaning, false).into()
    }

    fn clean(raw: &str) -> String {
        clean_as(raw, &["alice@example.com", "7"], &Cleaning::default())
    }

    #[test]
    fn what_needs_no_cleaning_stays_as_it_was_spelt() {
        for target in
            ["/", "/a/b", "/a%20b/?x=1&y=%26&z", "/a//b/", "/a;v=1/b", "/a?b=c/d?e", "/~x!$'()*,:@"]
        {
            assert_eq!(clean(target), target);
        }
    }

    #[test]
    fn only_path_and_query_are_kept() {
        assert_eq!(clean("https://u:p@h.example:8443/a?b=1#c"), "/a?b=1");
        assert_eq!(clean("HTTP://h"), "/");
        assert_eq!(clean("http://h?x=1"), "/?x=1");
        assert_eq!(clean("/a?"), "/a");
        for none in ["*", "", "data:text/plain,x", "mailto:x", "about:blank", "ws://h/x", "a/b"] {
            assert!(Target::read(none.as_bytes(), &Cleaning::default()).is_none(), "{none}");
        }
    }

    #[test]
    fn credentials_are_left_out() {
        assert_eq!(clean("/a?x=1&access_token=s&y=2"), "/a?x=1&y=2");
        assert_eq!(clean("/a?Access%5FToken=s"), "/a");
        assert_eq!(clean("/a;jsessionid=s/b;v=1"), "/a/b;v=1");
        assert_eq!(clean("/a?next=%65yJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."), "/a");
        assert_eq!(clean("/v/eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln/x"), "/v/hidden/x");
        let cleaning = Cleaning {
            patterns: vec!["/reset/{secret}".parse().unwrap()],
            drop: vec!["voucher-no".into()],
            keep: vec!["code".into()],
        };
        assert_eq!(
            clean_as("/reset/s3cr3t?voucher_no=1&code=DE", &[], &cleaning),
            "/reset/hidden?code=DE"
        );
    }

    #[test]
    fn the_users_own_name_becomes_the_placeholder() {
        assert_eq!(clean("/users/7/orders/77?of=7&n=17"), "/users/{user}/orders/77?of={user}&n=17");
        assert_eq!(clean("/u/Alice%40Example.com"), "/u/{user}");
        assert_eq!(clean("/u/alice%40example.com.json"), "/u/{user}.json");
        assert_eq!(clean("/u?q=mail:alice@example.com,x%2Fy"), "/u?q=mail:{user},x%2Fy");
        assert_eq!(clean("/a;of=7;by=x-alice@example.com/b"), "/a;of={user};by=x-{user}/b");
        let cleaning =
            Cleaning { patterns: vec!["/of/{user}/*".parse().unwrap()], ..Cleaning::default() };
        let target = Target::read(b"/of/b%6Fb/x", &cleaning).unwrap();
        assert_eq!(target.user().as_deref(), Some("bob"));
        assert_eq!(&*target.clean(&[], &cleaning, false), "/of/{user}/x");
    }

    #[test]
    fn what_could_break_a_request_or_mean_something_is_encoded() {
        assert_eq!(clean("/a b\r\n\"{user}|é"), "/a%20b%0D%0A%22%7Buser%7D%7C%C3%A9");
        let own = Target::read(b"/a/{user}?b={user}&c={x}", &Cleaning::default()).unwrap().clean(
            &[],
            &Cleaning::default(),
            true,
        );
        assert_eq!(&*own, "/a/{user}?b={user}&c=%7Bx%7D");
    }

    /// As a recording of our own is read: with placeholders, and by somebody of whom nothing but a
    /// pseudonym is known.
    fn clean_again(target: &str, name: &str) -> String {
        let cleaning = Cleaning::default();
        let target = Target::read(target.as_bytes(), &cleaning).unwrap();
        target.clean(&[name.into()], &cleaning, true).into()
    }

    #[test]
    fn a_placeholder_counts_wherever_it_stands() {
        for target in [
            "/u/{user}.json",
            "/a-{user}-b/{user}",
            "/a;of={user}.1/b",
            "/u?q=mail:{user},x%2Fy&{user}=1&{user}{user}",
        ] {
            assert_eq!(clean_again(target, "9f0c5c1de2f34b0a"), target);
        }
        // A name is still a name beside one, and a short one is none where it is not the whole.
        assert_eq!(clean_again("/{user}+7/u-12345678/7", "12345678"), "/{user}+7/u-{user}/7");
        assert_eq!(clean_again("/{user}7/7{}", "7"), "/{user}7/7%7B%7D");
    }

    #[test]
    fn a_token_of_the_query_tells_who() {
        let cleaning = Cleaning::default();
        let target = Target::read(b"/a?b=1&access_token=x%2Ey", &cleaning).unwrap();
        assert_eq!(target.token().as_deref(), Some("x.y"));
    }

    proptest! {
        #[test]
        fn any_bytes_come_to_a_target_that_can_be_sent(
            raw in prop::collection::vec(any::<u8>(), 0..200), own in ".{0,12}", flag: bool,
        ) {
            let cleaning = Cleaning { patterns: vec!["/{user}/{secret}/**".parse().unwrap()], ..Cleaning::default() };
            let raw = [b"/", &raw[..]].concat();
            let target = Target::read(&raw, &cleaning).unwrap();
            let (_, _) = (target.user(), target.token());
            let clean = target.clean(&[Cow::Owned(own)], &cleaning, flag);
            prop_assert!(clean.starts_with('/'));
            prop_assert!(clean.bytes().all(|byte| byte.is_ascii_graphic()), "{clean}");
            let braces = clean.replace(PLACEHOLDER, "");
            prop_assert!(!braces.contains(['{', '}']), "{clean}");
        }

        #[test]
        fn what_was_cleaned_and_is_read_again_stays_as_it_is(
            parts in prop::collection::vec(
                prop_oneof!["[ -~]{0,6}", Just("alice@example.com".to_owned()), Just("7".to_owned()),
                    Just("alice%40example.com".to_owned()), Just("%3B".to_owned())], 0..8,
            ),
        ) {
            let once = clean(&format!("/{}", parts.concat()));
            prop_assert_eq!(clean_again(&once, "9f0c5c1de2f34b0a"), once);
        }

        #[test]
        fn a_long_name_never_survives(before in "[a-z/?&=%]{0,12}", own in "[A-Za-z0-9@.|-]{8,20}", after in "[a-z/?&=%]{0,12}") {
            let clean = clean_as(&format!("/{before}{own}{after}"), &[&own], &Cleaning::default());
            prop_assert!(!clean.to_lowercase().contains(&own.to_lowercase()), "{own} in {clean}");
        }
    }
}
