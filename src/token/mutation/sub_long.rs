//! A subject of 64 KiB.

use super::{MALFORMED, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-long",
    about: "The subject padded to 64 KiB, which makes the header larger than most servers read.",
    source: "RFC 6585 §5: 431 for header fields that are too large; OpenID Connect Core 1.0 §2: a \
             subject has at most 255 characters",
    // Profiles read 400 and 431 as a bad token.
    expectation: MALFORMED,
    variants: &[variant("64-kib", |draft| {
        draft.respell(|subject| {
            let mut long = subject.to_owned();
            long.extend(std::iter::repeat_n('0', (64 << 10) - subject.len().min(64 << 10)));
            long
        })
    })],
};
