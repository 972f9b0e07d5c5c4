//! Keycloak: the userinfo and introspection endpoints.
//!
//! Deleting a user deletes its sessions, and the session is looked up first: so a deleted user
//! mostly reads as a session that is gone.

use super::rule::{ANY_REJECT, FAILED, Rule, between, on, read};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "keycloak",
    about: "Keycloak userinfo, old endpoint and newer session codes read in the source; \
            introspection, 500 and caches from memory of the documentation.",
    wants_challenge: false,
    read: |seen| read(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "user deleted",
            400,
            &[],
            r#"{"error":"invalid_request","error_description":"User not found"}"#,
            Reading::certain(Class::UserNotFound),
        ),
        example(
            "user deleted together with the session",
            401,
            &[],
            r#"{"error":"invalid_token","error_description":"User session not found or doesn't have client attached on it"}"#,
            Reading::ambiguous(Class::TokenRevoked, &[Class::UserNotFound]),
        ),
        example(
            "user disabled, newer",
            401,
            &[],
            r#"{"error":"invalid_token","error_description":"user_disabled"}"#,
            Reading::certain(Class::UserDisabled),
        ),
        example(
            "bad signature",
            401,
            &[],
            r#"{"error":"invalid_token","error_description":"Token invalid: Invalid token signature"}"#,
            Reading::ambiguous(Class::TokenInvalid, &[Class::TokenExpired, Class::ClaimMismatch]),
        ),
        example(
            "introspection of whatever is wrong",
            200,
            &[],
            r#"{"active":false}"#,
            Reading::ambiguous(Class::TokenInvalid, ANY_REJECT),
        ),
        example(
            "no token",
            400,
            &[],
            r#"{"error":"invalid_request","error_description":"Token not provided"}"#,
            Reading::certain(Class::TokenInvalid),
        ),
        example("database down", 500, &[], r#"{"error":"unknown_error"}"#, FAILED),
    ],
};

const RULES: &[Rule] = &[
    on(200).body("\"active\":false").may_be(Class::TokenInvalid, ANY_REJECT),
    between(400, 401)
        .body("user_session_not_found")
        .may_be(Class::TokenRevoked, &[Class::UserNotFound]),
    between(400, 401)
        .body("User session not found")
        .may_be(Class::TokenRevoked, &[Class::UserNotFound]),
    between(400, 401).body("user_not_found").is(Class::UserNotFound),
    between(400, 401).body("User not found").is(Class::UserNotFound),
    between(400, 401).body("user_disabled").is(Class::UserDisabled),
    between(400, 401).body("User disabled").is(Class::UserDisabled),
    between(400, 401).body("session_expired").may_be(Class::TokenExpired, &[Class::TokenRevoked]),
    between(400, 401)
        .body("Token invalid")
        .may_be(Class::TokenInvalid, &[Class::TokenExpired, Class::ClaimMismatch]),
    on(400).is(Class::TokenInvalid),
    on(500).reads(FAILED),
];
