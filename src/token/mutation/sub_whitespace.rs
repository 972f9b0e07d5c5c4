//! White space around or inside the subject.

use super::{Draft, MALFORMED, MutationKind, Variant, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-whitespace",
    about: "White space (space, tab, CR, LF, no-break space, zero-width space) before, after or \
            inside the subject.",
    source: "RFC 7519 §7.3: claims are compared code point by code point, without trimming; \
             RFC 8725 §3.8: the subject must be validated",
    expectation: MALFORMED,
    variants: &VARIANTS,
};

const VARIANTS: [Variant; 18] = [
    variant("leading-space", |draft| leading(draft, ' ')),
    variant("trailing-space", |draft| trailing(draft, ' ')),
    variant("inner-space", |draft| inner(draft, ' ')),
    variant("leading-tab", |draft| leading(draft, '\t')),
    variant("trailing-tab", |draft| trailing(draft, '\t')),
    variant("inner-tab", |draft| inner(draft, '\t')),
    variant("leading-cr", |draft| leading(draft, '\r')),
    variant("trailing-cr", |draft| trailing(draft, '\r')),
    variant("inner-cr", |draft| inner(draft, '\r')),
    variant("leading-lf", |draft| leading(draft, '\n')),
    variant("trailing-lf", |draft| trailing(draft, '\n')),
    variant("inner-lf", |draft| inner(draft, '\n')),
    variant("leading-nbsp", |draft| leading(draft, '\u{a0}')),
    variant("trailing-nbsp", |draft| trailing(draft, '\u{a0}')),
    variant("inner-nbsp", |draft| inner(draft, '\u{a0}')),
    variant("leading-zero-width", |draft| leading(draft, '\u{200b}')),
    variant("trailing-zero-width", |draft| trailing(draft, '\u{200b}')),
    variant("inner-zero-width", |draft| inner(draft, '\u{200b}')),
];

fn leading(draft: &mut Draft<'_>, space: char) -> bool {
    draft.respell(|subject| format!("{space}{subject}"))
}

fn trailing(draft: &mut Draft<'_>, space: char) -> bool {
    draft.respell(|subject| format!("{subject}{space}"))
}

fn inner(draft: &mut Draft<'_>, space: char) -> bool {
    draft.respell(|subject| {
        let (head, tail) = super::draft::halves(subject);
        format!("{head}{space}{tail}")
    })
}
