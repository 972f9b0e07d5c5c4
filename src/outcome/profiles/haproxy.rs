//! HAProxy with `jwt_verify` and a lookup of its own.

use super::rule::{ANY_BAD_TOKEN, FAILED, Rule, on, read_passed_on};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "haproxy",
    about: "HAProxy, run live in one configuration: 401 for bad tokens, 403 for users who \
            are not in the map or in Redis, 503 when Redis is down. Yours may spell it \
            otherwise.",
    wants_challenge: false,
    read: |seen| read_passed_on(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "user deleted",
            403,
            &[],
            "<html><body><h1>403 Forbidden</h1></body></html>",
            Reading::ambiguous(
                Class::UserNotFound,
                &[Class::UserDisabled, Class::ClaimMismatch, Class::Forbidden],
            ),
        ),
        example(
            "bad token",
            401,
            &[],
            "<html><body><h1>401 Unauthorized</h1></body></html>",
            Reading::ambiguous(Class::TokenInvalid, ANY_BAD_TOKEN),
        ),
        example(
            "store down, or no server",
            503,
            &[],
            "<html><body><h1>503 Service Unavailable</h1></body></html>",
            FAILED,
        ),
    ],
};

const RULES: &[Rule] = &[
    on(401).may_be(Class::TokenInvalid, ANY_BAD_TOKEN),
    on(403).may_be(
        Class::UserNotFound,
        &[Class::UserDisabled, Class::ClaimMismatch, Class::Forbidden],
    ),
    on(503).reads(FAILED),
];
