//! The id in a claim of another name.

use super::{BAD_CLAIM, Draft, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-other-claim",
    about: "No sub, and the right id in Sub, SUB, uid, user_id or preferred_username.",
    source: "RFC 7519 §4: claim names are compared code point by code point; RFC 9068 §2.2: the \
             user is in sub",
    expectation: BAD_CLAIM,
    variants: &[
        variant("Sub", |draft| rename(draft, "Sub")),
        variant("SUB", |draft| rename(draft, "SUB")),
        variant("uid", |draft| rename(draft, "uid")),
        variant("user_id", |draft| rename(draft, "user_id")),
        variant("preferred_username", |draft| rename(draft, "preferred_username")),
    ],
};

fn rename(draft: &mut Draft<'_>, name: &str) -> bool {
    draft.remove("sub") && draft.set(name, draft.subject())
}
