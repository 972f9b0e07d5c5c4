//! Who sent a request, by the header fields that came with it.

use std::borrow::Cow;

use super::Fields;
use crate::replay::raw::Signs;

/// The part of a request's header that `fields.user` names: `header:X-User-ID` or `cookie:sid`.
pub enum Selector {
    /// A header field, in lower case.
    Header(String),
    /// A cookie.
    Cookie(String),
}

impl Selector {
    /// What the scenario names; nothing if it names nothing.
    pub fn of(fields: &Fields) -> Option<Self> {
        Self::parse(fields.get("user")?)
    }

    /// Reads `header:NAME` or `cookie:NAME`.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once(':')?;
        let name = name.trim();
        match kind {
            _ if name.is_empty() => None,
            "header" => Some(Self::Header(name.to_ascii_lowercase())),
            "cookie" => Some(Self::Cookie(name.to_owned())),
            _ => None,
        }
    }
}

/// What the fields of a request say of who sent it. Without a better one, the address is the first
/// in `X-Forwarded-For`, or that in `X-Real-IP`.
pub fn signs<'a>(
    fields: impl Iterator<Item = (&'a str, Cow<'a, str>)>,
    selector: Option<&Selector>,
) -> Signs<'a> {
    let mut signs = Signs::default();
    let mut real_ip = None;
    for (name, value) in fields {
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
        match selector {
            Some(Selector::Header(wanted)) if is(wanted) => signs.named = Some(value.clone()),
            Some(Selector::Cookie(wanted)) if is("cookie") => {
                signs.named = cookie(&value, wanted).map(|text| Cow::Owned(text.to_owned()));
            }
            _ => {}
        }
        if is("authorization") {
            signs.authorization = Some(value);
        } else if is("x-forwarded-for") {
            let first = value.split(',').next().unwrap_or_default().trim().to_owned();
            signs.address = Some(Cow::Owned(first));
        } else if is("x-real-ip") {
            real_ip = Some(value);
        }
    }
    signs.address = signs.address.or(real_ip);
    signs
}

/// A cookie's value (RFC 6265 §4.2.1).
fn cookie<'v>(field: &'v str, name: &str) -> Option<&'v str> {
    field.split(';').find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(selector: &str, fields: &[(&'static str, &'static str)]) -> Signs<'static> {
        let selector = Selector::parse(selector);
        signs(fields.iter().map(|(name, value)| (*name, Cow::Borrowed(*value))), selector.as_ref())
    }

    #[test]
    fn the_named_sign_is_found() {
        let fields = [
            ("X-User-Id", "ada"),
            ("Cookie", "a=1; sid=s2; sid2=x"),
            ("authorization", "Bearer t"),
        ];
        assert_eq!(told("header:x-user-id", &fields).named.as_deref(), Some("ada"));
        assert_eq!(told("cookie:sid", &fields).named.as_deref(), Some("s2"));
        assert_eq!(told("cookie:si", &fields).named.as_deref(), None);
        assert_eq!(told("", &fields).authorization.as_deref(), Some("Bearer t"));
    }

    #[test]
    fn the_address_is_the_first_that_was_forwarded_for() {
        let forwarded = ("X-Forwarded-For", "192.0.2.1, 10.0.0.1");
        assert_eq!(
            told("", &[("X-Real-IP", "10.0.0.2"), forwarded]).address.as_deref(),
            Some("192.0.2.1")
        );
        assert_eq!(told("", &[("x-real-ip", "10.0.0.2")]).address.as_deref(), Some("10.0.0.2"));
    }

    #[test]
    fn other_selectors_are_none() {
        for text in ["", "x", "header:", "query:a", "cookie: "] {
            assert!(Selector::parse(text).is_none(), "{text}");
        }
    }
}
