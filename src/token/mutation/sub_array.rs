//! A list in place of the subject's string.

use serde_json::json;

use super::{BAD_CLAIM, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-array",
    about: "sub as a list: of the subject alone, of the subject and another, or empty.",
    source: "RFC 7519 §4.1.2: the value of sub is one StringOrURI; unlike aud (§4.1.3) it may not \
             be a list",
    expectation: BAD_CLAIM,
    variants: &[
        variant("one", |draft| draft.set("sub", json!([draft.subject()]))),
        variant("two", |draft| draft.set("sub", json!([draft.subject(), "somebody-else"]))),
        variant("empty", |draft| draft.set("sub", json!([]))),
    ],
};
