//! A subject that is longer than the user's.

use super::{MALFORMED, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-extended",
    about: "The subject with a character more at its end, twice in a row, or padded to one more \
            than the 255 characters that OpenID Connect allows.",
    source: "RFC 7519 §4.1.2: a longer string is another subject; OpenID Connect Core 1.0 §2: at \
             most 255 characters",
    expectation: MALFORMED,
    variants: &[
        variant("one-character", |draft| draft.respell(|subject| format!("{subject}0"))),
        variant("twice", |draft| draft.respell(|subject| subject.repeat(2))),
        variant("256-characters", |draft| draft.respell(|subject| format!("{subject:0<256}"))),
    ],
};
