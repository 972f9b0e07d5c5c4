//! A subject of nothing.

use super::{BAD_CLAIM, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-empty",
    about: "sub is the empty string.",
    source: "RFC 7519 §4.1.2: sub identifies the principal, which an empty string does not; it \
             must not match a row with an empty key",
    expectation: BAD_CLAIM,
    variants: &[variant("empty", |draft| draft.respell(|_| String::new()))],
};
