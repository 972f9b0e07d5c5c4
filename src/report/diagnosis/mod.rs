//! What the generator finds wrong with itself, its machine and its measurement.
//!
//! A diagnosis is a function of the report's figures and a few limits: it says nothing, or one
//! sentence with the figure that it stands on and the remedy. Some make a run invalid beyond a
//! limit; the sentence is then a reason of that, and else a finding. One file each, one line each
//! in [`REGISTRY`]; `docs/measurement.md` has a row for each.
//!
//! What the *target* did is no business of this module, save where it is the target's set-up that
//! makes a figure misleading.

mod closed_saturation;
mod connection_pool;
mod debug_build;
mod delayed_acknowledgement;
mod descriptor_exhaustion;
mod few_samples;
mod first_request;
mod impossible_figures;
mod insecure_tls;
mod machine_busy;
mod port_exhaustion;
mod refused_connections;
mod run_queue;
mod saturation;
mod send_lag;
mod steal;
mod unsent;

use super::findings::Context;
use super::model::{Finding, RunReport, Severity};

/// One way in which a measurement can go wrong.
#[derive(Debug)]
pub struct Diagnosis {
    /// By which documents name it.
    pub name: &'static str,
    /// What it notices.
    pub about: &'static str,
    /// What it makes of a report.
    pub find: fn(&RunReport, &Context) -> Option<Found>,
}

/// What was noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// How serious it is, as a finding.
    pub severity: Severity,
    /// The figures prove nothing because of it.
    pub invalid: bool,
    /// The figure, what it means, and the remedy.
    pub sentence: String,
}

impl Found {
    fn new(severity: Severity, sentence: impl Into<String>) -> Self {
        Self { severity, invalid: false, sentence: sentence.into() }
    }

    /// A doubt, and beyond a limit more than that.
    fn doubt(invalid: bool, sentence: impl Into<String>) -> Self {
        Self { invalid, ..Self::new(Severity::Doubt, sentence) }
    }
}

/// All of them, in the order in which those of one severity are shown.
pub static REGISTRY: &[&Diagnosis] = &[
    &impossible_figures::DIAGNOSIS,
    &send_lag::DIAGNOSIS,
    &unsent::DIAGNOSIS,
    &port_exhaustion::DIAGNOSIS,
    &descriptor_exhaustion::DIAGNOSIS,
    &saturation::DIAGNOSIS,
    &closed_saturation::DIAGNOSIS,
    &run_queue::DIAGNOSIS,
    &steal::DIAGNOSIS,
    &machine_busy::DIAGNOSIS,
    &connection_pool::DIAGNOSIS,
    &refused_connections::DIAGNOSIS,
    &delayed_acknowledgement::DIAGNOSIS,
    &first_request::DIAGNOSIS,
    &few_samples::DIAGNOSIS,
    &insecure_tls::DIAGNOSIS,
    &debug_build::DIAGNOSIS,
];

/// Everything that was noticed.
fn all(report: &RunReport, context: &Context) -> impl Iterator<Item = Found> {
    REGISTRY.iter().filter_map(|diagnosis| (diagnosis.find)(report, context))
}

/// Why the run is invalid, as far as its own figures say it: in lower case, as reasons are.
pub fn reasons(report: &RunReport, context: &Context) -> Vec<String> {
    let reason = |found: Found| {
        let (first, rest) = found.sentence.split_at(1);
        first.to_lowercase() + rest
    };
    all(report, context).filter(|found| found.invalid).map(reason).collect()
}

/// What is noticed without making the run invalid. A run that is not judged yet has no reasons, so
/// everything is a finding there.
pub(super) fn findings(report: &RunReport, context: &Context) -> Vec<Finding> {
    all(report, context)
        .filter(|found| report.partial || !found.invalid)
        .map(|found| Finding { severity: found.severity, sentence: found.sentence })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    const DOCS: &str = include_str!("../../../docs/measurement.md");

    #[test]
    fn each_has_a_row_in_the_documents() {
        for diagnosis in REGISTRY {
            let row = format!("| `{}` |", diagnosis.name);
            assert!(DOCS.contains(&row), "docs/measurement.md has no row {row}");
        }
    }

    #[test]
    fn none_has_anything_to_say_of_a_sound_run_or_of_none() {
        for report in [sample::correct(), sample::deleted_users(), RunReport::default()] {
            for diagnosis in REGISTRY {
                assert_eq!((diagnosis.find)(&report, &sample::context()), None, "{diagnosis:?}");
            }
        }
    }

    #[test]
    fn what_makes_a_run_invalid_is_a_reason_and_no_finding_beside_it() {
        let mut report = sample::correct();
        (report.send_lag.p99, report.send_lag.p999, report.send_lag.max) = (12_000, 13_000, 14_000);
        assert_eq!(reasons(&report, &sample::context()).len(), 1);
        assert_eq!(findings(&report, &sample::context()), []);
        report.partial = true;
        assert_eq!(findings(&report, &sample::context()).len(), 1);
    }
}

/// For the tests of the diagnoses.
#[cfg(test)]
mod trial {
    use super::super::sample;
    use super::*;

    /// The sentence about a sound report that was changed, and whether it makes the run invalid.
    pub fn about(diagnosis: &Diagnosis, change: impl Fn(&mut RunReport)) -> Option<(String, bool)> {
        let mut report = sample::correct();
        change(&mut report);
        let found = (diagnosis.find)(&report, &sample::context())?;
        let worth_telling = found.sentence.contains(|c: char| c.is_ascii_digit())
            && found.sentence.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit())
            && !found.sentence.ends_with('.');
        assert!(worth_telling, "{found:?}");
        Some((found.sentence, found.invalid))
    }
}
