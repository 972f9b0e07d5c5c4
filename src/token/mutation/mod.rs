//! Deliberate defects in a token or in its `sub`, and the answer that a correct gateway gives.
//!
//! One file a kind, one line in [`REGISTRY`]. A kind has variants (which white space, where); a
//! variant says of a subject whether it changes anything. [`MutatedTokens`] are made before a run
//! and are a function of plan, seed and issue time.
//!
//! "Correct" follows RFC 7519 §4.1.2 and RFC 8725: `sub` is a case-sensitive string that is
//! compared code point by code point, so a subject that is spelt otherwise is another user's, and
//! that user does not exist. Where a gateway may turn the token away at two stages, both classes
//! are in the set.

mod draft;
mod pool;

mod sub_array;
mod sub_base64;
mod sub_case;
mod sub_confusable;
mod sub_duplicate;
mod sub_email;
mod sub_empty;
mod sub_escaped;
mod sub_extended;
mod sub_float;
mod sub_long;
mod sub_missing;
mod sub_normalization;
mod sub_nul;
mod sub_null;
mod sub_number;
mod sub_object;
mod sub_other_claim;
mod sub_prefix;
mod sub_truncated;
mod sub_url_encoded;
mod sub_uuid_form;
mod sub_whitespace;
mod token_alg_none;
mod token_aud_list;
mod token_bad_signature;
mod token_critical;
mod token_expired;
mod token_not_yet_valid;
mod token_public_key_as_secret;
mod token_truncated;
mod token_unknown_key;
mod token_wrong_audience;
mod token_wrong_issuer;

pub use draft::Draft;
pub use pool::{MutatedToken, MutatedTokens, PoolError, PoolPlan};

use crate::diagnostic::nearest;
use crate::outcome::{Class, ClassSet};

/// All kinds, by name.
pub static REGISTRY: &[&MutationKind] = &[
    &sub_array::KIND,
    &sub_base64::KIND,
    &sub_case::KIND,
    &sub_confusable::KIND,
    &sub_duplicate::KIND,
    &sub_email::KIND,
    &sub_empty::KIND,
    &sub_escaped::KIND,
    &sub_extended::KIND,
    &sub_float::KIND,
    &sub_long::KIND,
    &sub_missing::KIND,
    &sub_normalization::KIND,
    &sub_nul::KIND,
    &sub_null::KIND,
    &sub_number::KIND,
    &sub_object::KIND,
    &sub_other_claim::KIND,
    &sub_prefix::KIND,
    &sub_truncated::KIND,
    &sub_url_encoded::KIND,
    &sub_uuid_form::KIND,
    &sub_whitespace::KIND,
    &token_alg_none::KIND,
    &token_aud_list::KIND,
    &token_bad_signature::KIND,
    &token_critical::KIND,
    &token_expired::KIND,
    &token_not_yet_valid::KIND,
    &token_public_key_as_secret::KIND,
    &token_truncated::KIND,
    &token_unknown_key::KIND,
    &token_wrong_audience::KIND,
    &token_wrong_issuer::KIND,
];

/// A kind of defect.
#[derive(Debug)]
pub struct MutationKind {
    /// The name in scenarios: `sub-` for a defect of the subject, `token-` for one of the token
    /// around it.
    pub name: &'static str,
    /// What is done, in one sentence.
    pub about: &'static str,
    /// Why the expected answer is the right one, with the section that says so.
    pub source: &'static str,
    /// What a correct gateway answers.
    pub expectation: Expectation,
    /// The ways to do it.
    pub variants: &'static [Variant],
}

/// One way to do a kind of defect.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// The name in reports.
    pub name: &'static str,
    /// Makes the defect. False if it changes nothing about this token: there is no upper case of
    /// digits.
    pub apply: fn(&mut Draft<'_>) -> bool,
}

/// What a correct gateway answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// It lets the user in, as that user: what looks like a defect is none.
    Accept,
    /// It turns the request away, for one of these reasons.
    Reject(ClassSet),
}

impl MutationKind {
    /// Whether any variant changes a token with this subject.
    pub fn applies(&self, subject: &str) -> bool {
        self.variants.iter().any(|variant| (variant.apply)(&mut Draft::sample(subject)))
    }
}

/// The kind with this name.
pub fn named(name: &str) -> Option<&'static MutationKind> {
    REGISTRY.iter().copied().find(|kind| kind.name == name)
}

/// The kind whose name is nearest to a mistyped one, if one is near enough to suggest.
pub fn nearest_name(name: &str) -> Option<&'static str> {
    nearest(name, REGISTRY.iter().map(|kind| kind.name))
}

/// A subject that is well formed and nobody's.
const UNKNOWN: Expectation = Expectation::Reject(ClassSet::of(&[Class::UserNotFound]));

/// A subject that may be turned away for its form or for not being found.
const MALFORMED: Expectation =
    Expectation::Reject(ClassSet::of(&[Class::UserNotFound, Class::TokenInvalid]));

/// A claim that is missing or of the wrong type: some verifiers count that as a bad token, some as
/// a claim that does not match.
const BAD_CLAIM: Expectation = Expectation::Reject(ClassSet::of(&[
    Class::UserNotFound,
    Class::TokenInvalid,
    Class::ClaimMismatch,
]));

/// A token that fails before anybody asks who it is for.
const BAD_TOKEN: Expectation = Expectation::Reject(ClassSet::of(&[Class::TokenInvalid]));

/// `iss` or `aud` of somebody else.
const WRONG_CLAIM: Expectation =
    Expectation::Reject(ClassSet::of(&[Class::ClaimMismatch, Class::TokenInvalid]));

const fn variant(name: &'static str, apply: fn(&mut Draft<'_>) -> bool) -> Variant {
    Variant { name, apply }
}

#[cfg(test)]
mod tests;
