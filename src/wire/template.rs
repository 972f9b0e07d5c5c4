//! The bytes of a request, with gaps for what differs from one to the next.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// RFC 3986 §2.3: unreserved characters stand for themselves in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request that cannot be written.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TemplateError {
    /// A placeholder that nothing stands for.
    #[error("unknown placeholder \"{{{0}}}\"; known are {{user}}, {{seq}}")]
    Placeholder(String),
    /// A brace without its partner.
    #[error("\"{0}\" has a brace without its partner")]
    Brace(String),
    /// A method or path with bytes that would break the request line.
    #[error("\"{0}\" holds a space or control character; percent-encode it")]
    Unsafe(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(Vec<u8>),
    User,
    Seq,
}

/// One kind of request, ready to be filled in. Cheap to fill: literals are copied whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    before_token: Vec<Piece>,
    after_token: Vec<u8>,
}

/// What fills the gaps.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// The user's subject, for `{user}`; percent-encoded on the way.
    pub user: &'a str,
    /// The request's number, for `{seq}`.
    pub seq: u64,
    /// The bearer token.
    pub token: &'a [u8],
}

impl Template {
    /// A request with this method and path to this host (RFC 9112 §3), with a bearer token in its
    /// `Authorization` header (RFC 6750 §2.1).
    pub fn bearer(method: &str, path: &str, host: &str) -> Result<Self, TemplateError> {
        for part in [method, path, host] {
            if part.bytes().any(|b| b <= b' ' || b == 0x7f) {
                return Err(TemplateError::Unsafe(part.to_owned()));
            }
        }
        let mut pieces = vec![Piece::Literal(format!("{method} ").into_bytes())];
        pieces.extend(parse(path)?);
        let head = format!(
            " HTTP/1.1\r\nHost: {host}\r\nUser-Agent: substorm/{}\r\nAccept: */*\r\n\
             Authorization: Bearer ",
            env!("CARGO_PKG_VERSION")
        );
        pieces.push(Piece::Literal(head.into_bytes()));
        let length =
            if matches!(method, "POST" | "PUT" | "PATCH") { "Content-Length: 0\r\n" } else { "" };
        Ok(Self { before_token: pieces, after_token: format!("\r\n{length}\r\n").into_bytes() })
    }

    /// Replaces what `out` holds by the request's bytes.
    pub fn fill(&self, values: &Values<'_>, out: &mut Vec<u8>) {
        out.clear();
        for piece in &self.before_token {
            match piece {
                Piece::Literal(bytes) => out.extend_from_slice(bytes),
                Piece::User => {
                    for part in utf8_percent_encode(values.user, SEGMENT) {
                        out.extend_from_slice(part.as_bytes());
                    }
                }
                Piece::Seq => push_number(values.seq, out),
            }
        }
        out.extend_from_slice(values.token);
        out.extend_from_slice(&self.after_token);
    }
}

fn push_number(number: u64, out: &mut Vec<u8>) {
    use std::io::Write as _;
    // Writing to a vector cannot fail.
    let _ = write!(out, "{number}");
}

fn parse(path: &str) -> Result<Vec<Piece>, TemplateError> {
    let mut pieces = Vec::new();
    let mut rest = path;
    while let Some(open) = rest.find(['{', '}']) {
        let close = rest[open..].find('}').filter(|&length| length > 0);
        let Some(length) = close else { return Err(TemplateError::Brace(path.to_owned())) };
        pieces.push(Piece::Literal(rest.as_bytes()[..open].to_vec()));
        pieces.push(match &rest[open + 1..open + length] {
            "user" => Piece::User,
            "seq" => Piece::Seq,
            other => return Err(TemplateError::Placeholder(other.to_owned())),
        });
        rest = &rest[open + length + 1..];
    }
    pieces.push(Piece::Literal(rest.as_bytes().to_vec()));
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_the_gaps() {
        let template = Template::bearer("GET", "/orders/{user}?n={seq}", "h:1").unwrap();
        let mut out = b"left over".to_vec();
        template.fill(&Values { user: "a b|é", seq: 7, token: b"x.y.z" }, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.starts_with("GET /orders/a%20b%7C%C3%A9?n=7 HTTP/1.1\r\nHost: h:1\r\n"),
            "{text}"
        );
        assert!(text.ends_with("\r\nAuthorization: Bearer x.y.z\r\n\r\n"), "{text}");
        let mut headers = [httparse::EMPTY_HEADER; 8];
        let mut request = httparse::Request::new(&mut headers);
        assert!(request.parse(text.as_bytes()).unwrap().is_complete());
    }

    #[test]
    fn refuses_what_would_break_the_request() {
        assert_eq!(
            Template::bearer("GET", "/{who}", "h"),
            Err(TemplateError::Placeholder("who".into()))
        );
        for path in ["/{user", "/user}", "/{"] {
            assert!(
                matches!(Template::bearer("GET", path, "h"), Err(TemplateError::Brace(_))),
                "{path}"
            );
        }
        for (method, path, host) in [("GE T", "/", "h"), ("GET", "/ x", "h"), ("GET", "/", "h\r\n")]
        {
            assert!(matches!(Template::bearer(method, path, host), Err(TemplateError::Unsafe(_))));
        }
    }
}
