//! A subject that lost its end.

use super::{MALFORMED, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-truncated",
    about: "The subject without its last character, cut in half, or only its first character.",
    source: "RFC 7519 §4.1.2: a prefix of a subject is another subject; stores that cut values to \
             a column's width, or search by prefix, must not find the user",
    expectation: MALFORMED,
    variants: &[
        variant("last-character", |draft| draft.respell(|subject| kept(subject, usize::MAX))),
        variant("half", |draft| {
            draft.respell(|subject| super::draft::halves(subject).0.to_owned())
        }),
        variant("first-character-only", |draft| draft.respell(|subject| kept(subject, 1))),
    ],
};

/// The first `most` characters, but never all.
fn kept(subject: &str, most: usize) -> String {
    let all = subject.chars().count();
    subject.chars().take(most.min(all.saturating_sub(1))).collect()
}
