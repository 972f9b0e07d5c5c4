//! Characters that look the same.

use super::{MALFORMED, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-confusable",
    about: "Letters or digits of the subject replaced by others that look alike: Cyrillic for \
            Latin, O and l for 0 and 1, digits of another script.",
    source: "RFC 7519 §7.3: claims are compared code point by code point; Unicode TS #39 §4 on \
             confusables",
    expectation: MALFORMED,
    variants: &[
        variant("cyrillic", |draft| {
            draft.respell(|subject| subject.chars().map(cyrillic).collect())
        }),
        variant("letters-for-digits", |draft| {
            draft.respell(|subject| subject.replace('0', "O").replace('1', "l"))
        }),
        variant("arabic-digits", |draft| {
            draft.respell(|subject| subject.chars().map(arabic_digit).collect())
        }),
    ],
};

fn cyrillic(c: char) -> char {
    match c {
        'a' => 'а',
        'c' => 'с',
        'e' => 'е',
        'o' => 'о',
        'p' => 'р',
        'x' => 'х',
        'y' => 'у',
        'i' => 'і',
        's' => 'ѕ',
        'A' => 'А',
        'B' => 'В',
        'E' => 'Е',
        'H' => 'Н',
        'K' => 'К',
        'M' => 'М',
        'O' => 'О',
        'T' => 'Т',
        _ => c,
    }
}

/// The same digit in U+0660 to U+0669.
fn arabic_digit(c: char) -> char {
    c.to_digit(10).and_then(|digit| char::from_u32(0x660 + digit)).unwrap_or(c)
}
