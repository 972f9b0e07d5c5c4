//! The profile of a gateway that follows the standards, and the one to use for an unknown gateway.
//!
//! RFC 6750 §3.1 gives bad tokens and unknown users the same spelling, 401 `invalid_token`, so a
//! bare 401 may be either. Gateways that say more do so with a code in the body or in the
//! challenge; the words that are common among them are read.

use super::{Class, Observation, Profile, Reading};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "rfc6750",
    about: "Bearer-token standards (RFC 6750, RFC 9110), with the usual error codes in the body \
            or the challenge. The default, and what the reference gateway speaks.",
    wants_challenge: true,
    read,
};

/// Codes in common use, and what they mean; the first that occurs decides.
const CODES: &[(&str, Class)] = &[
    ("user_not_found", Class::UserNotFound),
    ("user_disabled", Class::UserDisabled),
    ("user_inactive", Class::UserDisabled),
    ("user_banned", Class::UserDisabled),
    ("token_expired", Class::TokenExpired),
    ("token_revoked", Class::TokenRevoked),
    ("claim_mismatch", Class::ClaimMismatch),
    ("insufficient_scope", Class::Forbidden),
];

/// What a 401 without a code may mean beside a bad token (RFC 6750 §3.1, `invalid_token`).
const BARE_401: &[Class] = &[
    Class::UserNotFound,
    Class::UserDisabled,
    Class::TokenExpired,
    Class::TokenRevoked,
    Class::ClaimMismatch,
];

fn read(seen: &Observation<'_>) -> Reading {
    match seen.status {
        200..=299 => Reading::certain(Class::Accepted),
        400 | 431 => Reading::certain(Class::TokenInvalid),
        401 => {
            code(seen).map_or(Reading::ambiguous(Class::TokenInvalid, BARE_401), Reading::certain)
        }
        403 => code(seen).map_or(
            Reading::ambiguous(Class::Forbidden, &[Class::UserDisabled, Class::ClaimMismatch]),
            Reading::certain,
        ),
        404 | 410 => code(seen).map_or(Reading::certain(Class::Unclassified), Reading::certain),
        429 => Reading::certain(Class::RateLimited),
        503 | 504 => Reading::certain(Class::StoreUnavailable),
        500..=599 => Reading::certain(Class::GatewayError),
        _ => Reading::certain(Class::Unclassified),
    }
}

fn code(seen: &Observation<'_>) -> Option<Class> {
    let challenge = seen.header_text("www-authenticate").unwrap_or("");
    CODES
        .iter()
        .find(|(code, _)| challenge.contains(code) || seen.body_has(code))
        .map(|(_, class)| *class)
}
