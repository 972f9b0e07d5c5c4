//! Figures: recorders, histograms, intervals, thresholds and statistics.
//!
//! A worker owns a [`Recorder`] and hands over what it holds once a second; whoever collects
//! merges. Nothing is shared between workers, and memory does not grow with the run's length.

pub mod allowance;
pub mod joint;
pub mod latency;
pub mod metric;
pub mod record;
pub mod recorder;
pub mod stages;
pub mod threshold;

pub use allowance::Allowance;
pub use joint::{JointCounts, JointRow};
pub use latency::{Latency, Quantiles};
pub use metric::{Countable, LatencyKind, Metric, Quantile, Unit};
pub use record::{FaultRecord, PhaseRecord, RouteRecord};
pub use recorder::{Recorder, Sample, Shape};
pub use stages::{STAGES_MAX, StageNames};
pub use threshold::{Judged, Reading, Threshold, ThresholdError};
