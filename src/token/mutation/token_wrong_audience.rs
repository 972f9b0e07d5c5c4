//! A token for somebody else.

use serde_json::json;

use super::{Draft, MutationKind, WRONG_CLAIM, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "token-wrong-audience",
    about: "aud is another service, the right one with a character more or in another case, a \
            list without the right one, or an empty list.",
    source: "RFC 7519 §4.1.3: a service that is not named in aud must reject the token; RFC 8725 \
             §3.9",
    expectation: WRONG_CLAIM,
    variants: &[
        variant("other", |draft| draft.set("aud", "another-service")),
        variant("longer", |draft| spell(draft, |aud| format!("{aud}x"))),
        variant("case", |draft| spell(draft, other_case)),
        variant("list-without", |draft| draft.set("aud", json!(["another-service", "a-third"]))),
        variant("empty-list", |draft| draft.set("aud", json!([]))),
    ],
};

fn spell(draft: &mut Draft<'_>, spell: fn(&str) -> String) -> bool {
    let audience = draft.text("aud");
    draft.set("aud", spell(&audience))
}

/// In upper case, or in lower case if it is in upper case already.
pub(super) fn other_case(text: &str) -> String {
    let upper = text.to_uppercase();
    if upper == text { text.to_lowercase() } else { upper }
}
