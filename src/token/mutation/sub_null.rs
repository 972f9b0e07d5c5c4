//! `null` in place of the subject.

use serde_json::Value;

use super::{BAD_CLAIM, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-null",
    about: "sub is null, or the word \"null\".",
    source: "RFC 7519 §4.1.2: the value of sub is a StringOrURI; null names nobody, and no user \
             may be found by the word",
    expectation: BAD_CLAIM,
    variants: &[
        variant("null", |draft| draft.set("sub", Value::Null)),
        variant("the-word", |draft| draft.respell(|_| "null".to_owned())),
    ],
};
