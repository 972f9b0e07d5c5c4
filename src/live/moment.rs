//! A picture of a run: what a view needs to show it, owned and unchanging.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::measure::Quantiles;
use crate::outcome::Verdict;
use crate::report::course::Course;
use crate::report::{ActiveFault, RunReport, Step, TimelineRow};

use super::metrics::Tally;

/// A run at one moment.
#[derive(Clone, Debug, Default)]
pub struct Moment {
    /// Counts from 0; each one that is made has the next number.
    pub number: u64,
    /// The last step before the load; `None` before the first.
    pub step: Option<Step>,
    /// What happened, oldest first; older entries go when there are too many.
    pub log: Arc<[Arc<Entry>]>,
    /// How the load stands; `None` until its first second is over.
    pub standing: Option<Arc<Standing>>,
    /// Everything in counts, for metrics; `None` where nobody asked for them, and before the load.
    pub tally: Option<Arc<Tally>>,
    /// Its course so far; `None` where nobody looks at charts.
    pub course: Option<Arc<Course>>,
    /// Where it can be watched, by whatever else is served: the page first, then metrics.
    pub addresses: Arc<[String]>,
    /// How it ended; `None` while it goes.
    pub end: Option<End>,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub enum End {
    /// Its folder is complete.
    Finished {
        /// Everything that it found.
        report: Arc<RunReport>,
        /// Where it lies.
        folder: PathBuf,
    },
    /// It could not be carried out.
    GaveUp,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Counts from 0, so that a view knows which ones it has shown.
    pub number: u64,
    /// Since the start of load; `None` before.
    pub at: Option<Duration>,
    /// What sort of thing.
    pub kind: EntryKind,
    /// In words.
    pub text: String,
}

/// What sort of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A step before the load, or the run's end.
    Step,
    /// The harness had something to say.
    Remark,
    /// A phase began.
    Phase,
    /// A fault began.
    FaultBegan,
    /// A fault ended.
    FaultEnded,
}

/// How the load stands at the end of a second.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Since load began.
    pub elapsed: Duration,
    /// All phases together.
    pub length: Duration,
    /// The second that has just ended.
    pub row: TimelineRow,
    /// Its response times, of every class; `None` without an answer.
    pub now: Option<Quantiles>,
    /// Everything so far in figures.
    pub report: Arc<RunReport>,
    /// Requests of all phases, warm-up too, whose due instant came.
    pub due: u64,
    /// Of these, sent.
    pub sent: u64,
    /// Of these, answered.
    pub done: u64,
    /// Answers of all phases by verdict, in the order of [`Verdict::ALL`].
    pub verdicts: [u64; Verdict::COUNT],
    /// The faults that touched the second.
    pub faults: Vec<ActiveFault>,
    /// The last few minutes, oldest first, a point a second.
    pub recent: Arc<[Point]>,
}

/// One second of the recent past.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Point {
    /// Which, from the start of load.
    pub second: u64,
    /// Median response time, in microseconds; `None` without an answer.
    pub p50_us: Option<u64>,
    /// 99th percentile of the same.
    pub p99_us: Option<u64>,
    /// Whether a fault was under way in it.
    pub faulted: bool,
}
