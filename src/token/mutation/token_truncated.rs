//! A token that lost its end.

use super::draft::Cut;
use super::{BAD_TOKEN, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "token-truncated",
    about: "The first half of the token, the token without its signature, its header alone, or \
            without its last four characters.",
    source: "RFC 7515 §5.2: a compact serialization has exactly three segments, and the signature \
             must verify",
    expectation: BAD_TOKEN,
    variants: &[
        variant("half", |draft| draft.cut(Cut::Half)),
        variant("without-signature", |draft| draft.cut(Cut::Segments(2))),
        variant("header-alone", |draft| draft.cut(Cut::Segments(1))),
        variant("four-characters", |draft| draft.cut(Cut::AllBut(4))),
    ],
};
