//! Passing a request on to the upstream under the user's name.
//!
//! What concerns one connection only is taken out on both ways (RFC 9110 §7.6.1), and so are the
//! credentials and any `X-User-ID` that the client itself sent.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::Either;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, Response, Uri, Version};

use super::client::{Client, NoAnswer};
use super::refusal::{Body, Refusal};
use crate::proxy::strip_hop_by_hop;

/// Names the user to the upstream.
pub const USER_ID: HeaderName = HeaderName::from_static("x-user-id");

/// Names the request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How long the upstream has until the head of its answer.
const UPSTREAM_LIMIT: Duration = Duration::from_secs(10);

/// The longest request name that is taken from a client, in bytes.
const MAX_REQUEST_ID: usize = 128;

/// Passes requests on.
pub struct Forward {
    client: Client,
    upstream: Uri,
    /// Set apart from other gateways' by the time at which this one began.
    first_id: u64,
    requests: AtomicU64,
}

impl Forward {
    /// To the upstream at this address.
    pub fn new(client: Client, upstream: Uri, first_id: u64) -> Self {
        Self { client, upstream, first_id, requests: AtomicU64::new(0) }
    }

    /// The request's name: the client's own if it is a short word, or a new one.
    pub fn request_id(&self, headers: &HeaderMap) -> HeaderValue {
        let own = headers.get(REQUEST_ID).filter(|id| {
            let id = id.as_bytes();
            (1..=MAX_REQUEST_ID).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic)
        });
        own.cloned().unwrap_or_else(|| {
            let number = self.requests.fetch_add(1, Ordering::Relaxed);
            let id = format!("{:x}-{number:x}", self.first_id);
            HeaderValue::try_from(id).expect("hexadecimal digits are legal in a field")
        })
    }

    /// Sends the request as the user's and gives the upstream's answer.
    pub async fn send(
        &self,
        request: Request<Incoming>,
        user: &str,
        request_id: &HeaderValue,
    ) -> Result<Response<Body>, Refusal> {
        let (mut head, body) = request.into_parts();
        head.uri = self.address(&head.uri)?;
        head.version = Version::HTTP_11;
        head.extensions.clear();
        strip_hop_by_hop(&mut head.headers);
        for name in [AUTHORIZATION, HOST, EXPECT] {
            head.headers.remove(name);
        }
        // A name that cannot stand in a field cannot be told to the upstream.
        let user = HeaderValue::from_bytes(user.as_bytes())
            .map_err(|_| Refusal::Invalid("the user's name cannot stand in a header field"))?;
        head.headers.insert(USER_ID, user);
        head.headers.insert(REQUEST_ID, request_id.clone());
        let sent = self.client.send(Request::from_parts(head, Either::Left(body)));
        let answer = tokio::time::timeout(UPSTREAM_LIMIT, sent).await;
        let (mut head, body) = match answer {
            Ok(Ok(answer)) => answer.into_parts(),
            Ok(Err(NoAnswer::Late)) | Err(_) => return Err(Refusal::UpstreamTimeout),
            Ok(Err(_)) => return Err(Refusal::UpstreamUnreachable),
        };
        strip_hop_by_hop(&mut head.headers);
        Ok(Response::from_parts(head, Either::Right(body)))
    }

    /// The same path and query at the upstream.
    fn address(&self, asked: &Uri) -> Result<Uri, Refusal> {
        let mut parts = self.upstream.clone().into_parts();
        parts.path_and_query = asked.path_and_query().cloned();
        Uri::from_parts(parts).map_err(|_| Refusal::BadRequest("the request's target is malformed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_clients_name_for_a_request_is_kept_if_it_is_a_word() {
        let upstream = Uri::from_static("http://127.0.0.1:1");
        let forward = Forward::new(Client::default(), upstream, 0xabc);
        let id = |value: &'static str| {
            forward
                .request_id(&HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_static(value))]))
        };
        assert_eq!(id("7f-3"), "7f-3");
        assert_eq!(id("two words"), "abc-0");
        assert_eq!(id(""), "abc-1");
        assert_eq!(forward.request_id(&HeaderMap::new()), "abc-2");
        let uri = forward.address(&Uri::from_static("/a%20b?c=d")).unwrap();
        assert_eq!(uri, "http://127.0.0.1:1/a%20b?c=d");
    }
}
