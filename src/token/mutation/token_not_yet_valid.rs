//! A token before its `nbf`.

use super::{Draft, MutationKind, WRONG_CLAIM, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "token-not-yet-valid",
    about: "A token that becomes valid a day, or a year, after the start of the run.",
    source: "RFC 7519 §4.1.5: before nbf the token must not be accepted; leeway is no more than a \
             few minutes",
    expectation: WRONG_CLAIM,
    variants: &[
        variant("tomorrow", |draft| from(draft, 86_400)),
        variant("in-a-year", |draft| from(draft, 365 * 86_400)),
    ],
};

fn from(draft: &mut Draft<'_>, later: u64) -> bool {
    let nbf = draft.issued().saturating_add(later);
    draft.set("exp", nbf.saturating_add(900));
    draft.set("nbf", nbf)
}
