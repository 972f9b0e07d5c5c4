//! When requests are due: one file an arrival process, one line each in [`REGISTRY`].
//!
//! An open process gives due instants that do not depend on answers; a closed one has virtual
//! users that wait for theirs. Due instants are absolute, so lateness never accumulates.

mod closed;
mod constant;
mod curve;
mod paced;
mod poisson;
mod ramp;
mod replay;
mod spike;
mod step;
#[cfg(test)]
#[expect(clippy::float_cmp, reason = "figures that are exact in binary are compared as such")]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use crate::replay::ReplayPlan;
use crate::seed::Stream;
use crate::setting::{Setting, Settings};
use crate::units::Rate;

/// One phase of a run.
#[derive(Clone, Debug)]
pub struct PhasePlan {
    /// The name, unique in its scenario.
    pub name: String,
    /// When it starts, from the start of load.
    pub start: Duration,
    /// How long it lasts.
    pub length: Duration,
    /// When its requests are due.
    pub arrival: Arrival,
    /// Recorded, but left out of thresholds, validity and the totals.
    pub warm_up: bool,
}

impl PhasePlan {
    /// How much of it there has been when load has lasted for `span`.
    pub fn gone(&self, span: Duration) -> Duration {
        span.saturating_sub(self.start).min(self.length)
    }
}

/// An arrival process with its parameters.
#[derive(Clone, Debug)]
pub enum Arrival {
    /// Requests are due whatever the answers.
    Open(Arc<dyn OpenProcess>),
    /// Requests are due when they were recorded, and are those that were recorded.
    Replay(Arc<ReplayPlan>),
    /// Each of `users` virtual users sends, waits for the answer, thinks, and sends again.
    Closed {
        /// Virtual users, over all workers.
        users: u32,
        /// Pause between an answer and the next request.
        think: Duration,
    },
}

/// An open arrival process over one phase.
pub trait OpenProcess: std::fmt::Debug + Send + Sync {
    /// The rate aimed at, `at` into the phase.
    fn rate_at(&self, at: Duration) -> Rate;

    /// Requests expected in the first `length` of the phase.
    fn expected(&self, length: Duration) -> f64;

    /// The due instants, from the start of the phase, ascending, all below `length`.
    /// Same stream, same instants.
    fn instants(
        &self,
        stream: Stream,
        length: Duration,
    ) -> Box<dyn Iterator<Item = Duration> + Send>;

    /// The same process with every rate multiplied by `factor` (for `--rate-scale`).
    fn scaled(&self, factor: f64) -> Arc<dyn OpenProcess>;
}

/// A kind of arrival process.
#[derive(Clone, Copy, Debug)]
pub struct ArrivalKind {
    /// The key in `arrival = { NAME = … }`.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// The keys of its table.
    pub settings: &'static [Setting],
    /// The key that a bare value stands for: `{ poisson = "500/s" }` is `{ poisson = { rate = "500/s" } }`.
    pub bare: Option<&'static str>,
    /// Builds the process for a phase of this length; the error says what cannot be.
    pub build: fn(&Settings, Duration) -> Result<Arrival, String>,
}

/// Every kind of arrival process.
pub const REGISTRY: &[&ArrivalKind] = &[
    &constant::KIND,
    &poisson::KIND,
    &ramp::KIND,
    &step::KIND,
    &spike::KIND,
    &closed::KIND,
    &replay::KIND,
];

/// The kind with this name.
pub fn named(name: &str) -> Option<&'static ArrivalKind> {
    REGISTRY.iter().copied().find(|kind| kind.name == name)
}
