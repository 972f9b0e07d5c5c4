//! Metrics of a run: counts by phase, class, verdict and fault, in the conventions of Prometheus.
//!
//! The [`Counter`] sums up what the run tells into a [`Tally`], from which [`families()`] makes the
//! metrics. The same families go out in the text formats of Prometheus ([`prometheus`]) and as
//! OTLP ([`otlp`]). Units are base units: seconds, never milliseconds. Counts never go back.

pub mod exporter;
pub mod families;
pub mod otlp;
pub mod prometheus;
pub mod tally;

pub use exporter::{Exporter, ExporterError};
pub use families::{Family, Kind, families};
pub use tally::{Counter, Tally};
