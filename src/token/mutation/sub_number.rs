//! A number in place of the subject's string.

use super::{BAD_CLAIM, Draft, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-number",
    about: "sub as a whole number: the digits that the subject starts with (0 where it starts with \
            none), the same below zero, or a number beyond 64 bits.",
    source: "RFC 7519 §4.1.2: the value of sub is a StringOrURI; a number is malformed even if its \
             digits are a user's",
    expectation: BAD_CLAIM,
    variants: &[
        variant("integer", |draft| {
            let digits = leading_digits(draft);
            draft.set_json("sub", &digits)
        }),
        variant("negative", |draft| {
            let digits = leading_digits(draft);
            draft.set_json("sub", &format!("-{digits}"))
        }),
        variant("beyond-64-bits", |draft| draft.set_json("sub", "18446744073709551617")),
    ],
};

/// A JSON number may not start with 0 unless that is all of it (RFC 8259 §6).
pub(super) fn leading_digits(draft: &Draft<'_>) -> String {
    let digits: String = draft.subject().chars().take_while(char::is_ascii_digit).collect();
    let trimmed = digits.trim_start_matches('0');
    if trimmed.is_empty() { "0".to_owned() } else { trimmed.to_owned() }
}
