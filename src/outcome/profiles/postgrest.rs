//! PostgREST.

use super::rule::{Rule, on, read_passed_on};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "postgrest",
    about: "PostgREST, read in the source of 2026-08. It looks no user up: a deleted user \
            is known by its database role, or by a check of one's own in db-pre-request, \
            whose codes are read if they are common ones.",
    wants_challenge: true,
    read: |seen| read_passed_on(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "role does not exist",
            401,
            &[("WWW-Authenticate", "Bearer")],
            r#"{"code":"22023","message":"role \"u1\" does not exist"}"#,
            Reading::ambiguous(Class::UserNotFound, &[Class::ClaimMismatch]),
        ),
        example(
            "expired",
            401,
            &[
                ("Proxy-Status", "PostgREST; error=PGRST303"),
                (
                    "WWW-Authenticate",
                    "Bearer error=\"invalid_token\", error_description=\"JWT expired\"",
                ),
            ],
            r#"{"code":"PGRST303","message":"JWT expired"}"#,
            Reading::certain(Class::TokenExpired),
        ),
        example(
            "wrong audience",
            401,
            &[("Proxy-Status", "PostgREST; error=PGRST303")],
            r#"{"code":"PGRST303","message":"JWT not in audience"}"#,
            Reading::certain(Class::ClaimMismatch),
        ),
        example(
            "bad signature",
            401,
            &[("Proxy-Status", "PostgREST; error=PGRST301")],
            r#"{"code":"PGRST301","message":"No suitable key or wrong key type"}"#,
            Reading::certain(Class::TokenInvalid),
        ),
        example(
            "no token",
            401,
            &[("Proxy-Status", "PostgREST; error=PGRST302")],
            r#"{"code":"PGRST302","message":"Anonymous access is disabled"}"#,
            Reading::certain(Class::TokenInvalid),
        ),
        example(
            "own check",
            403,
            &[],
            r#"{"code":"PT403","message":"user_disabled"}"#,
            Reading::certain(Class::UserDisabled),
        ),
        example(
            "database down",
            503,
            &[("Proxy-Status", "PostgREST; error=PGRST001")],
            r#"{"code":"PGRST001","message":"Database client error. Retrying the connection."}"#,
            Reading::certain(Class::StoreUnavailable),
        ),
        example(
            "no connection free",
            504,
            &[("Proxy-Status", "PostgREST; error=PGRST003")],
            r#"{"code":"PGRST003","message":"Timed out acquiring connection from connection pool."}"#,
            Reading::certain(Class::StoreUnavailable),
        ),
    ],
};

const RULES: &[Rule] = &[
    on(401).body("JWT expired").is(Class::TokenExpired),
    on(401).body("JWT not in audience").is(Class::ClaimMismatch),
    on(401).field("proxy-status", "PGRST301").is(Class::TokenInvalid),
    on(401).field("proxy-status", "PGRST302").is(Class::TokenInvalid),
    on(401)
        .field("proxy-status", "PGRST303")
        .may_be(Class::ClaimMismatch, &[Class::TokenInvalid, Class::TokenExpired]),
    on(401)
        .body("PGRST303")
        .may_be(Class::ClaimMismatch, &[Class::TokenInvalid, Class::TokenExpired]),
    on(401).body("PGRST30").is(Class::TokenInvalid),
    on(401).body("22023").may_be(Class::UserNotFound, &[Class::ClaimMismatch]),
    on(503).body("PGRST00").is(Class::StoreUnavailable),
    on(504).body("PGRST003").is(Class::StoreUnavailable),
];
