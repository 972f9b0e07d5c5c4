//! Passport with passport-jwt, and the NestJS guard over it.

use super::rule::{FAILED, REJECT_OR_OUTAGE, Rule, on, read};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "passport",
    about: "passport-jwt, run live, and the NestJS guard, read in the source: one 401 for \
            everything, and the common done(null, false) makes an outage the same 401.",
    wants_challenge: false,
    read: |seen| read(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "Express: deleted, inactive, bad token or store down",
            401,
            &[],
            "Unauthorized",
            Reading::ambiguous(Class::TokenInvalid, REJECT_OR_OUTAGE),
        ),
        example(
            "NestJS: the same",
            401,
            &[],
            r#"{"message":"Unauthorized","statusCode":401}"#,
            Reading::ambiguous(Class::TokenInvalid, REJECT_OR_OUTAGE),
        ),
        example("store down, passed on by done(err)", 500, &[], "Internal Server Error", FAILED),
    ],
};

const RULES: &[Rule] =
    &[on(401).may_be(Class::TokenInvalid, REJECT_OR_OUTAGE), on(500).reads(FAILED)];
