//! HTTP/2 (RFC 9113): one request at a time on a stream, many streams on a transport.
//!
//! The `h2` crate keeps the transport's state: frames, HPACK, flow control. A [`Transport`] is
//! shared by the lanes that have a seat on it; the [`Pool`] opens another one when all seats are
//! taken. Both belong to one worker.

mod pool;
mod stream;
mod transport;

pub use pool::{Keep, Pool};
pub use stream::Http2;
pub use transport::Transport;
