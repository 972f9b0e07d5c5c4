//! Verifying signatures with the public keys of a key set (RFC 7517).
//!
//! A key is parsed once and prepared for each algorithm it may be used with: the configured ones
//! that fit its kind, and of these only its own if it names one (RFC 8725 §3.1). So a token's
//! `alg` selects among what was prepared and never decides how a key is read: a public key cannot
//! become an HMAC secret.
//!
//! What it does not do: fetch the set.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    self, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::refusal::Refusal;
use super::token::Token;

/// How an algorithm checks a signature.
enum Method {
    Hmac(hmac::Algorithm),
    Rsa(&'static RsaParameters),
    Curve { name: &'static str, bytes: usize, algorithm: &'static dyn VerificationAlgorithm },
}

/// The algorithms that the gateway can be configured with (RFC 7518 §3.1, RFC 8037 §3.1).
const NAMES: [&str; 12] = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
    "ES384", "EdDSA",
];

fn method(algorithm: &str) -> Option<Method> {
    Some(match algorithm {
        "HS256" => Method::Hmac(hmac::HMAC_SHA256),
        "HS384" => Method::Hmac(hmac::HMAC_SHA384),
        "HS512" => Method::Hmac(hmac::HMAC_SHA512),
        "RS256" => Method::Rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        "RS384" => Method::Rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
        "RS512" => Method::Rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
        "PS256" => Method::Rsa(&signature::RSA_PSS_2048_8192_SHA256),
        "PS384" => Method::Rsa(&signature::RSA_PSS_2048_8192_SHA384),
        "PS512" => Method::Rsa(&signature::RSA_PSS_2048_8192_SHA512),
        "ES256" => Method::Curve {
            name: "P-256",
            bytes: 32,
            algorithm: &signature::ECDSA_P256_SHA256_FIXED,
        },
        "ES384" => Method::Curve {
            name: "P-384",
            bytes: 48,
            algorithm: &signature::ECDSA_P384_SHA384_FIXED,
        },
        "EdDSA" => Method::Curve { name: "Ed25519", bytes: 32, algorithm: &signature::ED25519 },
        _ => return None,
    })
}

/// An algorithm in the configuration that the gateway does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the gateway has no algorithm \"{0}\"; it has {list}", list = NAMES.join(", "))]
pub struct UnknownAlgorithm(pub String);

/// Checks the configured names.
pub fn check_algorithms(names: &[String]) -> Result<(), UnknownAlgorithm> {
    match names.iter().find(|name| method(name).is_none()) {
        None => Ok(()),
        Some(unknown) => Err(UnknownAlgorithm(unknown.clone())),
    }
}

/// A key prepared for one algorithm.
enum Prepared {
    Secret(Box<hmac::Key>),
    Public(ParsedPublicKey),
}

/// One key of the set.
struct VerifyingKey {
    id: Option<String>,
    uses: Vec<(String, Prepared)>,
}

/// The keys of an issuer.
#[derive(Default)]
pub struct KeySet {
    keys: Vec<VerifyingKey>,
}

/// What a key set says of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// It is the issuer's.
    Good,
    /// It is not, or the algorithm is not one that the key is for.
    Bad,
    /// No key has the token's `kid`: a newer set may.
    UnknownKey,
}

impl From<Signature> for Result<(), Refusal> {
    fn from(signature: Signature) -> Self {
        match signature {
            Signature::Good => Ok(()),
            Signature::Bad => Err(Refusal::Invalid("the token's signature is not the issuer's")),
            Signature::UnknownKey => Err(Refusal::Invalid("the token's key is not the issuer's")),
        }
    }
}

impl KeySet {
    /// Reads a key set. Keys of unknown kinds or for other uses are passed over (RFC 7517 §5).
    pub fn read(set: &Value, algorithms: &[String]) -> Option<Self> {
        let keys = set.get("keys")?.as_array()?;
        Some(Self { keys: keys.iter().filter_map(|key| prepare(key, algorithms)).collect() })
    }

    /// Verifies a token's signature.
    pub fn verify(&self, token: &Token<'_>) -> Signature {
        // Several keys may share an id if they are of different kinds (RFC 7517 §4.5).
        let mut known = false;
        for key in self.keys.iter().filter(|key| key.id == token.key_id) {
            known = true;
            let prepared = key.uses.iter().find(|(name, _)| *name == token.algorithm);
            if prepared.is_some_and(|(_, key)| key.accepts(token)) {
                return Signature::Good;
            }
        }
        // A token without `kid` names no key that could still come.
        if known || token.key_id.is_none() { Signature::Bad } else { Signature::UnknownKey }
    }
}

impl Prepared {
    fn accepts(&self, token: &Token<'_>) -> bool {
        match self {
            Self::Secret(key) => hmac::verify(key, token.signed, &token.signature).is_ok(),
            Self::Public(key) => key.verify_sig(token.signed, &token.signature).is_ok(),
        }
    }
}

/// Prepares a JSON Web Key; `None` if there is nothing to verify with.
fn prepare(key: &Value, algorithms: &[String]) -> Option<VerifyingKey> {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    if text("use").is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let operations = key.get("key_ops").and_then(Value::as_array);
    if operations.is_some_and(|list| !list.iter().any(|operation| operation == "verify")) {
        return None;
    }
    let own = text("alg");
    let uses: Vec<_> = algorithms
        .iter()
        .filter(|name| own.is_none_or(|own| own == name.as_str()))
        .filter_map(|name| Some((name.clone(), prepare_for(key, &method(name)?)?)))
        .collect();
    (!uses.is_empty()).then(|| VerifyingKey { id: text("kid").map(str::to_owned), uses })
}

fn prepare_for(key: &Value, method: &Method) -> Option<Prepared> {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok().filter(|b| !b.is_empty());
    match (text("kty")?, method) {
        ("oct", Method::Hmac(algorithm)) => {
            Some(Prepared::Secret(Box::new(hmac::Key::new(*algorithm, &bytes("k")?))))
        }
        ("RSA", Method::Rsa(parameters)) => {
            let parts = RsaPublicKeyComponents { n: bytes("n")?, e: bytes("e")? };
            parts.to_parsed_public_key(parameters).ok().map(Prepared::Public)
        }
        ("EC", Method::Curve { name, bytes: width, algorithm }) if text("crv") == Some(name) => {
            let (x, y) = (bytes("x")?, bytes("y")?);
            if x.len() != *width || y.len() != *width {
                return None;
            }
            // An uncompressed point (SEC 1 §2.3.3).
            let point = [&[4_u8][..], &x, &y].concat();
            ParsedPublicKey::new(*algorithm, point).ok().map(Prepared::Public)
        }
        ("OKP", Method::Curve { name, bytes: width, algorithm }) if text("crv") == Some(name) => {
            let point = bytes("x").filter(|x| x.len() == *width)?;
            ParsedPublicKey::new(*algorithm, point).ok().map(Prepared::Public)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
