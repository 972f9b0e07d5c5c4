//! HTTP/2 (RFC 9113): one request at a time on a stream, many streams on a transport.
//!
//! The `h2` crate serves any use of HTTP/2 and takes 1.5 times the CPU per request of `h2load`;
//! this client serves a load: it assembles requests in place, reads answers into memory that each
//! lane keeps, and lets the lanes of a transport share its writes.
//!
//! A [`Session`] is the protocol, without input or output. A [`Link`](transport::Link) drives one
//! over a stream; lanes have seats on it. The [`Pool`] opens another when all seats are taken. All
//! of it belongs to one worker.
//!
//! What it does not do: pushes and priorities, which are of no use to a load; compression of
//! requests beyond the static table.

mod exchange;
mod frame;
mod greeting;
mod hpack;
mod huffman;
mod pool;
mod session;
mod stream;
mod transport;

pub use exchange::{Exchange, Shared};
pub use greeting::{Greeting, greeting};
pub use hpack::{Decoder, Fields, Malformed};
pub use pool::{Keep, Pool};
pub use session::Session;
pub use stream::Http2;
