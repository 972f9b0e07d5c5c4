//! What came back, and what it means.
//!
//! An [`Observation`] is what the wire gave; a [`Profile`] is how one gateway or auth server
//! spells its errors; the [`Class`] is what they say together. Whether an answer was *right* is
//! not decided here: that takes the truth, which the oracle has.

mod class;
mod observation;
pub mod profiles;
mod server_timing;
mod verdict;

pub use class::{Class, ClassSet};
pub use observation::{Arrival, Failure, Observation};
pub use profiles::{Profile, Reading};
pub use server_timing::{Metric, MetricTime, Metrics, SERVER_TIMING, metrics};
pub use verdict::{Truth, Verdict};
