//! Clients that the load engine sends through.
//!
//! The seam is two traits: a [`Connector`] makes connections, a [`Connection`] carries one request
//! at a time. Every protocol gives the same [`Observation`] or
//! [`Failure`], so that engine, profiles and oracle do not know which one spoke. A request is
//! assembled from a [`Template`].
//!
//! What it does not do: choose requests, keep time, judge.

pub mod http1;
mod template;

use std::future::Future;

pub use template::{Template, TemplateError, Values};

use crate::outcome::{Failure, Observation};

/// Makes connections to one target.
pub trait Connector: Clone + 'static {
    /// What it makes.
    type Connection: Connection;

    /// Connects. The caller bounds the time and drops the future when it is up.
    fn connect(&self) -> impl Future<Output = Result<Self::Connection, Failure>>;
}

/// Carries one request at a time.
pub trait Connection: 'static {
    /// Hands the request's bytes to the kernel.
    fn send(&mut self, request: &[u8]) -> impl Future<Output = Result<(), Failure>>;

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
