//! What the client's errors mean for a request.

use std::error::Error;
use std::io;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::outcome::Failure;
use crate::wire::transport;

/// The system's resolver, whose errors can be told from others.
pub(super) struct Resolver;

/// A name is not known.
#[derive(Debug, thiserror::Error)]
#[error("{0} does not resolve: {1}")]
struct Unresolved(String, io::Error);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found = found.map_err(|error| Unresolved(name.as_str().to_owned(), error))?;
            let found: Vec<_> = found.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// How a request ends that met this error: what is at the bottom of it decides.
pub(super) fn of(error: &reqwest::Error) -> Failure {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    let mut found = if error.is_timeout() {
        Failure::Timeout
    } else if error.is_connect() {
        Failure::Refused
    } else {
        Failure::Protocol
    };
    while let Some(error) = cause {
        if error.is::<Unresolved>() {
            return Failure::Dns;
        }
        if error.is::<rustls::Error>() {
            return Failure::Tls;
        }
        if let Some(io) = error.downcast_ref::<io::Error>() {
            found = transport::failure(io);
            // What is wrapped says more.
            if found == Failure::Tls {
                return found;
            }
        }
        // What else goes wrong within HTTP has cost the answer, unless it was none.
        if let Some(hyper) = error.downcast_ref::<hyper::Error>() {
            found = if hyper.is_parse() { Failure::Protocol } else { Failure::Reset };
        }
        cause = error.source();
    }
    found
}
