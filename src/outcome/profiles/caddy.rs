//! Caddy with `forward_auth`.

use super::rule::{ANY_REJECT, FAILED, Rule, on, read_passed_on};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "caddy",
    about: "Caddy forward_auth, run live: the auth service's answer passes as it is; when \
            the service is down the answer is an empty 502.",
    wants_challenge: false,
    read: |seen| read_passed_on(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "the auth service names the reason",
            403,
            &[],
            r#"{"code":"user_disabled"}"#,
            Reading::certain(Class::UserDisabled),
        ),
        example("it does not", 403, &[], "", Reading::ambiguous(Class::Forbidden, ANY_REJECT)),
        example("the auth service is down", 502, &[], "", FAILED),
    ],
};

const RULES: &[Rule] = &[on(502).empty().reads(FAILED)];
