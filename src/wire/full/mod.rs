//! The full engine: `reqwest`, with what browsers and SDKs do beside sending a request.
//!
//! It follows redirects, keeps cookies, and decodes bodies; it costs a multiple of what the raw engine
//! does. Each connection has a client of its own, so no user is sent another's cookies.
//!
//! What it does not do: go to another host than the target, whatever a redirect says; tell how long
//! the set-up of a connection took, which happens within the first request; share connections
//! among lanes in HTTP/2.

mod connection;
mod failure;

use std::sync::Arc;

use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Proxy, Url};

use super::http1::Limits;
use super::transport::{Approach, Reach, Version, Via};
use super::{Connected, Connector};
use crate::outcome::Failure;

pub use connection::Full;

/// Redirects that are followed for one request.
const REDIRECTS_MAX: usize = 10;

/// Makes clients for one target.
#[derive(Debug)]
pub struct FullConnector {
    reach: Arc<Reach>,
    limits: Limits,
}

impl FullConnector {
    /// Connects as `reach` says; answers may be as large as `limits` says.
    pub fn new(reach: Arc<Reach>, limits: Limits) -> Self {
        Self { reach, limits }
    }

    fn client(&self) -> reqwest::Result<Client> {
        let approach = self.reach.approach();
        let origin = approach.endpoint.clone();
        let is_same = move |url: &Url| {
            let host = url.host_str().unwrap_or_default();
            host.trim_matches(['[', ']']) == origin.host
                && url.port_or_known_default() == Some(origin.port)
        };
        let follow = move |attempt: Attempt<'_>| {
            let enough = attempt.previous().len() > REDIRECTS_MAX;
            if enough || !is_same(attempt.url()) { attempt.stop() } else { attempt.follow() }
        };
        let mut builder = Client::builder()
            // Only the scenario says through which proxy.
            .no_proxy()
            .tcp_nodelay(true)
            .cookie_store(true)
            .referer(false)
            .redirect(Policy::custom(follow))
            .dns_resolver(failure::Resolver)
            .pool_max_idle_per_host(1);
        builder = match self.reach.tls() {
            Some(config) => builder.tls_backend_preconfigured(config.clone()),
            // No certificates need to be looked for.
            None => builder.tls_certs_only([]),
        };
        builder = match approach.version {
            Version::Http2 => builder.http2_prior_knowledge(),
            Version::Http1 | Version::Auto => builder.http1_only(),
        };
        builder = match &approach.via {
            Via::Direct | Via::Instead(_) => builder,
            Via::Unix(path) => builder.unix_socket(path.clone()),
            Via::Proxy(proxy) => {
                let mut through = Proxy::all(format!("http://{}", proxy.endpoint))?;
                if let Some((user, password)) = &proxy.credentials {
                    through = through.basic_auth(user, password);
                }
                builder.proxy(through)
            }
        };
        builder.build()
    }
}

/// Why the full engine cannot go this way; `None` if it can.
pub fn unfit(approach: &Approach) -> Option<&'static str> {
    match (&approach.via, &approach.tls) {
        (Via::Instead(_), _) => Some("connect_to"),
        (_, Some(tls)) if tls.server_name.is_some() => Some("tls.server_name"),
        _ => None,
    }
}

impl Connector for FullConnector {
    type Connection = Full;

    async fn connect(&self) -> Result<Connected<Full>, Failure> {
        // What could be wrong with it was seen when the target was first reached.
        let client = self.client().map_err(|error| failure::of(&error))?;
        let approach = self.reach.approach();
        let base = format!("{}://{}", approach.scheme(), approach.authority());
        let connection = Full::new(client, base, self.limits);
        // The client has no other's transport, and makes its own when it is first asked to send.
        Ok(Connected { connection, set_up: None, shares: false })
    }
}
