//! Tokens: keys, claims, minting, the store they lie in, and deliberate defects.

use std::path::PathBuf;
use std::time::Duration;

use crate::units::Share;

/// What a scenario says of its tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenPlan {
    /// How tokens are signed.
    pub algorithm: Algorithm,
    /// Where the key comes from.
    pub key: KeySource,
    /// The `kid` header; derived from the key where `None`.
    pub key_id: Option<String>,
    /// The `iss` claim.
    pub issuer: String,
    /// The `aud` claim.
    pub audience: String,
    /// From `iat` to `exp`.
    pub lifetime: Duration,
    /// Further claims, each a JSON value.
    pub claims: serde_json::Map<String, serde_json::Value>,
    /// Defects, each carried by a share of the requests.
    pub mutations: Vec<MutationShare>,
}

/// A defect and the share of requests that carry it.
#[derive(Clone, Debug, PartialEq)]
pub struct MutationShare {
    /// The name in the registry.
    pub kind: String,
    /// Of all requests.
    pub share: Share,
}

/// Signature algorithms (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the RFCs'")]
pub enum Algorithm {
    HS256,
    HS384,
    HS512,
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

/// Where a signing key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A fresh one, drawn at the start of the run. Never written to disk.
    Generated,
    /// A PEM or JWK file with the private key (or the HMAC secret).
    File(PathBuf),
}
