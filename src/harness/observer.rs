//! What a run tells while it goes. The harness never prints; whoever watches does.

use std::time::Duration;

use crate::measure::PhaseRecord;
use crate::report::TimelineRow;

/// A step before the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Tokens are being made.
    Minting {
        /// How many there are.
        done: u64,
        /// How many there will be.
        total: u64,
    },
    /// The stack is being started, or the target reached.
    Starting {
        /// Whether it is the embedded stack.
        embedded: bool,
    },
    /// Users are being made in the directory.
    Seeding {
        /// How many.
        users: u64,
    },
    /// Load has begun.
    Loading,
}

/// How a run stands, at the end of a second of its load.
#[derive(Clone, Copy, Debug)]
pub struct Beat<'a> {
    /// Since load began.
    pub elapsed: Duration,
    /// All phases together.
    pub length: Duration,
    /// The second that has just ended.
    pub row: &'a TimelineRow,
    /// Everything so far, phase by phase.
    pub totals: &'a [PhaseRecord],
    /// Kinds of the faults under way.
    pub faults: &'a [&'static str],
}

/// Whoever watches a run.
pub trait Observer: Send + Sync {
    /// A step before the load.
    fn step(&self, step: &Step);

    /// Something worth a line of its own, before the load.
    fn remark(&self, text: &str);

    /// How the run stands; once a second.
    fn beat(&self, beat: &Beat<'_>);
}
