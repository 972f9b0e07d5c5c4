//! Clients that the load engine sends through.
//!
//! The seam is two traits: a [`Connector`] makes connections, a [`Connection`] carries one request
//! at a time. Every protocol gives the same [`Observation`] or
//! [`Failure`], so that engine, profiles and oracle do not know which one spoke. A request is
//! assembled from a [`Template`].
//!
//! What it does not do: choose requests, judge, or bound the time of anything; whoever calls drops
//! the future when the time is up.

pub mod full;
pub mod http1;
pub mod http2;
mod raw;
mod request;
mod shown;
pub mod transport;

use std::future::Future;
use std::time::Duration;

pub use raw::{RawConnection, RawConnector};
pub use request::{Place, RequestSpec, Template, TemplateError, Text, TokenPlace, Values};

use crate::outcome::{Failure, Observation};
use shown::shown;

/// Which client sends requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineKind {
    /// Bytes as they are, at little cost: [`RawConnector`].
    #[default]
    Raw,
    /// `reqwest`, with redirects, cookies and decoding: [`full::FullConnector`].
    Reqwest,
}

/// Makes connections to one target. Each worker makes its own on its own thread, so it may share
/// what it likes among its connections.
pub trait Connector: 'static {
    /// What it makes.
    type Connection: Connection;

    /// Makes a connection ready to carry a request. The caller bounds the time and drops the
    /// future when it is up.
    fn connect(&self) -> impl Future<Output = Result<Connected<Self::Connection>, Failure>>;

    /// Whether answers say when they came ([`Observation::arrival`]) and nothing else waits on a
    /// connection meanwhile, so that they may lie unread for a little.
    fn lets_answers_lie(&self) -> bool {
        false
    }
}

/// A connection, and what it took to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connected<C> {
    /// What carries requests.
    pub connection: C,
    /// What was done for it; `None` if nothing was, or nobody knows what.
    pub set_up: Option<SetUp>,
    /// It shares a transport that was made for another one, as streams of HTTP/2 do.
    pub shares: bool,
}

/// How long the making of a transport took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetUp {
    /// From the start to the transport's being connected: name resolution, TCP, proxy.
    pub connect: Duration,
    /// The TLS handshake after that, if there is one.
    pub tls: Option<Duration>,
}

/// Carries one request at a time.
pub trait Connection: 'static {
    /// Assembles the next request. Neither waits nor sends.
    fn stage(&mut self, template: &Template, values: &Values<'_>);

    /// Hands the staged request to the kernel. Here and in [`Connection::receive`],
    /// [`Failure::NotProcessed`] means that the same request may go out on another connection.
    fn send(&mut self) -> impl Future<Output = Result<(), Failure>>;

    /// Waits for the whole answer and shows it to `read`. After a failure, or after
    /// [`Received::reusable`] is false, the connection is of no further use.
    fn receive<R>(
        &mut self,
        read: impl FnOnce(&Observation<'_>) -> R,
    ) -> impl Future<Output = Result<Received<R>, Failure>>;

    /// Whether the peer has closed it, as far as is known without waiting.
    fn is_closed(&mut self) -> bool;
}

/// A whole answer, as the reader saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received<R> {
    /// What the reader made of it.
    pub value: R,
    /// Whether another request may follow.
    pub reusable: bool,
}
