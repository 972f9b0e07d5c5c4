//! HTTP/1.1 (RFC 9112), one request at a time on a kept connection.

mod chunked;
mod connection;
mod known;
mod response;

pub use connection::{Http1, Room};
pub(super) use response::parse_length;
pub use response::{BODY_KEPT, Limits, ResponseReader, SharedHead};
