//! Spellings that Unicode normalisation or a lenient collation takes for the same.

use unicode_normalization::UnicodeNormalization;

use super::{MALFORMED, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-normalization",
    about: "The subject decomposed (NFD) or composed (NFC) where it has such letters; with \
            full-width forms, which NFKC maps back; with a combining accent, which lenient \
            collations ignore.",
    source: "RFC 7519 §7.3: no Unicode normalisation before claims are compared",
    expectation: MALFORMED,
    variants: &[
        variant("nfd", |draft| draft.respell(|subject| subject.nfd().collect())),
        variant("nfc", |draft| draft.respell(|subject| subject.nfc().collect())),
        variant("full-width", |draft| {
            draft.respell(|subject| subject.chars().map(full_width).collect())
        }),
        variant("combining-accent", |draft| draft.respell(accented)),
    ],
};

/// The form of an ASCII character in U+FF01 to U+FF5E.
fn full_width(c: char) -> char {
    match c {
        '!'..='~' => char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

/// An acute accent after the first letter, or at the end.
fn accented(subject: &str) -> String {
    let letter = subject.char_indices().find(|(_, c)| c.is_alphabetic());
    let at = letter.map_or(subject.len(), |(at, c)| at + c.len_utf8());
    let (head, tail) = subject.split_at(at);
    format!("{head}\u{301}{tail}")
}
