//! Envoy with `jwt_authn` and HTTP `ext_authz`.

use super::rule::{Rule, on, read_passed_on};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "envoy",
    about: "Envoy jwt_authn and ext_authz, run live. When the auth service is down the \
            answer is an empty 403, as an auth service's own may be; with \
            failure_mode_allow it is 200 for everyone.",
    wants_challenge: false,
    read: |seen| read_passed_on(RULES, seen),
    examples: &[
        example(
            "let in",
            200,
            &[("x-envoy-upstream-service-time", "3")],
            r#"{"user":"u1"}"#,
            Reading::certain(Class::Accepted),
        ),
        example(
            "the auth service's own 204, never forwarded",
            204,
            &[],
            "",
            Reading::certain(Class::Unclassified),
        ),
        example("no token", 401, &[], "Jwt is missing", Reading::certain(Class::TokenInvalid)),
        example("expired", 401, &[], "Jwt is expired", Reading::certain(Class::TokenExpired)),
        example(
            "bad signature",
            401,
            &[],
            "Jwt verification fails",
            Reading::certain(Class::TokenInvalid),
        ),
        example(
            "wrong issuer",
            401,
            &[],
            "Jwt issuer is not configured",
            Reading::certain(Class::ClaimMismatch),
        ),
        example(
            "wrong audience",
            403,
            &[],
            "Audiences in Jwt are not allowed",
            Reading::certain(Class::ClaimMismatch),
        ),
        example(
            "the auth service names the reason",
            403,
            &[],
            r#"{"code":"user_not_found"}"#,
            Reading::certain(Class::UserNotFound),
        ),
        example(
            "the auth service is down, or gives no reason",
            403,
            &[],
            "",
            Reading::ambiguous(
                Class::StoreUnavailable,
                &[Class::UserNotFound, Class::UserDisabled, Class::Forbidden],
            ),
        ),
    ],
};

const RULES: &[Rule] = &[
    on(204).without("x-envoy-upstream-service-time").is(Class::Unclassified),
    on(401).body("Jwt is expired").is(Class::TokenExpired),
    on(401).body("Jwt issuer is not configured").is(Class::ClaimMismatch),
    on(401).body("Jwt").is(Class::TokenInvalid),
    on(403).body("Audiences in Jwt are not allowed").is(Class::ClaimMismatch),
    on(403).body("RBAC: access denied").is(Class::Forbidden),
    on(403).empty().may_be(
        Class::StoreUnavailable,
        &[Class::UserNotFound, Class::UserDisabled, Class::Forbidden],
    ),
];
