//! FastAPI Users, JWT strategy.

use super::rule::{ANY_REJECT, FAILED, Rule, on, read};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "fastapi-users",
    about: "fastapi-users, run live: a deleted user, an inactive one and any bad token are \
            one answer, without a challenge.",
    wants_challenge: false,
    read: |seen| read(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "deleted, inactive or bad token",
            401,
            &[],
            r#"{"detail":"Unauthorized"}"#,
            Reading::ambiguous(Class::TokenInvalid, ANY_REJECT),
        ),
        example(
            "store down",
            500,
            &[("Content-Type", "text/plain; charset=utf-8")],
            "Internal Server Error",
            FAILED,
        ),
    ],
};

const RULES: &[Rule] = &[
    on(401).may_be(Class::TokenInvalid, ANY_REJECT),
    on(403).may_be(Class::Forbidden, &[Class::UserDisabled]),
    on(500).reads(FAILED),
];
