//! PocketBase.

use super::rule::{ANY_REJECT, Rule, on, read};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "pocketbase",
    about: "PocketBase, run live: a bad token is taken as none, so a list is 200 and \
            empty, one record is 404, and only auth-refresh says 401.",
    wants_challenge: false,
    read: |seen| read(RULES, seen),
    examples: &[
        example(
            "let in",
            200,
            &[],
            r#"{"page":1,"perPage":30,"totalItems":1,"items":[{"id":"u1"}]}"#,
            Reading::certain(Class::Accepted),
        ),
        example(
            "a list for a deleted user or with a bad token",
            200,
            &[],
            r#"{"page":1,"perPage":30,"totalItems":0,"totalPages":0,"items":[]}"#,
            Reading::ambiguous(Class::UserNotFound, ANY_REJECT),
        ),
        example(
            "one record for the same",
            404,
            &[],
            r#"{"status":404,"message":"The requested resource wasn't found.","data":{}}"#,
            Reading::ambiguous(Class::UserNotFound, ANY_REJECT),
        ),
        example(
            "auth-refresh",
            401,
            &[],
            r#"{"status":401,"message":"The request requires valid record authorization token.","data":{}}"#,
            Reading::ambiguous(Class::TokenInvalid, ANY_REJECT),
        ),
    ],
};

const RULES: &[Rule] = &[
    on(200).body("\"items\":[]").may_be(Class::UserNotFound, ANY_REJECT),
    on(404).may_be(Class::UserNotFound, ANY_REJECT),
    on(401).may_be(Class::TokenInvalid, ANY_REJECT),
];
