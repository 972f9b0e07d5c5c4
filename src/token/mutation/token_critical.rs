//! A header extension that the gateway must understand and cannot.

use serde_json::json;

use super::{BAD_TOKEN, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "token-critical",
    about: "The header lists an unknown extension, or none, as critical.",
    source: "RFC 7515 §4.1.11: a token with a critical extension that is not understood must be \
             rejected, and the list must not be empty",
    expectation: BAD_TOKEN,
    variants: &[
        variant("unknown-extension", |draft| {
            draft.set_header("https://substorm.test/extension", true);
            draft.set_header("crit", json!(["https://substorm.test/extension"]))
        }),
        variant("empty-list", |draft| draft.set_header("crit", json!([]))),
    ],
};
