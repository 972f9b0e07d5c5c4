//! Django REST framework with djangorestframework-simplejwt.

use super::rule::{ANY_BAD_TOKEN, Rule, on, read};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "simplejwt",
    about: "djangorestframework-simplejwt, run live. A sub that is not of the key's type \
            is 500, as an outage is.",
    wants_challenge: true,
    read: |seen| read(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "user deleted",
            401,
            &[("WWW-Authenticate", "Bearer realm=\"api\"")],
            r#"{"detail":"User not found","code":"user_not_found"}"#,
            Reading::certain(Class::UserNotFound),
        ),
        example(
            "user inactive",
            401,
            &[("WWW-Authenticate", "Bearer realm=\"api\"")],
            r#"{"detail":"User is inactive","code":"user_inactive"}"#,
            Reading::certain(Class::UserDisabled),
        ),
        example(
            "bad token, older versions also expired",
            401,
            &[("WWW-Authenticate", "Bearer realm=\"api\"")],
            r#"{"detail":"Given token not valid for any token type","code":"token_not_valid","messages":[{"token_class":"AccessToken","token_type":"access","message":"Token is invalid or expired"}]}"#,
            Reading::ambiguous(Class::TokenInvalid, ANY_BAD_TOKEN),
        ),
        example(
            "no token",
            401,
            &[("WWW-Authenticate", "Bearer realm=\"api\"")],
            r#"{"detail":"Authentication credentials were not provided."}"#,
            Reading::certain(Class::TokenInvalid),
        ),
        example(
            "store down, or sub not of the key's type",
            500,
            &[("Content-Type", "text/html; charset=utf-8")],
            "<!doctype html><title>Server Error (500)</title>",
            Reading::ambiguous(
                Class::StoreUnavailable,
                &[Class::GatewayError, Class::TokenInvalid],
            ),
        ),
    ],
};

const RULES: &[Rule] = &[
    on(401).body("user_not_found").is(Class::UserNotFound),
    on(401).body("user_inactive").is(Class::UserDisabled),
    on(401).body("Token is expired").is(Class::TokenExpired),
    on(401).body("blacklisted").is(Class::TokenRevoked),
    on(401).body("token_not_valid").may_be(Class::TokenInvalid, ANY_BAD_TOKEN),
    on(401).is(Class::TokenInvalid),
    on(500).may_be(Class::StoreUnavailable, &[Class::GatewayError, Class::TokenInvalid]),
];
