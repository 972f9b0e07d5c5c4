//! The table `[thresholds]`.

use super::defects::did_you_mean;
use crate::arrival::PhasePlan;
use crate::measure::threshold::{Threshold, ThresholdError};
use crate::scenario::read::{Reader, TableAt};
use crate::scenario::tables::THRESHOLDS;

/// Metrics and conditions, in the order of the text; each reads as a [`Threshold`].
pub(super) fn thresholds(
    reader: &mut Reader<'_>,
    root: &TableAt<'_>,
    phases: &[PhasePlan],
) -> Vec<(String, String)> {
    let table = super::section(reader, root, &THRESHOLDS);
    let mut found = Vec::new();
    for entry in &table.table.0 {
        let Some(condition) = reader.text(&entry.node) else { continue };
        let path = &entry.node.path;
        match Threshold::parse(&entry.key, &condition) {
            Ok(threshold) => {
                let named = threshold.phase().unwrap_or_default();
                let known = || phases.iter().map(|phase| phase.name.as_str());
                if threshold.phase().is_some() && !known().any(|name| name == named) {
                    let help = did_you_mean(named, known()).unwrap_or_else(|| {
                        format!("the phases are {}", known().collect::<Vec<_>>().join(", "))
                    });
                    let message = format!("there is no phase \"{named}\"");
                    reader.problems.add_with_help(&entry.place, path, message, help);
                }
                found.push((entry.key.clone(), condition));
            }
            Err(ThresholdError::Key(message)) => reader.problems.add(&entry.place, path, message),
            Err(ThresholdError::Value(message)) => {
                reader.problems.add(&entry.node.place, path, message);
            }
        }
    }
    found
}
