//! Where in a token its subject stands, so that it can be read again without parsing the token.
//!
//! The payload of a JWT is base64url, in which four characters stand for three bytes. A place names
//! the group of four in which the subject begins, how many bytes of that group come before it, and
//! how long it is: four bytes a token, in which the subject itself would take dozens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Where a subject stands in its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u32);

/// What a token says, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub subject: Subject,
    /// `exp` in seconds since 1970, if there is one.
    pub expires: Option<u64>,
}

/// Whom a token names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// Nobody: it is no JWT, or has no `sub`.
    None,
    /// Somebody.
    At(Place),
    /// Its `sub` is unfit: a noun phrase.
    Unfit(&'static str),
}

impl Said {
    const NOTHING: Self = Self { subject: Subject::None, expires: None };
}

/// Bits of a place for the length, and for what comes before it in the group.
const LENGTH_BITS: u32 = 8;
const BEFORE_BITS: u32 = 2;

#[derive(Deserialize)]
struct Claims<'a> {
    #[serde(borrow, default)]
    sub: Option<&'a RawValue>,
    #[serde(borrow, default)]
    exp: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Named {
    sub: String,
}

/// Looks into a token; `room` is room to work in.
pub(super) fn look(token: &[u8], room: &mut Vec<u8>) -> Said {
    let Some((start, payload)) = payload(token) else { return Said::NOTHING };
    room.clear();
    let decoded = URL_SAFE_NO_PAD.decode_vec(payload, room).is_ok();
    // A list would be taken for the claims in their order.
    if !decoded || !room.trim_ascii_start().starts_with(b"{") {
        return Said::NOTHING;
    }
    let Ok(claims) = serde_json::from_slice::<Claims<'_>>(room) else { return Said::NOTHING };
    let expires = claims.exp.and_then(|exp| exp.get().parse::<f64>().ok()).map(|exp| exp as u64);
    let subject = claims.sub.map_or(Subject::None, |sub| {
        let raw = sub.get();
        let text = match raw.as_bytes() {
            b"\"\"" => return Subject::Unfit("an empty `sub`"),
            [b'"', text @ .., b'"'] => text,
            // RFC 7519 §4.1.2 wants a string, but some issuers number their users.
            number if number.iter().all(u8::is_ascii_digit) => number,
            _ => return Subject::Unfit("a `sub` that is neither a string nor a whole number"),
        };
        let at = text.as_ptr().addr() - room.as_ptr().addr();
        Subject::At(Place::of(start, at, text))
    });
    Said { subject, expires }
}

/// Where the payload of a compact JWS (RFC 7515 §7.1) starts, and the payload.
fn payload(token: &[u8]) -> Option<(usize, &[u8])> {
    let mut dots = token.iter().enumerate().filter(|(_, byte)| **byte == b'.').map(|(at, _)| at);
    let (first, second) = (dots.next()?, dots.next()?);
    dots.next().is_none().then(|| (first + 1, &token[first + 1..second]))
}

impl Place {
    /// Stands for a subject that has to be parsed: it holds escapes, or is too long.
    const PARSED: Self = Self(0);

    /// The place of this JSON text, which is at byte `at` of a payload that starts at `start`.
    fn of(start: usize, at: usize, text: &[u8]) -> Self {
        let group = start + at / 3 * 4;
        let fits = group < 1 << (u32::BITS - LENGTH_BITS - BEFORE_BITS);
        if text.contains(&b'\\') || text.len() >= 1 << LENGTH_BITS || !fits {
            return Self::PARSED;
        }
        let before = (at % 3) as u32;
        Self(((group as u32) << BEFORE_BITS | before) << LENGTH_BITS | text.len() as u32)
    }

    /// Shows the subject of this token to `f`; an empty one if the place is not of this token.
    pub(super) fn read<R>(self, token: &[u8], f: impl FnOnce(&str) -> R) -> R {
        if self == Self::PARSED {
            let bytes = payload(token).and_then(|(_, text)| URL_SAFE_NO_PAD.decode(text).ok());
            let named = bytes.and_then(|bytes| serde_json::from_slice::<Named>(&bytes).ok());
            return f(named.as_ref().map_or("", |named| &named.sub));
        }
        let length = (self.0 & ((1 << LENGTH_BITS) - 1)) as usize;
        let before = (self.0 >> LENGTH_BITS & ((1 << BEFORE_BITS) - 1)) as usize;
        let group = (self.0 >> (LENGTH_BITS + BEFORE_BITS)) as usize;
        // As many groups as the subject and what comes before it; the payload may end in a part
        // of one.
        let characters = (before + length).div_ceil(3) * 4;
        let text = token.get(group..).unwrap_or_default();
        let text = &text[..text.len().min(characters)];
        let end = text.iter().position(|byte| *byte == b'.').unwrap_or(text.len());
        let mut bytes = [0; (1 << LENGTH_BITS) + 8];
        let decoded = URL_SAFE_NO_PAD.decode_slice(&text[..end], &mut bytes).unwrap_or(0);
        let subject = bytes[..decoded].get(before..before + length).unwrap_or_default();
        f(std::str::from_utf8(subject).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(payload: &str) -> Vec<u8> {
        format!("eyJhbGciOiJub25lIn0.{}.c2ln", URL_SAFE_NO_PAD.encode(payload)).into_bytes()
    }

    fn subject(payload: &str) -> Option<String> {
        let token = token(payload);
        match look(&token, &mut Vec::new()).subject {
            Subject::At(place) => Some(place.read(&token, str::to_owned)),
            Subject::None => None,
            Subject::Unfit(what) => Some(format!("unfit: {what}")),
        }
    }

    #[test]
    fn subjects_are_read_wherever_they_stand() {
        for padding in 0..6 {
            let padding = "x".repeat(padding);
            for (written, read) in [
                ("\"a\"", "a"),
                ("\"auth0|5f7c8ec7c33c6c004bbafe82\"", "auth0|5f7c8ec7c33c6c004bbafe82"),
                ("\"é€😀\"", "é€😀"),
                ("\"a\\\"b\\u00e9\\n\"", "a\"bé\n"),
                ("12345678901234567890", "12345678901234567890"),
            ] {
                for payload in [
                    format!("{{\"iss\":\"{padding}\",\"sub\":{written},\"exp\":5}}"),
                    format!("{{\"iss\":\"{padding}\", \"sub\" : {written}}}"),
                    format!("{{\"sub\":{written}}}"),
                ] {
                    assert_eq!(subject(&payload).as_deref(), Some(read), "{payload}");
                }
            }
        }
        for length in [254, 255, 256, 5_000] {
            let long = "u".repeat(length);
            assert_eq!(subject(&format!("{{\"sub\":\"{long}\"}}")), Some(long));
        }
    }

    #[test]
    fn what_names_nobody_is_told_apart() {
        assert_eq!(subject("{\"iss\":\"x\"}"), None);
        assert_eq!(subject("{\"sub\":null}"), None);
        assert_eq!(subject("{\"a\":{\"sub\":\"inner\"}}"), None);
        assert_eq!(subject("[\"sub\"]"), None);
        for unfit in ["\"\"", "true", "[\"a\"]", "{}", "1.5", "-1", "1e3"] {
            let found = subject(&format!("{{\"sub\":{unfit}}}")).unwrap();
            assert!(found.starts_with("unfit"), "{unfit}: {found}");
        }
        for opaque in ["", "abc", "a.b", "a.b.c.d.e", "a.!!!!.c", "..", "v4.public.abc"] {
            assert_eq!(look(opaque.as_bytes(), &mut Vec::new()), Said::NOTHING, "{opaque}");
        }
    }

    #[test]
    fn expiry_is_read() {
        let expires = |payload: &str| look(&token(payload), &mut Vec::new()).expires;
        assert_eq!(expires("{\"exp\":1800000000}"), Some(1_800_000_000));
        assert_eq!(expires("{\"exp\":1.8e9,\"sub\":\"a\"}"), Some(1_800_000_000));
        assert_eq!(expires("{\"exp\":\"soon\"}"), None);
        assert_eq!(expires("{\"sub\":\"a\"}"), None);
    }

    proptest! {
        #[test]
        fn any_subject_is_read_back(subject_text in ".{1,300}", padding in "[a-z]{0,5}") {
            let payload = serde_json::json!({"a": padding, "sub": subject_text}).to_string();
            prop_assert_eq!(subject(&payload), Some(subject_text));
        }

        #[test]
        fn any_token_and_place_are_read_without_harm(token: Vec<u8>, place: u32) {
            let _ = look(&token, &mut Vec::new());
            Place(place).read(&token, |_| ());
        }
    }
}
