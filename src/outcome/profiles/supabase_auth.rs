//! Supabase Auth (formerly GoTrue).
//!
//! The system behind the sentence "User from sub claim in JWT does not exist". Bad tokens are 403
//! since the error codes came; before that they were 401. Expiry and a bad signature share the
//! code `bad_jwt`; only the text tells them apart.

use super::rule::{FAILED, Rule, between, on, read};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "supabase-auth",
    about: "Supabase Auth: codes in x-sb-error-code and in both body shapes, and the \
            answers of before 2024-03 and 2022-11. Read in the source of 2026-08.",
    wants_challenge: false,
    read: |seen| read(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "user deleted",
            403,
            &[("x-sb-error-code", "user_not_found")],
            r#"{"code":403,"error_code":"user_not_found","msg":"User from sub claim in JWT does not exist"}"#,
            Reading::certain(Class::UserNotFound),
        ),
        example(
            "user deleted, body of API version 2024-01-01",
            403,
            &[("x-sb-error-code", "user_not_found")],
            r#"{"code":"user_not_found","message":"User from sub claim in JWT does not exist"}"#,
            Reading::certain(Class::UserNotFound),
        ),
        example(
            "user deleted, before 2024-03",
            404,
            &[],
            r#"{"code":404,"msg":"User not found"}"#,
            Reading::certain(Class::UserNotFound),
        ),
        example(
            "user deleted, before 2022-11",
            500,
            &[],
            r#"{"code":500,"msg":"Internal server error"}"#,
            Reading::ambiguous(
                Class::GatewayError,
                &[Class::UserNotFound, Class::StoreUnavailable],
            ),
        ),
        example(
            "user banned, since 2026-07",
            403,
            &[("x-sb-error-code", "user_banned")],
            r#"{"code":403,"error_code":"user_banned","msg":"User is banned"}"#,
            Reading::certain(Class::UserDisabled),
        ),
        example(
            "session gone",
            403,
            &[("x-sb-error-code", "session_not_found")],
            r#"{"code":403,"error_code":"session_not_found","msg":"Session from session_id claim in JWT does not exist"}"#,
            Reading::certain(Class::TokenRevoked),
        ),
        example(
            "bad signature",
            403,
            &[("x-sb-error-code", "bad_jwt")],
            r#"{"code":403,"error_code":"bad_jwt","msg":"invalid JWT: unable to parse or verify signature, signature is invalid"}"#,
            Reading::ambiguous(Class::TokenInvalid, &[Class::TokenExpired, Class::ClaimMismatch]),
        ),
        example(
            "sub is not a UUID",
            400,
            &[("x-sb-error-code", "bad_jwt")],
            r#"{"code":400,"error_code":"bad_jwt","msg":"invalid claim: sub claim must be a UUID"}"#,
            Reading::certain(Class::TokenInvalid),
        ),
        example(
            "no token",
            401,
            &[("x-sb-error-code", "no_authorization")],
            r#"{"code":401,"error_code":"no_authorization","msg":"This endpoint requires a valid Bearer token"}"#,
            Reading::certain(Class::TokenInvalid),
        ),
        example(
            "store down",
            500,
            &[("x-sb-error-code", "unexpected_failure")],
            r#"{"code":500,"error_code":"unexpected_failure","msg":"Unexpected failure, please check server logs for more information"}"#,
            FAILED,
        ),
        example(
            "store silent for ten seconds",
            504,
            &[("x-sb-error-code", "request_timeout")],
            r#"{"code":504,"error_code":"request_timeout","msg":"Processing this request timed out"}"#,
            FAILED,
        ),
    ],
};

const RULES: &[Rule] = &[
    on(403).field("x-sb-error-code", "user_not_found").is(Class::UserNotFound),
    on(403).body("user_not_found").is(Class::UserNotFound),
    on(403).body("User from sub claim in JWT does not exist").is(Class::UserNotFound),
    on(404).body("User not found").is(Class::UserNotFound),
    on(403).body("user_banned").is(Class::UserDisabled),
    on(403).body("session_not_found").is(Class::TokenRevoked),
    between(400, 403).body("token is expired").is(Class::TokenExpired),
    on(403)
        .body("bad_jwt")
        .may_be(Class::TokenInvalid, &[Class::TokenExpired, Class::ClaimMismatch]),
    on(400).body("bad_jwt").is(Class::TokenInvalid),
    on(401).body("no_authorization").is(Class::TokenInvalid),
    on(401).may_be(Class::TokenInvalid, &[Class::TokenExpired, Class::ClaimMismatch]),
    on(500).body("unexpected_failure").reads(FAILED),
    on(504).body("request_timeout").reads(FAILED),
    on(500)
        .body("Internal server error")
        .may_be(Class::GatewayError, &[Class::UserNotFound, Class::StoreUnavailable]),
];
