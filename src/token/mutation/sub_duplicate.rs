//! Two subjects in one token.

use serde_json::json;

use super::{MALFORMED, MutationKind, variant};

/// See the module.
///
/// The stranger comes last. So both behaviours that the standard allows, refusing the token and
/// taking the last value, turn the request away; whoever takes the first lets the user in.
pub static KIND: MutationKind = MutationKind {
    name: "sub-duplicate",
    about: "Two members named sub: first the user's, then one that is nobody's.",
    source: "RFC 7519 §4: tokens with duplicate claim names are refused, or the last one counts; a \
             gateway and an upstream that differ in this see two users",
    expectation: MALFORMED,
    variants: &[
        variant("string-last", |draft| {
            let stranger = json!(format!("{}-stranger", draft.subject()));
            draft.add("sub", &stranger.to_string());
            true
        }),
        variant("null-last", |draft| {
            draft.add("sub", "null");
            true
        }),
    ],
};
