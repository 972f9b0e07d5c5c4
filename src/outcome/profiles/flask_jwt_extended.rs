//! Flask-JWT-Extended.

use super::rule::{FAILED, Rule, on, read};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "flask-jwt-extended",
    about: "flask-jwt-extended, read in the source. Most bad tokens are 422; an inactive \
            user is up to the application.",
    wants_challenge: false,
    read: |seen| read(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "user deleted",
            401,
            &[],
            r#"{"msg":"Error loading the user u1"}"#,
            Reading::certain(Class::UserNotFound),
        ),
        example(
            "expired",
            401,
            &[],
            r#"{"msg":"Token has expired"}"#,
            Reading::certain(Class::TokenExpired),
        ),
        example(
            "revoked",
            401,
            &[],
            r#"{"msg":"Token has been revoked"}"#,
            Reading::certain(Class::TokenRevoked),
        ),
        example(
            "bad signature, wrong audience",
            422,
            &[],
            r#"{"msg":"Signature verification failed"}"#,
            Reading::ambiguous(Class::TokenInvalid, &[Class::ClaimMismatch]),
        ),
        example(
            "no token",
            401,
            &[],
            r#"{"msg":"Missing Authorization Header"}"#,
            Reading::certain(Class::TokenInvalid),
        ),
        example("store down", 500, &[], r#"{"message":"Internal Server Error"}"#, FAILED),
    ],
};

const RULES: &[Rule] = &[
    on(401).body("Error loading the user").is(Class::UserNotFound),
    on(401).body("Token has expired").is(Class::TokenExpired),
    on(401).body("Token has been revoked").is(Class::TokenRevoked),
    on(401).is(Class::TokenInvalid),
    on(422).may_be(Class::TokenInvalid, &[Class::ClaimMismatch]),
    on(500).reads(FAILED),
];
