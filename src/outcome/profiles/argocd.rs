//! Argo CD.

use super::rule::{ANY_BAD_TOKEN, Rule, on, read};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "argocd",
    about: "Argo CD, accounts read in the source, the envelope from issues. Accounts come \
            from a watch, so an outage is not seen.",
    wants_challenge: false,
    read: |seen| read(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "account deleted",
            401,
            &[],
            r#"{"error":"invalid session: account 'x' does not exist","code":16,"message":"invalid session: account 'x' does not exist"}"#,
            Reading::certain(Class::UserNotFound),
        ),
        example(
            "account disabled",
            401,
            &[],
            r#"{"error":"invalid session: account x is disabled","code":16}"#,
            Reading::certain(Class::UserDisabled),
        ),
        example(
            "expired",
            401,
            &[],
            r#"{"error":"invalid session: token has invalid claims: token is expired","code":16}"#,
            Reading::certain(Class::TokenExpired),
        ),
        example(
            "bad signature",
            401,
            &[],
            r#"{"error":"invalid session: signature is invalid","code":16}"#,
            Reading::ambiguous(Class::TokenInvalid, ANY_BAD_TOKEN),
        ),
        example(
            "no token",
            401,
            &[],
            r#"{"error":"no session information","code":16}"#,
            Reading::certain(Class::TokenInvalid),
        ),
    ],
};

const RULES: &[Rule] = &[
    on(401).body("does not exist").is(Class::UserNotFound),
    on(401).body("is disabled").is(Class::UserDisabled),
    on(401).body("expired").is(Class::TokenExpired),
    on(401).body("invalid session").may_be(Class::TokenInvalid, ANY_BAD_TOKEN),
    on(401).is(Class::TokenInvalid),
];
