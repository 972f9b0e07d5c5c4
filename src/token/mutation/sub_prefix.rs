//! A wrong prefix before the id.

use super::{Draft, MALFORMED, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-prefix",
    about: "The subject with a provider's prefix that is not its own, or, where it has one, with \
            another, without it, or with it twice.",
    source: "RFC 7519 §4.1.2: the whole value is the subject; a prefix that one layer strips lets \
             users of two providers collide",
    expectation: MALFORMED,
    variants: &[
        variant("added", |draft| draft.respell(|subject| format!("google-oauth2|{subject}"))),
        variant("tenant", |draft| draft.respell(|subject| format!("tenant-b:{subject}"))),
        variant("other", |draft| with_prefix(draft, |_, id| format!("grp_{id}"))),
        variant("stripped", |draft| with_prefix(draft, |_, id| id.to_owned())),
        variant("doubled", |draft| {
            with_prefix(draft, |prefix, id| format!("{prefix}{prefix}{id}"))
        }),
    ],
};

fn with_prefix(draft: &mut Draft<'_>, spell: fn(&str, &str) -> String) -> bool {
    let subject = draft.subject();
    // A separator somewhere in an opaque id is no prefix's end.
    let Some(end) = subject.find(['|', ':', '_']).filter(|end| (1..=16).contains(end)) else {
        return false;
    };
    let (prefix, id) = subject.split_at(end + 1);
    let is_word = prefix[..end].chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    is_word && !id.is_empty() && draft.respell(|_| spell(prefix, id))
}
