//! Kong Gateway, plugin `jwt`.
//!
//! The key claim is `iss` unless set otherwise, and is looked up among credentials; so a token of
//! an unknown issuer reads like one of a deleted user. Cached keys, misses too, go on for
//! `db_cache_ttl`, which is for ever by default.

use super::rule::{FAILED, Rule, on, read};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "kong",
    about: "Kong plugin jwt, read in the source of 2026-07. With the setting \"anonymous\" a \
            deleted user is 200 as somebody else: only the identity that the upstream saw \
            tells.",
    wants_challenge: false,
    read: |seen| read(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "consumer deleted",
            401,
            &[],
            r#"{"message":"No credentials found for given 'iss'"}"#,
            Reading::ambiguous(Class::UserNotFound, &[Class::ClaimMismatch]),
        ),
        example(
            "credential without its consumer",
            401,
            &[],
            r#"{"message":"Could not find consumer for 'iss=u1'"}"#,
            Reading::certain(Class::UserNotFound),
        ),
        example(
            "expired",
            401,
            &[],
            r#"{"exp":"token expired"}"#,
            Reading::certain(Class::TokenExpired),
        ),
        example(
            "bad signature",
            401,
            &[],
            r#"{"message":"Invalid signature"}"#,
            Reading::certain(Class::TokenInvalid),
        ),
        example(
            "no token",
            401,
            &[],
            r#"{"message":"Unauthorized"}"#,
            Reading::certain(Class::TokenInvalid),
        ),
        example(
            "database down, not cached",
            500,
            &[],
            r#"{"message":"An unexpected error occurred"}"#,
            FAILED,
        ),
    ],
};

const RULES: &[Rule] = &[
    on(401)
        .body("No credentials found for given")
        .may_be(Class::UserNotFound, &[Class::ClaimMismatch]),
    on(401).body("Could not find consumer for").is(Class::UserNotFound),
    on(401).body("token expired").is(Class::TokenExpired),
    on(401).is(Class::TokenInvalid),
    on(500).body("unexpected error").reads(FAILED),
];
