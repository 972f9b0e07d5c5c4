//! One recorded request as a format's reader found it, with whatever secrets it holds.
//!
//! A [`Raw`] borrows from the line it was read from and goes no further than the function that
//! turns it into an [`Entry`](super::Entry). It has no `Debug`, so that it cannot be printed by
//! accident.

use std::borrow::Cow;
use std::fmt;
use std::ops::ControlFlow;

use super::stamp::Stamp;

/// Takes what a reader finds: the number of the line or record, from 1, and what it holds.
pub type Sink<'s> = dyn FnMut(u64, Found<'_>) -> ControlFlow<()> + 's;

/// What a line or record holds.
pub enum Found<'a> {
    /// A request.
    Request(Raw<'a>),
    /// As it should be, but without a request that could be sent again.
    Without,
    /// Not what the format says.
    Flawed(Flaw),
}

/// A recorded request.
pub struct Raw<'a> {
    /// When it was made.
    pub at: When,
    /// The method as recorded.
    pub method: Cow<'a, str>,
    /// Path and query, perhaps with scheme and host before them.
    pub target: Cow<'a, [u8]>,
    /// `{user}` in the target already stands for the subject.
    pub has_placeholders: bool,
    /// Who made it.
    pub signs: Signs<'a>,
}

/// When a request was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// It came at this instant.
    Began(Stamp),
    /// It was answered at this instant, after so many nanoseconds.
    Ended(Stamp, i64),
    /// The format does not say.
    Untold,
}

/// What may tell who made a request. The order in which they count is in `who.rs`.
#[derive(Default)]
pub struct Signs<'a> {
    /// The value of what the scenario names.
    pub named: Option<Cow<'a, str>>,
    /// The `Authorization` field.
    pub authorization: Option<Cow<'a, str>>,
    /// The user of Basic authentication as the server logged it.
    pub remote_user: Option<Cow<'a, str>>,
    /// The client's address.
    pub address: Option<Cow<'a, str>>,
}

/// Why a line is not what its format says. Never quotes the line: it may hold secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Longer than anything that is read.
    TooLong(usize),
    /// Something that has to be there is not.
    Missing(&'static str),
    /// No instant that can be read.
    Time,
    /// Not JSON, or not an object.
    Json,
    /// Not an HTTP request.
    Http,
    /// A target that is no path of a usual length.
    Target,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(most) => write!(f, "longer than {most} bytes"),
            Self::Missing(what) => write!(f, "{what} is missing"),
            Self::Time => f.write_str("its time cannot be read"),
            Self::Json => f.write_str("not a JSON object"),
            Self::Http => f.write_str("not an HTTP request"),
            Self::Target => f.write_str("its target is too long"),
        }
    }
}

/// A request line: `GET /orders?n=1 HTTP/1.1`. `None` for what is none, as when somebody speaks TLS
/// to a plain port, or closes without a word.
pub(super) fn request_line(line: &[u8]) -> Option<(&str, &[u8])> {
    let line = match line.windows(6).rposition(|part| part == b" HTTP/") {
        Some(at) => &line[..at],
        None => line,
    };
    let gap = line.iter().position(|byte| *byte == b' ')?;
    let method = method(&line[..gap])?;
    let target = line[gap..].trim_ascii();
    (!target.is_empty()).then_some((method, target))
}

/// A method that may be sent: a short token (RFC 9110 §5.6.2). `CONNECT` asks for a tunnel and not
/// for a resource.
pub(super) fn method(text: &[u8]) -> Option<&str> {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    if !(1..=32).contains(&text.len()) || !text.iter().all(is_token) || text == b"CONNECT" {
        return None;
    }
    // What ASCII could not be text?
    std::str::from_utf8(text).ok().filter(|method| method.bytes().any(|b| b.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_lines_are_taken_apart() {
        assert_eq!(request_line(b"GET /a?b=c HTTP/1.1"), Some(("GET", &b"/a?b=c"[..])));
        assert_eq!(request_line(b"GET /a b HTTP/1.0"), Some(("GET", &b"/a b"[..])));
        assert_eq!(request_line(b"PURGE /a"), Some(("PURGE", &b"/a"[..])));
        for line in [
            &b""[..],
            b"-",
            b"GET",
            b"GET ",
            b"\x16\x03\x01 /",
            b"CONNECT a:1 HTTP/1.1",
            b"- / HTTP/1.1",
        ] {
            assert_eq!(request_line(line), None, "{line:?}");
        }
    }
}
