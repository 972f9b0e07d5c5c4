//! One key, its `kid` and its header, ready to sign any number of tokens.

use std::fmt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Header;
use jsonwebtoken::jwk::{AlgorithmParameters, CommonParameters, Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::signature::Signer as _;
use serde_json::{Value, json};

use super::algorithm::{Algorithm, Family};
use super::key::{self, KeyError, KeyFromFile, SigningKey};
use super::plan::{KeySource, TokenPlan};

/// A signature that the crypto library did not give. Seen only when it runs out of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the crypto library could not sign with {algorithm}")]
pub struct SignError {
    /// The signer's algorithm.
    pub algorithm: Algorithm,
}

/// Signs tokens with one key, which was parsed once. Shared between threads by reference.
pub struct Signer {
    key: SigningKey,
    jwk: Jwk,
    key_id: String,
    /// The encoded header and the dot after it.
    head: Box<[u8]>,
}

impl fmt::Debug for Signer {
    /// Shows the algorithm and the key's id, never the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("algorithm", &self.algorithm())
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

impl Signer {
    /// The signer of a run: reads the plan's key file or draws a fresh key.
    pub fn from_plan(plan: &TokenPlan) -> Result<Self, KeyError> {
        Self::new(plan.algorithm, &plan.key, plan.key_id.as_deref())
    }

    /// A signer with a key from this source. The `kid` is `key_id` if given, otherwise the one in
    /// the key file, otherwise the key's SHA-256 thumbprint (RFC 7638).
    pub fn new(
        algorithm: Algorithm,
        source: &KeySource,
        key_id: Option<&str>,
    ) -> Result<Self, KeyError> {
        let found = match source {
            KeySource::Generated => {
                KeyFromFile { key: SigningKey::generate(algorithm)?, key_id: None }
            }
            KeySource::File(path) => key::read(path, algorithm, key_id)?,
        };
        Ok(Self::of(algorithm, found, key_id))
    }

    /// A signer with the key in this text, which was read from `path`.
    pub(super) fn from_key_text(
        algorithm: Algorithm,
        text: &[u8],
        path: &Path,
        key_id: Option<&str>,
    ) -> Result<Self, KeyError> {
        Ok(Self::of(algorithm, key::read_text(path, text, algorithm, key_id)?, key_id))
    }

    fn of(algorithm: Algorithm, found: KeyFromFile, key_id: Option<&str>) -> Self {
        let common = CommonParameters {
            public_key_use: Some(PublicKeyUse::Signature),
            key_algorithm: Some(algorithm.library().into()),
            ..CommonParameters::default()
        };
        let mut jwk = Jwk { common, algorithm: found.key.verifying_parameters() };
        let key_id = key_id.map(str::to_owned).or(found.key_id).unwrap_or_else(|| thumbprint(&jwk));
        jwk.common.key_id = Some(key_id.clone());
        let head = head(algorithm, &key_id);
        Self { key: found.key, jwk, key_id, head }
    }

    /// What tells the key from all others: its SHA-256 thumbprint (RFC 7638), whatever its `kid`.
    pub(super) fn fingerprint(&self) -> String {
        thumbprint(&self.jwk)
    }

    /// What all its tokens begin with: the encoded header and the dot after it.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// How it signs.
    pub fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    /// The `kid` in its tokens.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The public key set (RFC 7517 §5). Empty for HMAC, which has no public part.
    pub fn jwks(&self) -> Value {
        match &self.jwk.algorithm {
            AlgorithmParameters::OctetKey(_) => json!({"keys": []}),
            _ => self.verifier_jwks(),
        }
    }

    /// The key set that a verifier needs: the public one, or for HMAC the secret. Only for the
    /// embedded stack and for people who ask for the secret by name.
    pub fn verifier_jwks(&self) -> Value {
        json!({"keys": [self.jwk]})
    }

    /// The private key as text that a key file may hold: PKCS#8 in PEM, or for HMAC a JWK. `None`
    /// if the crypto library cannot export it.
    pub fn private_key(&self) -> Option<String> {
        self.key.private_text()
    }

    /// The public key as a DER `SubjectPublicKeyInfo`; `None` for HMAC.
    pub fn public_key(&self) -> Option<Vec<u8>> {
        self.key.public_der()
    }

    /// Whether the key is a shared secret.
    pub fn is_symmetric(&self) -> bool {
        self.algorithm().family() == Family::Hmac
    }

    /// Appends a token with this payload in the compact serialization (RFC 7515 §7.1).
    pub fn sign(&self, payload: &[u8], out: &mut Vec<u8>) -> Result<(), SignError> {
        let start = out.len();
        out.extend_from_slice(&self.head);
        push_base64(payload, out);
        self.seal(start, out)
    }

    /// The same with a header of the caller's own.
    pub(super) fn sign_under(
        &self,
        header: &[u8],
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), SignError> {
        let start = out.len();
        push_base64(header, out);
        out.push(b'.');
        push_base64(payload, out);
        self.seal(start, out)
    }

    /// Signs what `out` holds from `start` on, and appends the signature.
    fn seal(&self, start: usize, out: &mut Vec<u8>) -> Result<(), SignError> {
        let signature = self
            .key
            .try_sign(&out[start..])
            .map_err(|_| SignError { algorithm: self.algorithm() })?;
        out.push(b'.');
        push_base64(&signature, out);
        Ok(())
    }
}

fn thumbprint(jwk: &Jwk) -> String {
    jwk.thumbprint(ThumbprintHash::SHA256).expect("all kinds of keys made here have thumbprints")
}

/// The encoded header and the dot after it.
fn head(algorithm: Algorithm, key_id: &str) -> Box<[u8]> {
    let header = Header { kid: Some(key_id.to_owned()), ..Header::new(algorithm.library()) };
    let header = serde_json::to_vec(&header).expect("a header of strings is JSON");
    let mut head = Vec::new();
    push_base64(&header, &mut head);
    head.push(b'.');
    head.into()
}

/// Appends base64url without padding (RFC 7515 §2).
pub(super) fn push_base64(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let length = base64::encoded_len(bytes.len(), false).expect("tokens are smaller than memory");
    out.resize(start + length, 0);
    URL_SAFE_NO_PAD.encode_slice(bytes, &mut out[start..]).expect("the room is the exact length");
}

#[cfg(test)]
mod tests;
