//! Text with gaps: literals, and placeholders for what differs from one request to the next.
//!
//! A placeholder's value is escaped for the place where the text stands, so that no user's subject
//! and no token can break a request: see [`super::escape`].

use std::io::Write as _;

use super::TemplateError;
use super::escape::{self, Place};

/// What a placeholder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gap {
    Subject,
    Email,
    Token,
    Seq,
    Uuid,
}

impl Gap {
    const NAMED: [(&'static str, Self); 6] = [
        ("user", Self::Subject),
        ("user.id", Self::Subject),
        ("user.email", Self::Email),
        ("token", Self::Token),
        ("seq", Self::Seq),
        ("uuid", Self::Uuid),
    ];
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(Vec<u8>),
    Gap(Gap, Place),
}

/// What fills the gaps.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// The user's subject, for `{user}` and `{user.id}`; empty if [`Text::names_user`] is false.
    pub user: &'a str,
    /// The user's number, from which `{user.email}` is made.
    pub number: u32,
    /// The request's number, for `{seq}`.
    pub seq: u64,
    /// The random bits of `{uuid}`.
    pub uuid: u128,
    /// The token: visible ASCII.
    pub token: &'a [u8],
}

/// A text with gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(Vec<Piece>);

impl Text {
    /// A text without gaps.
    pub fn literal(text: &str) -> Self {
        let mut made = Self::default();
        made.push_literal(text.as_bytes());
        made
    }

    /// The token alone.
    pub fn token(place: Place) -> Self {
        Self(vec![Piece::Gap(Gap::Token, place)])
    }

    /// Reads `/orders/{user}`. In a body a brace that opens no known placeholder stands for itself,
    /// so that JSON can be written as it is; elsewhere it is an error.
    pub fn parse(text: &str, place: Place) -> Result<Self, TemplateError> {
        let lenient = place.is_body();
        let mut parsed = Self::default();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            parsed.push_literal(&rest.as_bytes()[..open]);
            rest = &rest[open..];
            let close = rest.find('}').filter(|&length| length > 0);
            let name = close.map(|length| &rest[1..length]);
            let gap = name.and_then(|name| Gap::NAMED.iter().find(|(known, _)| *known == name));
            match (gap, name) {
                (Some((name, gap)), _) => {
                    parsed.0.push(Piece::Gap(*gap, place));
                    rest = &rest[name.len() + 2..];
                }
                (None, _) if lenient => {
                    parsed.push_literal(&rest.as_bytes()[..1]);
                    rest = &rest[1..];
                }
                (None, Some(name)) => return Err(TemplateError::Placeholder(name.to_owned())),
                (None, None) => return Err(TemplateError::Brace(text.to_owned())),
            }
        }
        parsed.push_literal(rest.as_bytes());
        Ok(parsed)
    }

    /// The names of all placeholders, as they are written between braces.
    pub fn placeholders() -> impl Iterator<Item = &'static str> {
        Gap::NAMED.iter().map(|(name, _)| *name)
    }

    /// Adds another text behind this one.
    pub fn append(&mut self, other: &Self) {
        for piece in &other.0 {
            match piece {
                Piece::Literal(bytes) => self.push_literal(bytes),
                Piece::Gap(..) => self.0.push(piece.clone()),
            }
        }
    }

    /// Adds bytes behind the text.
    pub fn push_literal(&mut self, bytes: &[u8]) {
        match self.0.last_mut() {
            Some(Piece::Literal(last)) => last.extend_from_slice(bytes),
            _ if bytes.is_empty() => {}
            _ => self.0.push(Piece::Literal(bytes.to_vec())),
        }
    }

    /// Whether the user's subject has to be known to write it.
    pub fn names_user(&self) -> bool {
        self.has(Gap::Subject) || self.has(Gap::Email)
    }

    /// Whether a random UUID stands in it.
    pub fn draws_uuid(&self) -> bool {
        self.has(Gap::Uuid)
    }

    /// Whether the token stands in it.
    pub fn names_token(&self) -> bool {
        self.has(Gap::Token)
    }

    fn has(&self, gap: Gap) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Gap(found, _) if *found == gap))
    }

    /// Whether nothing would be written.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes, if there is no gap.
    pub fn as_literal(&self) -> Option<&[u8]> {
        match self.0.as_slice() {
            [] => Some(&[]),
            [Piece::Literal(bytes)] => Some(bytes),
            _ => None,
        }
    }

    /// Appends the text to `out`, its gaps filled.
    pub fn write(&self, values: &Values<'_>, out: &mut Vec<u8>) {
        for piece in &self.0 {
            match piece {
                Piece::Literal(bytes) => out.extend_from_slice(bytes),
                Piece::Gap(gap, place) => fill(*gap, *place, values, out),
            }
        }
    }
}

fn fill(gap: Gap, place: Place, values: &Values<'_>, out: &mut Vec<u8>) {
    match gap {
        Gap::Subject => escape::subject(values.user, place, out),
        // A subject that is an address is the user's; others get one in a domain that is reserved
        // for tests (RFC 2606 §2).
        Gap::Email if values.user.contains('@') => escape::subject(values.user, place, out),
        Gap::Email => {
            show(format_args!("u{}{}example.test", values.number, place.at_sign()), out);
        }
        Gap::Token => escape::token(values.token, place, out),
        Gap::Seq => show(format_args!("{}", values.seq), out),
        Gap::Uuid => show_uuid(values.uuid, out),
    }
}

/// Not inlined: the compiler would spell the UUID before it knows whether one is wanted.
#[inline(never)]
fn show_uuid(bits: u128, out: &mut Vec<u8>) {
    let uuid = uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid();
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    out.extend_from_slice(uuid.hyphenated().encode_lower(&mut text).as_bytes());
}

pub(super) fn show(text: std::fmt::Arguments<'_>, out: &mut Vec<u8>) {
    // Writing to a vector cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, place: Place, user: &str) -> String {
        let values = Values { user, number: 3, seq: 7, uuid: 1, token: b"x.y.z" };
        let mut out = Vec::new();
        Text::parse(text, place).unwrap().write(&values, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_placeholder_is_filled() {
        let all = "{user} {user.id} {user.email} {token} {seq} {uuid}";
        let uuid = "00000000-0000-4000-8000-000000000001";
        assert_eq!(
            written(all, Place::Body, "ann"),
            format!("ann ann u3@example.test x.y.z 7 {uuid}")
        );
        assert_eq!(Text::placeholders().count(), all.split(' ').count());
        assert_eq!(written("{user.email}", Place::Body, "a@b.test"), "a@b.test");
    }

    #[test]
    fn values_are_escaped_for_their_place() {
        let odd = "a b|\"\\\r\né";
        assert_eq!(written("/{user}", Place::Target, odd), "/a%20b%7C%22%5C%0D%0A%C3%A9");
        assert_eq!(written("{user}", Place::Header, "a\r\nb"), "a%0D%0Ab");
        let json = written("{\"n\": {\"u\": \"{user}\"}}", Place::Json, odd);
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["n"]["u"], odd);
        assert_eq!(written("/{user.email}", Place::Target, "ann"), "/u3%40example.test");
        assert_eq!(written("a={user}", Place::Form, "b&c=d+"), "a=b%26c%3Dd%2B");
        assert_eq!(written("a={user}", Place::Cookie, "b; c=d"), "a=b%3B%20c=d");
    }

    #[test]
    fn braces_that_mean_nothing_are_errors_except_in_bodies() {
        let parse = |text| Text::parse(text, Place::Target);
        assert_eq!(parse("/{who}"), Err(TemplateError::Placeholder("who".into())));
        for text in ["/{user", "/user}", "/{"] {
            assert_eq!(parse(text), Err(TemplateError::Brace(text.into())), "{text}");
        }
        assert_eq!(
            written("{\"a\": {}, \"b\": \"{who}\"", Place::Json, ""),
            "{\"a\": {}, \"b\": \"{who}\""
        );
    }
}
