//! A NUL character in the subject.

use super::{MALFORMED, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-nul",
    about: "A NUL character before, inside or after the subject.",
    source: "RFC 8259 §7 allows \\u0000 in a string, so the token is well formed and the subject \
             unknown; stores that end strings at NUL must not find the user, nor fail (RFC 9110 \
             §15.6.1 is for faults of the server)",
    expectation: MALFORMED,
    variants: &[
        variant("leading", |draft| draft.respell(|subject| format!("\0{subject}"))),
        variant("inner", |draft| {
            draft.respell(|subject| {
                let (head, tail) = super::draft::halves(subject);
                format!("{head}\0{tail}")
            })
        }),
        variant("trailing", |draft| draft.respell(|subject| format!("{subject}\0"))),
    ],
};
