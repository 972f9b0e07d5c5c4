//! A fraction in place of the subject's string.

use super::sub_number::leading_digits;
use super::{BAD_CLAIM, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-float",
    about: "sub as a number with a fraction or an exponent, made of the digits that the subject \
            starts with.",
    source: "RFC 7519 §4.1.2: the value of sub is a StringOrURI; RFC 8259 §6 on numbers that \
             parsers round, so that neighbours become one user",
    expectation: BAD_CLAIM,
    variants: &[
        variant("zero-fraction", |draft| {
            let json = format!("{}.0", leading_digits(draft));
            draft.set_json("sub", &json)
        }),
        variant("half", |draft| {
            let json = format!("{}.5", leading_digits(draft));
            draft.set_json("sub", &json)
        }),
        variant("exponent", |draft| {
            let json = format!("{}e0", leading_digits(draft));
            draft.set_json("sub", &json)
        }),
    ],
};
