//! Listeners of views, and who may call them.
//!
//! A page of another site can make a browser call a listener on loopback by a name that it turns
//! to 127.0.0.1 (DNS rebinding). The browser then sends that name as `Host`, so only names that are
//! known are answered. An address instead of a name is safe: no name was resolved.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// By which names a listener is called.
#[derive(Clone, Debug)]
pub enum Names {
    /// Localhost, addresses, and these.
    Known(Arc<[String]>),
    /// Any.
    Any,
}

impl Names {
    /// Localhost, addresses, and `names`.
    pub fn known(names: &[String]) -> Self {
        Self::Known(names.iter().map(|name| name.to_ascii_lowercase()).collect())
    }

    /// Whether `host`, a `Host` header (RFC 9110 §7.2), is one of them.
    fn know(&self, host: &str) -> bool {
        let Self::Known(names) = self else { return true };
        if host.parse::<SocketAddr>().is_ok() {
            return true;
        }
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.parse::<u16>().is_ok() => name,
            _ => host,
        };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let is_address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        is_address.is_ok() || name == "localhost" || names.contains(&name)
    }
}

/// Serves `routes` until `stop`; connections under way then end with it.
pub async fn serve(
    listener: TcpListener,
    routes: Router,
    names: Names,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let guarded = routes.layer(middleware::from_fn_with_state(names, guard));
    axum::serve(listener, guarded).with_graceful_shutdown(stop.cancelled_owned()).await
}

async fn guard(State(names): State<Names>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if !host.is_some_and(|host| names.know(host)) {
        let text = "This is not served under that name; --serve-name NAME of substorm adds one.\n";
        return (StatusCode::MISDIRECTED_REQUEST, text).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_nobody_gave_are_not_known() {
        let names = Names::known(&["CI-box".to_owned()]);
        for host in
            ["localhost:8000", "LOCALHOST", "127.0.0.1:1", "[::1]:9", "10.0.0.3", "ci-box:1"]
        {
            assert!(names.know(host), "{host}");
        }
        for host in ["", "evil.example", "localhost.evil.example:8000", "127.0.0.1.nip.io"] {
            assert!(!names.know(host), "{host}");
        }
        assert!(Names::Any.know("prometheus:1"));
    }
}
