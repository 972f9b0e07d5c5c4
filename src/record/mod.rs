//! Recording live traffic: a reverse proxy in front of a gateway that writes down what it forwards.
//!
//! A [`Recorder`] passes every request on as it came, over one connection to the upstream for each
//! of a client's, and hands a disguised line of it (`replay::Disguise`) to a thread that writes the
//! file. Forwarding never waits for the disk: what finds no room in the queue is counted and left
//! out. No header field, body, token or subject is written, and the key of the pseudonyms exists in
//! this process only.
//!
//! What it does not do: TLS, HTTP/2, or judge anything.

mod counts;
mod forward;
mod recorder;
mod writer;

pub use counts::RecordCounts;
pub use recorder::{RecordError, RecordPlan, Recorder, Upstream};
