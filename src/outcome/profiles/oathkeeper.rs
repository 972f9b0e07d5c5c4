//! Ory Oathkeeper with OAuth 2.0 introspection.

use super::rule::{ANY_REJECT, FAILED, REJECT_OR_OUTAGE, Rule, on, read};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "oathkeeper",
    about: "Ory Oathkeeper, read in the source of 2026-07. Introspection says only that a \
            token is not active; session-check authenticators answer 403 or 401 when the \
            session service is down.",
    wants_challenge: false,
    read: |seen| read(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "deleted, disabled, revoked or expired",
            401,
            &[],
            r#"{"error":{"code":401,"status":"Unauthorized","reason":"Access token is not active","message":"Access credentials are invalid"}}"#,
            Reading::ambiguous(Class::TokenInvalid, ANY_REJECT),
        ),
        example(
            "bad token, or the session service answers an error",
            401,
            &[],
            r#"{"error":{"code":401,"status":"Unauthorized","message":"Access credentials are invalid"}}"#,
            Reading::ambiguous(Class::TokenInvalid, REJECT_OR_OUTAGE),
        ),
        example(
            "wrong audience, or the session service is unreachable",
            403,
            &[],
            r#"{"error":{"code":403,"status":"Forbidden","message":"Access credentials are not sufficient to access this resource"}}"#,
            Reading::ambiguous(Class::Forbidden, &[Class::ClaimMismatch, Class::StoreUnavailable]),
        ),
        example(
            "introspection unreachable",
            500,
            &[],
            r#"{"error":{"code":500,"status":"Internal Server Error"}}"#,
            FAILED,
        ),
    ],
};

const RULES: &[Rule] = &[
    on(401).body("Access token is not active").may_be(Class::TokenInvalid, ANY_REJECT),
    on(401).may_be(Class::TokenInvalid, REJECT_OR_OUTAGE),
    on(403).may_be(Class::Forbidden, &[Class::ClaimMismatch, Class::StoreUnavailable]),
    on(500).reads(FAILED),
];
