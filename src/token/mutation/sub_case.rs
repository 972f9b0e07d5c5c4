//! The subject's letters in another case.

use super::{MutationKind, UNKNOWN, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-case",
    about: "The subject's letters in upper case, in lower case, or one of them in the other case.",
    source: "RFC 7519 §4.1.2: sub is a case-sensitive string, so another case is another user",
    expectation: UNKNOWN,
    variants: &[
        variant("upper", |draft| draft.respell(str::to_uppercase)),
        variant("lower", |draft| draft.respell(str::to_lowercase)),
        variant("one-letter", |draft| draft.respell(swap_last_letter)),
    ],
};

fn swap_last_letter(subject: &str) -> String {
    let last = subject.rfind(|c: char| c.is_ascii_alphabetic());
    let swap = |(at, c): (usize, char)| {
        let swapped =
            if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        if Some(at) == last { swapped } else { c }
    };
    subject.char_indices().map(swap).collect()
}
