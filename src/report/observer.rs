//! What a run tells while it goes. The harness never prints; whoever watches does.
//!
//! An observer is called by the task that gathers and writes the run. It must come back at once:
//! whoever has more to do than to take a copy does that on a thread of its own.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::measure::{PhaseRecord, Recorder};

use super::course::Course;
use super::model::{FaultReport, RunReport};
use super::timeline::TimelineRow;

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

/// A fault that touched the second that has just ended. Times are from the start of load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveFault {
    /// Its place in the plan, by which [`Recorder`]s count.
    pub index: usize,
    /// The kind's name.
    pub kind: &'static str,
    /// The same, and which of those that began it is where there are several, as in the report.
    pub name: String,
    /// What is done, in words.
    pub text: String,
    /// When it began.
    pub began: Duration,
    /// When it ended, or is planned to; `None` for one that happens at an instant.
    pub until: Option<Duration>,
    /// Whether it has ended.
    pub over: bool,
    /// How often it has bitten so far.
    pub hits: u64,
    /// What its hits are, such as `connections`.
    pub hit_unit: &'static str,
}

impl ActiveFault {
    /// Whether this is the fault that a report tells of: faults of one kind begin at different times.
    pub fn is(&self, fault: &FaultReport) -> bool {
        self.kind == fault.kind && (self.began.as_secs_f64() - fault.at).abs() < 1e-6
    }
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
    /// The same second, phase by phase, in histograms.
    pub second: &'a Recorder,
    /// Everything so far, phase by phase, in the order of `report.phases`.
    pub totals: &'a [PhaseRecord],
    /// Everything so far in figures, as it was just written to `run.json`; marked partial.
    pub report: &'a Arc<RunReport>,
    /// Its course so far, for charts.
    pub course: &'a Course,
    /// The faults that touched the second, in the order of the plan.
    pub faults: &'a [ActiveFault],
    /// Kinds of all faults of the plan, in its order, which is the one that records count in.
    pub kinds: &'a [&'static str],
}

/// Whoever watches a run.
pub trait Observer: Send + Sync {
    /// A step before the load.
    fn step(&self, step: &Step);

    /// Something worth a line of its own, before the load.
    fn remark(&self, text: &str);

    /// How the run stands; once a second.
    fn beat(&self, beat: &Beat<'_>);

    /// The run has ended, and its folder is complete. `totals` is everything, phase by phase, as
    /// of the last beat or later. Not called for a run that could not be carried out.
    fn finished(&self, report: &Arc<RunReport>, totals: &[PhaseRecord], folder: &Path);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_known_by_its_kind_and_its_beginning() {
        let active = ActiveFault {
            index: 0,
            kind: "churn",
            name: "churn".to_owned(),
            text: String::new(),
            began: Duration::from_millis(5_250),
            until: None,
            hits: 0,
            hit_unit: "requests",
            over: false,
        };
        let report = |kind: &str, at| FaultReport { kind: kind.into(), at, ..<_>::default() };
        assert!(active.is(&report("churn", 5.25)));
        assert!(!active.is(&report("churn", 9.0)) && !active.is(&report("store-slow", 5.25)));
    }
}
