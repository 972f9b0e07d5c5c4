//! Tokens: keys, claims, minting, the store they lie in, and deliberate defects.
//!
//! A [`Signer`] holds one key, parsed once. [`Claims`] spell a user's payload from the plan and
//! the seed. A [`TokenStore`] holds one good token a user and renews them before they expire;
//! [`MutatedTokens`] hold tokens with defects, made ahead, each with the answer that a correct
//! gateway gives. A [`TokenCache`] keeps good tokens in files, between runs and beyond memory.
//! [`BroughtTokens`] are made elsewhere and only sent.
//!
//! What it does not do: know who the users are. Whoever mints passes the function that spells
//! their subjects.

mod algorithm;
mod brought;
mod cache;
mod claims;
mod key;
pub mod mutation;
mod plan;
mod signer;
mod store;

pub use algorithm::{Algorithm, Family};
pub use brought::{BroughtError, BroughtTokens, Span, WrongLines};
pub use cache::{CacheError, Origin, TokenCache};
pub use claims::{Claims, RESERVED};
pub use key::KeyError;
pub use mutation::{Expectation, MutatedToken, MutatedTokens};
pub use plan::{KeySource, MutationShare, TokenPlan, TokenSource};
pub use signer::{SignError, Signer};
pub use store::{MintError, Minting, Renewal, Subjects, TokenStore};
