//! Apache with mod_auth_openidc and mod_authnz_ldap.

use super::rule::{Rule, on, read};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "apache-oidc",
    about: "Apache mod_auth_openidc and mod_authnz_ldap, run live: a user who is gone and \
            a directory that is down are the same 401, without a challenge.",
    wants_challenge: false,
    read: |seen| read(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "user deleted or disabled, or the directory is down",
            401,
            &[],
            "<html><head><title>401 Unauthorized</title></head></html>",
            Reading::ambiguous(
                Class::UserNotFound,
                &[Class::UserDisabled, Class::StoreUnavailable],
            ),
        ),
        example(
            "bad token",
            401,
            &[("WWW-Authenticate", "Bearer realm=\"x\", error=\"invalid_token\"")],
            "<html><head><title>401 Unauthorized</title></head></html>",
            Reading::ambiguous(Class::TokenInvalid, &[Class::TokenExpired, Class::ClaimMismatch]),
        ),
    ],
};

const RULES: &[Rule] = &[
    on(401)
        .field("www-authenticate", "invalid_token")
        .may_be(Class::TokenInvalid, &[Class::TokenExpired, Class::ClaimMismatch]),
    on(401)
        .without("www-authenticate")
        .may_be(Class::UserNotFound, &[Class::UserDisabled, Class::StoreUnavailable]),
];
