//! An email address in place of the id; for email subjects, another spelling of the address.

use super::{Draft, MALFORMED, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-email",
    about: "The user's email address where the id belongs; for email subjects the local part \
            alone, a plus tag, another case of the domain, or a dot after it.",
    source: "OpenID Connect Core 1.0 §5.7: only iss and sub identify a user, email must not; RFC \
             7519 §7.3: addresses that a mail system holds for one are different subjects",
    expectation: MALFORMED,
    variants: &[
        variant("address", |draft| {
            address(draft).is_none() && draft.respell(|id| format!("{id}@example.test"))
        }),
        variant("local-part", |draft| spell(draft, |local, _| local.to_owned())),
        variant("plus-tag", |draft| spell(draft, |local, domain| format!("{local}+tag@{domain}"))),
        variant("domain-case", |draft| {
            spell(draft, |local, domain| format!("{local}@{}", domain.to_uppercase()))
        }),
        variant("root-dot", |draft| spell(draft, |local, domain| format!("{local}@{domain}."))),
    ],
};

fn address<'a>(draft: &Draft<'a>) -> Option<(&'a str, &'a str)> {
    draft.subject().rsplit_once('@')
}

fn spell(draft: &mut Draft<'_>, spell: fn(&str, &str) -> String) -> bool {
    let parts = address(draft);
    parts.is_some_and(|(local, domain)| draft.respell(|_| spell(local, domain)))
}
