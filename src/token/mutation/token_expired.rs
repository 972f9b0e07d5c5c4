//! A token past its `exp`.

use super::{Draft, Expectation, MutationKind, variant};
use crate::outcome::{Class, ClassSet};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "token-expired",
    about: "A token that expired an hour ago, a year ago, or in 1970.",
    source: "RFC 7519 §4.1.4: on or after exp the token must not be accepted; leeway is no more \
             than a few minutes",
    expectation: Expectation::Reject(ClassSet::of(&[Class::TokenExpired])),
    variants: &[
        variant("an-hour-ago", |draft| expired(draft, 3_600)),
        variant("a-year-ago", |draft| expired(draft, 365 * 86_400)),
        variant("in-1970", |draft| expired(draft, u64::MAX)),
    ],
};

fn expired(draft: &mut Draft<'_>, ago: u64) -> bool {
    let exp = draft.issued().saturating_sub(ago);
    let issued = exp.saturating_sub(900);
    draft.set("iat", issued);
    draft.set("nbf", issued);
    draft.set("exp", exp)
}
