//! Laravel with tymon/jwt-auth.

use super::rule::{ANY_BAD_TOKEN, ANY_REJECT, FAILED, Rule, between, on, read};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "laravel-jwt",
    about: "tymon/jwt-auth 0.5 to 2.x, read in the source; the guard's body from memory. \
            The guard auth:api says nothing but \"Unauthenticated.\"",
    wants_challenge: false,
    read: |seen| read(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "user deleted, 0.5",
            404,
            &[],
            r#"{"error":"user_not_found"}"#,
            Reading::certain(Class::UserNotFound),
        ),
        example(
            "user deleted, 1.x and 2.x middleware",
            401,
            &[("WWW-Authenticate", "jwt-auth")],
            r#"{"message":"User not found"}"#,
            Reading::certain(Class::UserNotFound),
        ),
        example(
            "guard auth:api, whatever is wrong",
            401,
            &[],
            r#"{"message":"Unauthenticated."}"#,
            Reading::ambiguous(Class::TokenInvalid, ANY_REJECT),
        ),
        example(
            "no token, 0.5",
            400,
            &[],
            r#"{"error":"token_not_provided"}"#,
            Reading::certain(Class::TokenInvalid),
        ),
        example(
            "expired",
            401,
            &[("WWW-Authenticate", "jwt-auth")],
            r#"{"message":"Token has expired"}"#,
            Reading::certain(Class::TokenExpired),
        ),
        example("store down", 500, &[], r#"{"message":"Server Error"}"#, FAILED),
    ],
};

const RULES: &[Rule] = &[
    on(404).body("user_not_found").is(Class::UserNotFound),
    on(401).body("User not found").is(Class::UserNotFound),
    between(400, 401).body("token_expired").is(Class::TokenExpired),
    between(400, 401).body("Token has expired").is(Class::TokenExpired),
    on(401).body("blacklisted").is(Class::TokenRevoked),
    on(400).is(Class::TokenInvalid),
    on(401).body("token_invalid").is(Class::TokenInvalid),
    on(401).body("Unauthenticated").may_be(Class::TokenInvalid, ANY_REJECT),
    on(401).may_be(Class::TokenInvalid, ANY_BAD_TOKEN),
    on(500).reads(FAILED),
];
