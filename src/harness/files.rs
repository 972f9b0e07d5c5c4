//! The files that are written once, at the end.

use std::io;

use crate::report::{RunFolder, RunReport};

/// Writes the last `run.json` and the chart. The report goes last: whole, it says that all is there.
pub fn write(folder: &RunFolder, report: &RunReport) -> io::Result<()> {
    folder.write_report(report)
}
