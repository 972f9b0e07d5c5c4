//! Who made a request, as a number that means nothing elsewhere.
//!
//! What identifies a user is hashed with a key that is drawn for each reading and kept nowhere
//! (HMAC-SHA-256), so equal users stay equal within one reading and are strangers to any other.
//! The order in which signs count:
//!
//! 1. what the scenario names (`fields.user`);
//! 2. the segment of the path that a pattern of the scenario marks as the user's;
//! 3. the `sub` claim of a bearer token;
//! 4. the user of Basic authentication, in a header field or as the server logged it;
//! 5. a token that holds no `sub`: one user may have had many;
//! 6. the client's address.
//!
//! Requests with none of these are all the same nobody's.
//!
//! Tokens are read, not verified: the recording tells what was sent, not whether it was good.

use std::borrow::Cow;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use super::raw::Signs;

/// A user of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Who(u128);

impl Who {
    /// Half of its bits, for tables in memory: of ten million users two share them with a chance of
    /// three in a million.
    pub fn short(self) -> u64 {
        self.0 as u64
    }

    /// As the JSON lines have it.
    pub fn hex(self) -> String {
        format!("{:032x}", self.0)
    }
}

/// Turns what identifies somebody into a [`Who`].
pub struct Pseudonyms {
    key: hmac::Key,
}

/// The claims that may hold another name of the same user, which is then taken out of targets too.
const NAMES: [&str; 8] =
    ["sub", "email", "preferred_username", "username", "user_id", "uid", "upn", "oid"];

/// The longest token that is looked into, in bytes.
const LONGEST_TOKEN: usize = 64 << 10;

/// What somebody is told by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// What the scenario names, or the recording itself.
    Named,
    /// A segment of the path.
    Path,
    /// The `sub` claim of a token.
    Subject,
    /// The user of Basic authentication.
    Basic,
    /// The user that the server logged.
    Logged,
    /// A token as a whole.
    Token,
    /// The client's address.
    Address,
    /// None: these requests are all the same user's.
    Nothing,
}

impl Sign {
    /// All of them, in the order in which they count.
    pub const ALL: [Self; 8] = [
        Self::Named,
        Self::Path,
        Self::Subject,
        Self::Basic,
        Self::Logged,
        Self::Token,
        Self::Address,
        Self::Nothing,
    ];

    /// In words, for people: follows "users told by".
    pub fn words(self) -> &'static str {
        match self {
            Self::Named => "the field that names them",
            Self::Path => "{user} in the path",
            Self::Subject => "the sub claim of their token",
            Self::Basic => "Basic authentication",
            Self::Logged => "the user that the server logged ($remote_user, %u)",
            Self::Token => "their token, which holds no sub claim",
            Self::Address => "the client's address",
            Self::Nothing => "nothing: all of these are one user's",
        }
    }

    /// What is hashed with the text. Two kinds of sign never come to the same user by having the
    /// same text.
    fn kind(self) -> u8 {
        match self {
            Self::Named | Self::Path | Self::Subject | Self::Basic | Self::Logged => 0,
            Self::Token => 1,
            Self::Address => 2,
            Self::Nothing => 3,
        }
    }
}

/// Who made a request, and the names by which the target may mention that user.
pub struct Identified<'a> {
    /// Who.
    pub who: Who,
    /// What told.
    pub sign: Sign,
    /// Names of the user, in clear. They serve to clean the target and are then dropped.
    pub names: Vec<Cow<'a, str>>,
}

impl Pseudonyms {
    /// With a key that nobody else has; the error says that the system has no randomness.
    pub fn fresh() -> std::io::Result<Self> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &aws_lc_rs::rand::SystemRandom::new());
        let key = key.map_err(|_| std::io::Error::other("the system gives no random bytes"))?;
        Ok(Self { key })
    }

    /// Who shows these signs, where `in_path` is the user that the path names, and `token` the
    /// bearer token of the query.
    pub fn identify<'a>(
        &self,
        signs: &'a Signs<'_>,
        in_path: Option<&'a str>,
        token: Option<&'a str>,
    ) -> Identified<'a> {
        let chosen = present(signs.named.as_deref());
        let mut names: Vec<Cow<'a, str>> = chosen.map(Cow::Borrowed).into_iter().collect();
        names.extend(in_path.map(Cow::Borrowed));
        let by = |sign: Sign| move |text: &'a str| (sign, Cow::Borrowed(text));
        let told = chosen.map(by(Sign::Named)).or(in_path.map(by(Sign::Path)));
        let of_field = signs.authorization.as_deref();
        let of_field = of_field.and_then(|field| authorization(field, &mut names));
        let of_query = token.map(|token| bearer(token, &mut names));
        let logged = present(signs.remote_user.as_deref());
        names.extend(logged.map(Cow::Borrowed));
        // Tokens without a subject come after the logged user: one user may have had many.
        let (mut subject, mut opaque) = (None, None);
        for found in [of_field, of_query].into_iter().flatten() {
            let kept = if found.0 == Sign::Token { &mut opaque } else { &mut subject };
            kept.get_or_insert(found);
        }
        let told = told.or(subject).or(logged.map(by(Sign::Logged))).or(opaque);
        let address = || present(signs.address.as_deref()).map(by(Sign::Address));
        let (sign, text) = told.or_else(address).unwrap_or((Sign::Nothing, Cow::Borrowed("")));
        names.retain(|name| !name.is_empty());
        Identified { who: self.hash(sign, text.as_bytes()), sign, names }
    }

    fn hash(&self, sign: Sign, text: &[u8]) -> Who {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&[sign.kind()]);
        context.update(text);
        let tag = context.sign();
        let first = tag.as_ref().iter().take(16);
        Who(first.fold(0, |bits, byte| (bits << 8) | u128::from(*byte)))
    }
}

/// A value that says something: logs write `-` for nothing.
fn present(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty() && *text != "-")
}

/// The user of an `Authorization` field; what else it is called by goes to `names`.
fn authorization<'a>(
    field: &'a str,
    names: &mut Vec<Cow<'a, str>>,
) -> Option<(Sign, Cow<'a, str>)> {
    let (scheme, rest) = field.trim().split_once(' ')?;
    let credentials = rest.trim();
    if credentials.is_empty() || credentials.len() > LONGEST_TOKEN {
        return None;
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let bytes = STANDARD.decode(credentials).ok()?;
        let user = bytes.split(|byte| *byte == b':').next().unwrap_or_default();
        let user = String::from_utf8_lossy(user).into_owned();
        names.push(Cow::Owned(user.clone()));
        return (!user.is_empty()).then_some((Sign::Basic, Cow::Owned(user)));
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Some((Sign::Token, Cow::Borrowed(credentials)));
    }
    Some(bearer(credentials, names))
}

/// The subject of a token, or the token itself; what else the user is called by goes to `names`.
fn bearer<'a>(token: &'a str, names: &mut Vec<Cow<'a, str>>) -> (Sign, Cow<'a, str>) {
    let Some(claims) = claims(token) else { return (Sign::Token, Cow::Borrowed(token)) };
    let text = |name: &str| match claims.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    names.extend(NAMES.iter().filter_map(|name| text(name)).map(Cow::Owned));
    match text("sub").filter(|subject| !subject.is_empty()) {
        Some(subject) => (Sign::Subject, Cow::Owned(subject)),
        None => (Sign::Token, Cow::Borrowed(token)),
    }
}

/// The claims of a signed JWT (RFC 7519 §3), unverified.
fn claims(token: &str) -> Option<serde_json::Map<String, Value>> {
    let mut parts = token.split('.');
    let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&payload).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("Bearer eyJhbGciOiJub25lIn0.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    fn signs<'a>(authorization: Option<&'a str>, user: &'a str, address: &'a str) -> Signs<'a> {
        Signs {
            named: None,
            authorization: authorization.map(Cow::Borrowed),
            remote_user: Some(Cow::Borrowed(user)),
            address: Some(Cow::Borrowed(address)),
        }
    }

    #[test]
    fn the_order_of_signs_holds() {
        let pseudonyms = Pseudonyms::fresh().unwrap();
        let who = |signs: &Signs<'_>, path| pseudonyms.identify(signs, path, None).who;
        let bearer = token(r#"{"sub":"alice","email":"a@x"}"#);
        let full = signs(Some(&bearer), "bob", "192.0.2.1");
        let alice = who(&signs(None, "alice", "-"), None);
        assert_eq!(who(&full, None), alice, "the subject of the token");
        assert_eq!(who(&full, Some("carol")), who(&signs(None, "carol", ""), None));
        let named = Signs { named: Some(Cow::Borrowed("dave")), ..signs(Some(&bearer), "bob", "") };
        assert_eq!(who(&named, Some("carol")), who(&signs(None, "dave", ""), None));
        let from = |address| who(&signs(None, "-", address), None);
        assert_ne!(from("192.0.2.1"), from("192.0.2.2"));
        assert_ne!(from("alice"), alice, "an address is no user");
        assert_eq!(from("-"), who(&Signs::default(), None), "nobody");
    }

    #[test]
    fn tokens_tell_by_subject_or_else_by_themselves() {
        let pseudonyms = Pseudonyms::fresh().unwrap();
        let who = |field: &str| pseudonyms.identify(&signs(Some(field), "-", "-"), None, None).who;
        assert_eq!(who(&token(r#"{"sub":"7","n":1}"#)), who(&token(r#"{"sub":7,"n":2}"#)));
        assert_ne!(who(&token(r#"{"sub":"7"}"#)), who(&token(r#"{"sub":"8"}"#)));
        assert_ne!(who(&token("{}")), who(&token(r#"{"sub":""}"#)), "two tokens without subject");
        assert_ne!(who("Bearer opaque-1"), who("Bearer opaque-2"));
        assert_eq!(who("bearer opaque-1"), who("Bearer  opaque-1"));
        let of_query = pseudonyms.identify(&Signs::default(), None, Some("opaque-1")).who;
        assert_eq!(of_query, who("Bearer opaque-1"));
        assert_eq!(who("Basic dTpwMQ=="), who("Basic dTpwMg=="), "another password, same user");
        for odd in ["", "Bearer", "Bearer ", "Basic !!", "Basic Og==", "Bearer a.b.c", "Bearer ..."]
        {
            let _ = who(odd);
        }
    }

    #[test]
    fn a_logged_user_comes_before_a_token_that_names_nobody() {
        let pseudonyms = Pseudonyms::fresh().unwrap();
        let told = |user, token| {
            let signs = signs(None, user, "192.0.2.1");
            let found = pseudonyms.identify(&signs, None, Some(token));
            (found.who, found.sign)
        };
        let (first, sign) = told("alice", "opaque-1");
        assert_eq!((told("alice", "opaque-2").0, sign), (first, Sign::Logged));
        assert_ne!(told("bob", "opaque-1").0, first);
        assert_eq!(told("-", "opaque-1").1, Sign::Token);
        let bearer = token(r#"{"sub":"carol"}"#);
        let whole = bearer.strip_prefix("Bearer ").unwrap();
        assert_eq!(told("alice", whole).1, Sign::Subject);
        let both = signs(Some("Bearer opaque-1"), "-", "-");
        let found = pseudonyms.identify(&both, None, Some(whole));
        assert_eq!(found.sign, Sign::Subject, "a subject counts wherever it stands");
        assert_eq!(pseudonyms.identify(&Signs::default(), None, None).sign, Sign::Nothing);
        for (n, sign) in Sign::ALL.into_iter().enumerate() {
            assert_eq!(sign as usize, n);
        }
    }

    #[test]
    fn every_name_of_the_user_is_known_for_cleaning() {
        let pseudonyms = Pseudonyms::fresh().unwrap();
        let field = token(r#"{"sub":"u-1","email":"a@x","uid":12,"name":["x"]}"#);
        let signs = signs(Some(&field), "remote", "192.0.2.1");
        let found = pseudonyms.identify(&signs, Some("in-path"), None);
        assert_eq!(found.names, ["in-path", "u-1", "a@x", "12", "remote"]);
    }

    #[test]
    fn another_reading_knows_nobody() {
        let [a, b] = [(); 2].map(|()| Pseudonyms::fresh().unwrap());
        let signs = signs(None, "alice", "-");
        assert_ne!(a.identify(&signs, None, None).who, b.identify(&signs, None, None).who);
        assert_eq!(a.identify(&signs, None, None).who.hex().len(), 32);
    }
}
