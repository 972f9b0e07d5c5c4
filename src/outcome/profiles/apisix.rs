//! Apache APISIX, plugin `jwt-auth`.

use super::rule::{Rule, on, read};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "apisix",
    about: "APISIX plugin jwt-auth, read in the source of 2026-08. Consumers are in \
            memory, so an outage of etcd is not seen.",
    wants_challenge: true,
    read: |seen| read(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "consumer deleted",
            401,
            &[("WWW-Authenticate", "Bearer realm=\"jwt\"")],
            r#"{"message":"Invalid user key in JWT token"}"#,
            Reading::certain(Class::UserNotFound),
        ),
        example(
            "bad signature or expired",
            401,
            &[("WWW-Authenticate", "Bearer realm=\"jwt\"")],
            r#"{"message":"failed to verify jwt"}"#,
            Reading::ambiguous(Class::TokenInvalid, &[Class::TokenExpired, Class::ClaimMismatch]),
        ),
        example(
            "no token",
            401,
            &[("WWW-Authenticate", "Bearer realm=\"jwt\"")],
            r#"{"message":"Missing JWT token in request"}"#,
            Reading::certain(Class::TokenInvalid),
        ),
        example(
            "no key claim",
            401,
            &[("WWW-Authenticate", "Bearer realm=\"jwt\"")],
            r#"{"message":"missing user key in JWT token"}"#,
            Reading::certain(Class::TokenInvalid),
        ),
    ],
};

const RULES: &[Rule] = &[
    on(401).body("Invalid user key in JWT token").is(Class::UserNotFound),
    on(401)
        .body("failed to verify jwt")
        .may_be(Class::TokenInvalid, &[Class::TokenExpired, Class::ClaimMismatch]),
    on(401).is(Class::TokenInvalid),
];
