//! nginx with `auth_request`.

use super::rule::{ANY_REJECT, FAILED, Rule, on, read_passed_on};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "nginx-auth-request",
    about: "nginx auth_request, run live: of the auth service's answers only 401 and 403 \
            get through, its 502, 503 and 504 all become 500.",
    wants_challenge: false,
    read: |seen| read_passed_on(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "the auth service says 401",
            401,
            &[],
            "<html><head><title>401 Authorization Required</title></head></html>",
            Reading::ambiguous(Class::TokenInvalid, ANY_REJECT),
        ),
        example(
            "the auth service says 403",
            403,
            &[],
            "<html><head><title>403 Forbidden</title></head></html>",
            Reading::ambiguous(Class::Forbidden, ANY_REJECT),
        ),
        example(
            "the auth service failed or is down",
            500,
            &[],
            "<html><head><title>500 Internal Server Error</title></head></html>",
            FAILED,
        ),
    ],
};

const RULES: &[Rule] = &[
    on(401).may_be(Class::TokenInvalid, ANY_REJECT),
    on(403).may_be(Class::Forbidden, ANY_REJECT),
    on(500).reads(FAILED),
];
