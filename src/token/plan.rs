//! What a scenario says of its tokens.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::algorithm::Algorithm;
use super::brought::BroughtTokens;
use crate::units::Share;

/// What a scenario says of its tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenPlan {
    /// Where tokens come from.
    pub source: TokenSource,
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
    /// Further claims, each a JSON value. None may have a name in [`RESERVED`](super::RESERVED).
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

/// Where tokens come from.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenSource {
    /// They are made for the run, as the plan says.
    Minted,
    /// People bring them.
    Brought(Arc<BroughtTokens>),
}

/// Where a signing key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A fresh one, drawn at the start of the run, which only a cache writes to disk. For tokens
    /// that people bring: none is known.
    Generated,
    /// A PEM or JWK file with the private key (or the HMAC secret).
    File(PathBuf),
}
