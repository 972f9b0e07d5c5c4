//! The profile of a gateway that follows the standards, and the one to use for an unknown gateway.
//!
//! RFC 6750 §3.1 gives bad tokens and unknown users the same spelling, 401 `invalid_token`, so a
//! bare 401 may be either. Gateways that say more do so with a code in the body or in the
//! challenge; the words that are common among them are read.

use super::rule::common_code;
use super::{Class, Observation, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "rfc6750",
    about: "Bearer-token standards (RFC 6750, RFC 9110), with the usual error codes in the body \
            or the challenge. The default, and what the reference gateway speaks.",
    wants_challenge: true,
    read,
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "user deleted, with a code",
            401,
            &[("WWW-Authenticate", r#"Bearer realm="x", error="invalid_token""#)],
            r#"{"error":"invalid_token","code":"user_not_found"}"#,
            Reading::certain(Class::UserNotFound),
        ),
        example(
            "user deleted or bad token, without a code",
            401,
            &[("WWW-Authenticate", r#"Bearer realm="x", error="invalid_token""#)],
            "",
            Reading::ambiguous(Class::TokenInvalid, BARE_401),
        ),
        example(
            "user disabled",
            403,
            &[],
            r#"{"code":"user_disabled"}"#,
            Reading::certain(Class::UserDisabled),
        ),
        example(
            "scope missing",
            403,
            &[("WWW-Authenticate", r#"Bearer error="insufficient_scope""#)],
            "",
            Reading::certain(Class::Forbidden),
        ),
        example("malformed request", 400, &[], "", Reading::certain(Class::TokenInvalid)),
        example("no such page", 404, &[], "", Reading::certain(Class::Unclassified)),
        example("too many", 429, &[], "", Reading::certain(Class::RateLimited)),
        example(
            "could not find out",
            503,
            &[("Retry-After", "1")],
            r#"{"code":"store_unavailable"}"#,
            Reading::certain(Class::StoreUnavailable),
        ),
        example("failed", 500, &[], "", Reading::certain(Class::GatewayError)),
    ],
};

/// What a 401 without a code may mean beside a bad token (RFC 6750 §3.1, `invalid_token`).
const BARE_401: &[Class] = &[
    Class::UserNotFound,
    Class::UserDisabled,
    Class::TokenExpired,
    Class::TokenRevoked,
    Class::ClaimMismatch,
];

fn read(seen: &Observation<'_>) -> Reading {
    let coded = |otherwise| common_code(seen).map_or(otherwise, Reading::certain);
    match seen.status {
        200..=299 => Reading::certain(Class::Accepted),
        400 | 431 => Reading::certain(Class::TokenInvalid),
        401 => coded(Reading::ambiguous(Class::TokenInvalid, BARE_401)),
        403 => coded(Reading::ambiguous(
            Class::Forbidden,
            &[Class::UserDisabled, Class::ClaimMismatch],
        )),
        404 | 410 => coded(Reading::certain(Class::Unclassified)),
        429 => Reading::certain(Class::RateLimited),
        503 | 504 => Reading::certain(Class::StoreUnavailable),
        500..=599 => Reading::certain(Class::GatewayError),
        _ => Reading::certain(Class::Unclassified),
    }
}
