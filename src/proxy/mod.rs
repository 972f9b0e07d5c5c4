//! Links: TCP paths that the harness sits on, and what it does to them.
//!
//! A [`Link`] listens on one address and relays each connection to one upstream: the directory, the
//! cache's feed, the identity provider. Its [`Mode`] says what happens to connections and bytes. A
//! mode is set at once and never waits for traffic; it is a lease, which the link itself ends at the
//! tick that was given with it, whether or not anybody still watches.
//!
//! *Upstream* is who the link connects to, *client* is who connects to the link (mostly the gateway);
//! bytes go *up* from client to upstream and *down* the other way. A *hit* is proof that a mode did
//! something to somebody; [`LinkCounts::hits`] says what counts.
//!
//! What it does not do: understand what it carries, but for the heads of HTTP/1.1 requests, which it
//! counts ([`LinkCounts::requests`]); change bytes; choose when a fault starts.

mod connection;
mod counts;
mod hop_by_hop;
mod link;
mod port;
mod pump;
mod queue;
mod refusals;
mod requests;
mod state;

pub use counts::LinkCounts;
pub use hop_by_hop::strip_hop_by_hop;
pub use link::Link;
pub use requests::RequestCounter;
pub use state::Mode;
