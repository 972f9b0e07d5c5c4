//! Hasura GraphQL Engine, JWT mode.

use super::rule::{FAILED, Rule, between, on, read};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "hasura",
    about: "Hasura in JWT mode: codes read in the source, HTTP 200 for errors documented. \
            It looks no user up. Errors of the GraphQL endpoint are 200, so a status alone \
            says nothing.",
    wants_challenge: false,
    read: |seen| read(RULES, seen),
    examples: &[
        example(
            "let in",
            200,
            &[],
            r#"{"data":{"me":{"id":"u1"}}}"#,
            Reading::certain(Class::Accepted),
        ),
        example(
            "expired",
            200,
            &[],
            r#"{"errors":[{"extensions":{"path":"$","code":"invalid-jwt"},"message":"Could not verify JWT: JWTExpired"}]}"#,
            Reading::certain(Class::TokenExpired),
        ),
        example(
            "bad signature",
            200,
            &[],
            r#"{"errors":[{"extensions":{"path":"$","code":"invalid-jwt"},"message":"Could not verify JWT: JWSError JWSInvalidSignature"}]}"#,
            Reading::ambiguous(Class::TokenInvalid, &[Class::TokenExpired, Class::ClaimMismatch]),
        ),
        example(
            "claims wrong",
            200,
            &[],
            r#"{"errors":[{"extensions":{"path":"$","code":"jwt-invalid-claims"},"message":"claims key not found"}]}"#,
            Reading::certain(Class::ClaimMismatch),
        ),
        example(
            "another endpoint",
            400,
            &[],
            r#"{"path":"$","error":"Could not verify JWT","code":"invalid-jwt"}"#,
            Reading::ambiguous(Class::TokenInvalid, &[Class::TokenExpired, Class::ClaimMismatch]),
        ),
        example(
            "database down",
            200,
            &[],
            r#"{"errors":[{"extensions":{"path":"$","code":"unexpected"},"message":"connection error"}]}"#,
            FAILED,
        ),
    ],
};

const RULES: &[Rule] = &[
    between(200, 400).body("JWTExpired").is(Class::TokenExpired),
    between(200, 400).body("\"jwt-invalid-claims\"").is(Class::ClaimMismatch),
    between(200, 400)
        .body("\"invalid-jwt\"")
        .may_be(Class::TokenInvalid, &[Class::TokenExpired, Class::ClaimMismatch]),
    between(200, 400).body("\"invalid-headers\"").is(Class::TokenInvalid),
    between(200, 400).body("\"access-denied\"").is(Class::Forbidden),
    on(200).body("{\"errors\":[").reads(FAILED),
    on(500).reads(FAILED),
];
