//! Grafana with `auth.jwt`.

use super::rule::{ANY_REJECT, FAILED, Rule, on, read};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "grafana",
    about: "Grafana auth.jwt, read in the source. With auto_sign_up = true a deleted user \
            is made again and let in.",
    wants_challenge: false,
    read: |seen| read(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "user deleted, auto_sign_up = false",
            401,
            &[],
            r#"{"message":"Sign up is disabled","messageId":"user.sync.signup-disabled","statusCode":401}"#,
            Reading::certain(Class::UserNotFound),
        ),
        example(
            "user deleted",
            401,
            &[],
            r#"{"message":"User not found","messageId":"user.sync.fetch-not-found","statusCode":401}"#,
            Reading::certain(Class::UserNotFound),
        ),
        example(
            "bad token",
            401,
            &[],
            r#"{"message":"Failed to verify JWT","messageId":"jwt.invalid","statusCode":401}"#,
            Reading::ambiguous(Class::TokenInvalid, &[Class::TokenExpired, Class::ClaimMismatch]),
        ),
        example(
            "another 401",
            401,
            &[],
            r#"{"message":"Unauthorized"}"#,
            Reading::ambiguous(Class::TokenInvalid, ANY_REJECT),
        ),
        example(
            "store down",
            500,
            &[],
            r#"{"message":"User sync failed","messageId":"user.sync.internal","statusCode":500}"#,
            FAILED,
        ),
    ],
};

const RULES: &[Rule] = &[
    on(401).body("user.sync.signup-disabled").is(Class::UserNotFound),
    on(401).body("user.sync.fetch-not-found").is(Class::UserNotFound),
    on(401)
        .body("jwt.invalid")
        .may_be(Class::TokenInvalid, &[Class::TokenExpired, Class::ClaimMismatch]),
    on(500).body("user.sync.internal").reads(FAILED),
];
