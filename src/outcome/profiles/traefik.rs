//! Traefik with ForwardAuth.

use super::rule::{ANY_REJECT, FAILED, Rule, on, read_passed_on};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "traefik",
    about: "Traefik ForwardAuth, run live and read: the auth service's answer passes as it \
            is; when the service is down the answer is an empty 500.",
    wants_challenge: false,
    read: |seen| read_passed_on(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "the auth service names the reason",
            401,
            &[],
            r#"{"code":"user_not_found"}"#,
            Reading::certain(Class::UserNotFound),
        ),
        example(
            "it does not",
            401,
            &[],
            "Unauthorized",
            Reading::ambiguous(Class::TokenInvalid, ANY_REJECT),
        ),
        example("the auth service is down", 500, &[], "", FAILED),
        example(
            "the auth service failed",
            500,
            &[],
            "oops",
            Reading::ambiguous(Class::GatewayError, &[Class::StoreUnavailable]),
        ),
    ],
};

const RULES: &[Rule] = &[on(500).empty().reads(FAILED)];
