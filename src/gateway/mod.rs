//! The reference gateway: verify, normalise, look up, forward.
//!
//! It judges bytes. It never imports the population, the tokens or the oracle, because it is what
//! they are tried against. Its answers follow RFC 6750 and RFC 9110; its policies are switches, so
//! that causes and preventions can be tried against each other; and it has mutants, known bugs
//! that prove the oracle.
//!
//! The way of a request: [`listen`] → [`admit`] ([`token`] → [`key_source`] → claims →
//! [`deny_list`] → [`resolve`]: cache, flight, lookup) → [`forward`]. Beside it run the stream of
//! [`changes`] and the [`control`] API.

mod admit;
mod cache;
mod changes;
mod client;
mod config;
mod control;
mod deny_list;
mod flight;
mod forward;
mod key_source;
mod keys;
mod listen;
mod lookup;
mod misconfig;
mod mutant;
pub mod policy;
mod refusal;
mod resolve;
mod serve;
mod stats;
mod timing;
pub mod token;
pub mod upstream;

pub use config::{ConfigError, GatewayConfig};
pub use misconfig::Mistakes;
pub use policy::{CachePolicy, Mutant, Policies};
pub use refusal::Refusal;
pub use serve::serve;
