//! From a target's description to a connected stream: names, proxies, sockets, TLS.
//!
//! A [`Reach`] is made once a run from an [`Approach`]; each worker dials with a [`Dialer`] of its
//! own, which remembers the addresses of names. What is spoken over the [`Stream`] is the
//! protocols' part.

mod approach;
mod dialer;
mod failure;
mod proxy;
mod stream;
mod tcp;
mod tls;
mod wording;

pub use approach::{Approach, Endpoint, Proxy, TlsPlan, TlsVersion, Version, Via};
pub use dialer::{DialError, Dialed, Dialer, Reach};
pub use failure::failure;
pub use proxy::TunnelError;
pub use stream::{Socket, Stream};
pub use tcp::Tcp;
pub use tls::{TlsError, examine};
