//! An object in place of the subject's string.

use serde_json::json;

use super::{BAD_CLAIM, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-object",
    about: "sub as an object: around the subject, empty, or one that a document store would take \
            for a query.",
    source: "RFC 7519 §4.1.2: the value of sub is a StringOrURI; an object must not reach a query",
    expectation: BAD_CLAIM,
    variants: &[
        variant("around", |draft| draft.set("sub", json!({"id": draft.subject()}))),
        variant("empty", |draft| draft.set("sub", json!({}))),
        variant("operator", |draft| draft.set("sub", json!({"$ne": ""}))),
    ],
};
