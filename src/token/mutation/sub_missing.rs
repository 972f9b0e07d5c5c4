//! No subject at all.

use super::{BAD_CLAIM, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-missing",
    about: "The token has no sub.",
    source: "RFC 9068 §2.2 requires sub in access tokens; without it there is nobody to let in",
    expectation: BAD_CLAIM,
    variants: &[variant("absent", |draft| draft.remove("sub"))],
};
