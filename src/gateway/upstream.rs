//! The service behind the gateway: says for whom it was called.
//!
//! Its answer is the proof of identity. A 2xx alone may come from anywhere.

use std::future::ready;
use std::io;

use http_body_util::{Either, Full};
use hyper::Response;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::forward::USER_ID;
use super::listen::listen;
use super::refusal::Body;

/// What the upstream says.
#[derive(Serialize)]
struct Echo<'a> {
    user: Option<&'a str>,
    path: &'a str,
}

/// Answers every request with `{"user":…,"path":…}` and the `X-User-ID` field it came with.
pub async fn serve(listener: TcpListener, cancel: CancellationToken) -> io::Result<()> {
    listen(listener, cancel, |request| {
        let user = request.headers().get(USER_ID);
        let text = user.map(|user| String::from_utf8_lossy(user.as_bytes()));
        ready(echo(user, text.as_deref(), request.uri().path()))
    })
    .await
}

fn echo(field: Option<&HeaderValue>, user: Option<&str>, path: &str) -> Response<Body> {
    // Two strings always serialise.
    let text = serde_json::to_vec(&Echo { user, path }).unwrap_or_default();
    let mut answer = Response::new(Either::Left(Full::from(text)));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(field) = field {
        headers.insert(USER_ID, field.clone());
    }
    answer
}
