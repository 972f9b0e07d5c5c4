//! Symfony with LexikJWTAuthenticationBundle.

use super::rule::{FAILED, Rule, on, read};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "lexik-jwt",
    about: "Symfony Lexik JWT bundle, from an issue's log and from memory.",
    wants_challenge: false,
    read: |seen| read(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "user deleted",
            401,
            &[],
            r#"{"code":401,"message":"Unable to load an user with property \"username\" = \"u1\"."}"#,
            Reading::certain(Class::UserNotFound),
        ),
        example(
            "expired",
            401,
            &[],
            r#"{"code":401,"message":"Expired JWT Token"}"#,
            Reading::certain(Class::TokenExpired),
        ),
        example(
            "bad signature",
            401,
            &[],
            r#"{"code":401,"message":"Invalid JWT Token"}"#,
            Reading::ambiguous(Class::TokenInvalid, &[Class::ClaimMismatch]),
        ),
        example("store down", 500, &[], "", FAILED),
    ],
};

const RULES: &[Rule] = &[
    on(401).body("Unable to load an user").is(Class::UserNotFound),
    on(401).body("Expired JWT Token").is(Class::TokenExpired),
    on(401).body("Invalid JWT Token").may_be(Class::TokenInvalid, &[Class::ClaimMismatch]),
    on(401).body("JWT Token not found").is(Class::TokenInvalid),
    on(500).reads(FAILED),
];
