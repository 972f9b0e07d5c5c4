//! Why a request is not let through, and how each reason is spelt on the wire.
//!
//! The spelling follows RFC 6750 §3 and RFC 9110 §11.6.1: a 401 always carries a challenge; a
//! request that is itself broken is 400 `invalid_request`; what the gateway could not find out is
//! 503 and blames nobody.

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};

/// What the gateway answers with: its own short text, or the upstream's body as it comes.
pub type Body = Either<Full<Bytes>, Incoming>;

/// Why a request is not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No credentials, or credentials of another scheme (RFC 6750 §3.1, last paragraph).
    #[error("no bearer token was sent")]
    NoToken,
    /// The request breaks the grammar of the header or names its token twice (RFC 6750 §3.1).
    #[error("{0}")]
    BadRequest(&'static str),
    /// More header than the gateway reads (RFC 6585 §5).
    #[error("the header fields are larger than the gateway reads")]
    HeaderTooLarge,
    /// A method that a gateway does not forward.
    #[error("the method is not forwarded")]
    MethodNotAllowed,
    /// The token is malformed, unsigned, wrongly signed or not yet valid.
    #[error("{0}")]
    Invalid(&'static str),
    /// The token is past its `exp` (RFC 7519 §4.1.4).
    #[error("the token has expired")]
    Expired,
    /// A claim is there but is not the one wanted.
    #[error("{0}")]
    Mismatch(&'static str),
    /// The token's `jti` is on the deny list.
    #[error("the token was withdrawn")]
    Revoked,
    /// The directory has no such user.
    #[error("User from sub claim in JWT does not exist")]
    UserNotFound,
    /// The directory has the user, inactive.
    #[error("the user is disabled")]
    UserDisabled,
    /// Who it is could not be found out.
    #[error("{0}")]
    Unavailable(&'static str),
    /// The upstream could not be reached or broke off.
    #[error("the upstream could not be reached")]
    UpstreamUnreachable,
    /// The upstream did not answer in time.
    #[error("the upstream did not answer in time")]
    UpstreamTimeout,
    /// The gateway broke. Only a mutant says so.
    #[error("internal error")]
    Broken,
}

impl Refusal {
    /// The status of the answer.
    pub fn status(self) -> StatusCode {
        match self {
            Self::NoToken
            | Self::Invalid(_)
            | Self::Expired
            | Self::Mismatch(_)
            | Self::Revoked
            | Self::UserNotFound => StatusCode::UNAUTHORIZED,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::HeaderTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::UserDisabled => StatusCode::FORBIDDEN,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::UpstreamUnreachable => StatusCode::BAD_GATEWAY,
            Self::UpstreamTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The word in the body's `code`.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoToken => "no_token",
            Self::BadRequest(_) => "invalid_request",
            Self::HeaderTooLarge => "header_too_large",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Invalid(_) => "token_invalid",
            Self::Expired => "token_expired",
            Self::Mismatch(_) => "claim_mismatch",
            Self::Revoked => "token_revoked",
            Self::UserNotFound => "user_not_found",
            Self::UserDisabled => "user_disabled",
            Self::Unavailable(_) => "store_unavailable",
            Self::UpstreamUnreachable => "upstream_unreachable",
            Self::UpstreamTimeout => "upstream_timeout",
            Self::Broken => "internal_error",
        }
    }

    /// The word in the body's `error`; for 400 and 401 it is RFC 6750's.
    pub fn error(self) -> &'static str {
        match self.status() {
            StatusCode::UNAUTHORIZED => "invalid_token",
            StatusCode::BAD_REQUEST | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
                "invalid_request"
            }
            StatusCode::FORBIDDEN => "access_denied",
            StatusCode::SERVICE_UNAVAILABLE => "temporarily_unavailable",
            StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => "bad_gateway",
            StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
            _ => "server_error",
        }
    }

    /// The challenge of a 400 or 401; bare when the client sent no credentials, so that it does
    /// not learn more than that some are wanted.
    fn challenge(self) -> Option<HeaderValue> {
        match self.status() {
            StatusCode::UNAUTHORIZED if self == Self::NoToken => {
                Some(HeaderValue::from_static("Bearer realm=\"substorm\""))
            }
            StatusCode::UNAUTHORIZED | StatusCode::BAD_REQUEST => {
                let text = format!(
                    "Bearer realm=\"substorm\", error=\"{}\", error_description=\"{self}\"",
                    self.error()
                );
                HeaderValue::try_from(text).ok()
            }
            _ => None,
        }
    }

    /// The whole answer. A mutant leaves out the challenge.
    pub fn answer(self, with_challenge: bool) -> Response<Body> {
        let text = format!(
            "{{\"error\":\"{}\",\"code\":\"{}\",\"message\":\"{self}\"}}",
            self.error(),
            self.code()
        );
        let mut answer = Response::new(Either::Left(Full::from(text)));
        *answer.status_mut() = self.status();
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if with_challenge && let Some(challenge) = self.challenge() {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Refusal; 14] = [
        Refusal::NoToken,
        Refusal::BadRequest("two tokens"),
        Refusal::HeaderTooLarge,
        Refusal::MethodNotAllowed,
        Refusal::Invalid("bad signature"),
        Refusal::Expired,
        Refusal::Mismatch("another audience"),
        Refusal::Revoked,
        Refusal::UserNotFound,
        Refusal::UserDisabled,
        Refusal::Unavailable("the directory did not answer"),
        Refusal::UpstreamUnreachable,
        Refusal::UpstreamTimeout,
        Refusal::Broken,
    ];

    #[test]
    fn every_401_is_challenged_and_only_503_says_when_to_come_again() {
        for refusal in ALL {
            let answer = refusal.answer(true);
            let challenged = answer.headers().contains_key(WWW_AUTHENTICATE);
            let status = answer.status().as_u16();
            assert_eq!(challenged, status == 401 || status == 400, "{refusal:?}");
            assert_eq!(answer.headers().contains_key(RETRY_AFTER), status == 503, "{refusal:?}");
            assert!(!refusal.answer(false).headers().contains_key(WWW_AUTHENTICATE));
        }
    }

    #[test]
    fn a_request_without_credentials_learns_no_error() {
        let answer = Refusal::NoToken.answer(true);
        assert_eq!(answer.headers()[WWW_AUTHENTICATE], "Bearer realm=\"substorm\"");
    }

    #[test]
    fn a_bad_token_is_told_so_in_the_words_of_the_standard() {
        let answer = Refusal::UserNotFound.answer(true);
        let challenge = answer.headers()[WWW_AUTHENTICATE].to_str().unwrap().to_owned();
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
        assert!(challenge.contains("does not exist"), "{challenge}");
    }
}
