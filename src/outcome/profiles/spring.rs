//! Spring Security as an OAuth 2.0 resource server.

use super::rule::{ANY_BAD_TOKEN, Rule, on, read};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "spring",
    about: "Spring Security: the filter read in the source, the rest from issues. Alone it \
            looks no user up; a converter that does may answer 401 or, uncaught, 500.",
    wants_challenge: true,
    read: |seen| read(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "UsernameNotFoundException, DisabledException or no token",
            401,
            &[("WWW-Authenticate", "Bearer")],
            "",
            Reading::ambiguous(Class::UserNotFound, &[Class::UserDisabled, Class::TokenInvalid]),
        ),
        example(
            "expired",
            401,
            &[(
                "WWW-Authenticate",
                "Bearer error=\"invalid_token\", error_description=\"Jwt expired at 2026-11-23T20:00:00Z\"",
            )],
            "",
            Reading::certain(Class::TokenExpired),
        ),
        example(
            "wrong issuer or audience",
            401,
            &[(
                "WWW-Authenticate",
                "Bearer error=\"invalid_token\", error_description=\"The aud claim is not valid\"",
            )],
            "",
            Reading::certain(Class::ClaimMismatch),
        ),
        example(
            "bad signature",
            401,
            &[(
                "WWW-Authenticate",
                "Bearer error=\"invalid_token\", error_description=\"Signed JWT rejected: Invalid signature\"",
            )],
            "",
            Reading::ambiguous(Class::TokenInvalid, ANY_BAD_TOKEN),
        ),
        example(
            "scope missing",
            403,
            &[("WWW-Authenticate", "Bearer error=\"insufficient_scope\"")],
            "",
            Reading::certain(Class::Forbidden),
        ),
        example(
            "store down, or an uncaught user lookup",
            500,
            &[],
            r#"{"status":500,"error":"Internal Server Error"}"#,
            Reading::ambiguous(
                Class::GatewayError,
                &[Class::UserNotFound, Class::StoreUnavailable],
            ),
        ),
    ],
};

const RULES: &[Rule] = &[
    on(401).field("www-authenticate", "expired").is(Class::TokenExpired),
    on(401).field("www-authenticate", "claim is not valid").is(Class::ClaimMismatch),
    on(401).field("www-authenticate", "invalid_token").may_be(Class::TokenInvalid, ANY_BAD_TOKEN),
    on(401).may_be(Class::UserNotFound, &[Class::UserDisabled, Class::TokenInvalid]),
    on(403).is(Class::Forbidden),
    on(500).may_be(Class::GatewayError, &[Class::UserNotFound, Class::StoreUnavailable]),
];
