//! Several audiences, the right one among them: no defect.

use serde_json::json;

use super::{Expectation, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "token-aud-list",
    about: "aud is a list with the right audience in it. It must be let in.",
    source: "RFC 7519 §4.1.3: in the general case aud is a list; one of its values is enough",
    expectation: Expectation::Accept,
    variants: &[
        variant("alone", |draft| draft.set("aud", json!([draft.text("aud")]))),
        variant("last", |draft| draft.set("aud", json!(["another-service", draft.text("aud")]))),
    ],
};
