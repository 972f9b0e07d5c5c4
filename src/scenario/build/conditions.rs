//! The table `[thresholds]`.

use crate::arrival::PhasePlan;
use crate::scenario::read::{Reader, TableAt};
use crate::scenario::tables::THRESHOLDS;

/// Metrics and conditions, in the order of the text.
pub(super) fn thresholds(
    reader: &mut Reader<'_>,
    root: &TableAt<'_>,
    _phases: &[PhasePlan],
) -> Vec<(String, String)> {
    let table = super::section(reader, root, &THRESHOLDS);
    let mut found = Vec::new();
    for entry in &table.table.0 {
        if let Some(condition) = reader.text(&entry.node) {
            found.push((entry.key.clone(), condition));
        }
    }
    found
}
