//! The reference gateway: verify, normalise, look up, forward.
//!
//! It judges bytes. It never imports the population, the tokens or the oracle, because it is what
//! they are tried against.

pub mod policy;

pub use policy::{CachePolicy, Mutant, Policies};
