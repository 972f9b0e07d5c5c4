//! A UUID in another of its written forms.

use super::{MALFORMED, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-uuid-form",
    about: "A UUID subject without its dashes, in braces, or as urn:uuid:. Only for UUID subjects.",
    source: "RFC 7519 §7.3: claims are compared code point by code point; that RFC 9562 §4 has \
             several forms of one UUID is no reason to take them for one subject",
    expectation: MALFORMED,
    variants: &[
        variant("without-dashes", |draft| {
            is_uuid(draft.subject()) && draft.respell(|subject| subject.replace('-', ""))
        }),
        variant("braces", |draft| {
            is_uuid(draft.subject()) && draft.respell(|subject| format!("{{{subject}}}"))
        }),
        variant("urn", |draft| {
            is_uuid(draft.subject()) && draft.respell(|subject| format!("urn:uuid:{subject}"))
        }),
    ],
};

fn is_uuid(subject: &str) -> bool {
    subject.len() == 36 && uuid::Uuid::try_parse(subject).is_ok()
}
