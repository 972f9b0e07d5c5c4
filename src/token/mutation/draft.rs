//! A token under construction: claims, header and seal lie open until it is signed.

use serde_json::{Value, json};

use super::super::claims::Claims;
use super::super::signer::{SignError, Signer, push_base64};
use crate::identity::UserIndex;

/// A token that a variant may change before it is signed.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// The user's own subject.
    subject: &'a str,
    key: &'a KeyFacts,
    issued: u64,
    header: Vec<(String, Value)>,
    claims: Vec<Claim>,
    seal: Seal,
    /// How many of the finished token's characters are kept; `None` for all.
    kept: Option<Cut>,
}

/// What variants may know of the run's keys.
#[derive(Clone, Debug)]
pub struct KeyFacts {
    pub(super) algorithm: String,
    pub(super) key_id: String,
    /// `SubjectPublicKeyInfo`; `None` for HMAC.
    pub(super) public_key: Option<Vec<u8>>,
}

/// A member of the payload: a name, and a value as JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Claim {
    name: String,
    json: String,
}

/// What stands where the signature belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seal {
    /// The run's key has signed.
    Own,
    /// Another key of the same kind has signed.
    Stranger,
    /// Nothing.
    Empty,
    /// The run's signature with one bit changed.
    Flipped,
    /// As many zeros as a signature has bytes.
    Zeroed,
    /// An HMAC-SHA-256 with these bytes as the secret.
    Hmac(Vec<u8>),
}

/// What is kept of a token that is cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// So many of its three segments, without a dot after the last.
    Segments(usize),
    /// The first half of its characters.
    Half,
    /// All but so many characters.
    AllBut(usize),
}

impl<'a> Draft<'a> {
    /// A good token for this user.
    pub(super) fn new(
        claims: &Claims,
        key: &'a KeyFacts,
        user: UserIndex,
        number: u32,
        subject: &'a str,
        issued: u64,
    ) -> Self {
        let claims = claims
            .list(user, number, subject, issued)
            .into_iter()
            .map(|(name, value)| Claim { name, json: value.to_string() })
            .collect();
        Self::with_claims(subject, key, issued, claims)
    }

    fn with_claims(subject: &'a str, key: &'a KeyFacts, issued: u64, claims: Vec<Claim>) -> Self {
        let header = [
            ("typ", Value::from("JWT")),
            ("alg", Value::from(&*key.algorithm)),
            ("kid", Value::from(&*key.key_id)),
        ];
        let header = header.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { subject, key, issued, header, claims, seal: Seal::Own, kept: None }
    }

    /// A token without a key, for finding out what a variant changes.
    pub(super) fn sample(subject: &'a str) -> Self {
        static KEY: KeyFacts =
            KeyFacts { algorithm: String::new(), key_id: String::new(), public_key: None };
        let claims = [
            ("iss", json!("https://idp.test")),
            ("aud", json!("api")),
            ("sub", json!(subject)),
            ("iat", json!(1_800_000_000)),
            ("nbf", json!(1_800_000_000)),
            ("exp", json!(1_800_000_900)),
            ("jti", json!("id")),
        ];
        let claims = claims
            .into_iter()
            .map(|(name, value)| Claim { name: name.to_owned(), json: value.to_string() })
            .collect();
        Self::with_claims(subject, &KEY, 1_800_000_000, claims)
    }

    /// The user's own subject.
    pub(super) fn subject(&self) -> &'a str {
        self.subject
    }

    /// The run's key.
    pub(super) fn key(&self) -> &'a KeyFacts {
        self.key
    }

    /// When the token is issued, in seconds since 1970.
    pub(super) fn issued(&self) -> u64 {
        self.issued
    }

    /// The value of a claim that is a string.
    pub(super) fn text(&self, name: &str) -> String {
        let claim = self.claims.iter().find(|claim| claim.name == name);
        claim.and_then(|claim| serde_json::from_str(&claim.json).ok()).unwrap_or_default()
    }

    /// Gives a claim another value, or adds it. True: it changed something.
    pub(super) fn set(&mut self, name: &str, value: impl Into<Value>) -> bool {
        self.set_json(name, &value.into().to_string())
    }

    /// The same with the value's JSON text.
    pub(super) fn set_json(&mut self, name: &str, json: &str) -> bool {
        match self.claims.iter_mut().find(|claim| claim.name == name) {
            Some(claim) if claim.json == json => return false,
            Some(claim) => json.clone_into(&mut claim.json),
            None => self.add(name, json),
        }
        true
    }

    /// Adds a claim at the end, even if there is one of this name.
    pub(super) fn add(&mut self, name: &str, json: &str) {
        self.claims.push(Claim { name: name.to_owned(), json: json.to_owned() });
    }

    /// Takes a claim out.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        let before = self.claims.len();
        self.claims.retain(|claim| claim.name != name);
        self.claims.len() < before
    }

    /// Spells the subject in another way. False if it is the same way.
    pub(super) fn respell(&mut self, spell: impl FnOnce(&str) -> String) -> bool {
        self.set("sub", spell(self.subject))
    }

    /// Gives a header member another value, or adds it.
    pub(super) fn set_header(&mut self, name: &str, value: impl Into<Value>) -> bool {
        let value = value.into();
        match self.header.iter_mut().find(|(member, _)| member == name) {
            Some((_, present)) if *present == value => return false,
            Some((_, present)) => *present = value,
            None => self.header.push((name.to_owned(), value)),
        }
        true
    }

    /// Puts something else where the signature belongs.
    pub(super) fn seal(&mut self, seal: Seal) -> bool {
        self.seal = seal;
        true
    }

    /// Cuts the finished token short.
    pub(super) fn cut(&mut self, cut: Cut) -> bool {
        self.kept = Some(cut);
        true
    }

    /// Signs it, or does what is done instead.
    pub(super) fn finish(&self, own: &Signer, stranger: &Signer) -> Result<Vec<u8>, SignError> {
        let header: Vec<_> =
            self.header.iter().map(|(name, value)| (&**name, value.to_string())).collect();
        let header = object(header.iter().map(|(name, json)| (*name, &**json)));
        let payload = object(self.claims.iter().map(|claim| (&*claim.name, &*claim.json)));
        let mut token = Vec::with_capacity((header.len() + payload.len()) * 4 / 3 + 400);
        let signer = if self.seal == Seal::Stranger { stranger } else { own };
        signer.sign_under(header.as_bytes(), payload.as_bytes(), &mut token)?;
        self.reseal(&mut token);
        let length = self.length(&token);
        token.truncate(length);
        Ok(token)
    }

    fn reseal(&self, token: &mut Vec<u8>) {
        let start = token.iter().rposition(|byte| *byte == b'.').map_or(0, |dot| dot + 1);
        match &self.seal {
            Seal::Own | Seal::Stranger => {}
            Seal::Empty => token.truncate(start),
            // The first character: all its bits are the signature's, unlike those of the last.
            Seal::Flipped => token[start] = if token[start] == b'A' { b'B' } else { b'A' },
            Seal::Zeroed => token[start..].fill(b'A'),
            Seal::Hmac(secret) => {
                token.truncate(start);
                let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
                let tag = aws_lc_rs::hmac::sign(&key, &token[..start - 1]);
                push_base64(tag.as_ref(), token);
            }
        }
    }

    fn length(&self, token: &[u8]) -> usize {
        match self.kept {
            None => token.len(),
            Some(Cut::Half) => token.len() / 2,
            Some(Cut::AllBut(characters)) => token.len().saturating_sub(characters),
            Some(Cut::Segments(count)) => {
                let mut dots = token.iter().enumerate().filter(|(_, byte)| **byte == b'.');
                dots.nth(count.saturating_sub(1)).map_or(token.len(), |(at, _)| at)
            }
        }
    }
}

/// A JSON object in which names may repeat.
fn object<'t>(members: impl Iterator<Item = (&'t str, &'t str)>) -> String {
    let mut out = String::new();
    for (name, json) in members {
        out.push(if out.is_empty() { '{' } else { ',' });
        out.push_str(&Value::from(name).to_string());
        out.push(':');
        out.push_str(json);
    }
    if out.is_empty() {
        out.push('{');
    }
    out.push('}');
    out
}

/// A text cut in the middle, between two characters.
pub(super) fn halves(text: &str) -> (&str, &str) {
    let middle = text.char_indices().nth(text.chars().count() / 2).map_or(text.len(), |(at, _)| at);
    text.split_at(middle)
}
