//! Rails with devise-jwt.

use super::rule::{ANY_BAD_TOKEN, FAILED, Rule, on, read};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "devise-jwt",
    about: "devise-jwt, read in the source; the envelope from memory.",
    wants_challenge: false,
    read: |seen| read(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "user deleted",
            401,
            &[],
            r#"{"error":"nil user"}"#,
            Reading::certain(Class::UserNotFound),
        ),
        example("revoked", 401, &[], "revoked token", Reading::certain(Class::TokenRevoked)),
        example(
            "expired",
            401,
            &[],
            "Signature has expired",
            Reading::certain(Class::TokenExpired),
        ),
        example("wrong audience", 401, &[], "wrong aud", Reading::certain(Class::ClaimMismatch)),
        example(
            "bad signature",
            401,
            &[],
            "Signature verification failed",
            Reading::ambiguous(Class::TokenInvalid, ANY_BAD_TOKEN),
        ),
        example("store down", 500, &[], "", FAILED),
    ],
};

const RULES: &[Rule] = &[
    on(401).body("nil user").is(Class::UserNotFound),
    on(401).body("revoked token").is(Class::TokenRevoked),
    on(401).body("wrong scope").is(Class::ClaimMismatch),
    on(401).body("wrong aud").is(Class::ClaimMismatch),
    on(401).body("Signature has expired").is(Class::TokenExpired),
    on(401).may_be(Class::TokenInvalid, ANY_BAD_TOKEN),
    on(500).reads(FAILED),
];
