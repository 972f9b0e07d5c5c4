//! The files that are written once, at the end.

use std::io;

use crate::report::chart::{VERDICTS_SVG, verdicts};
use crate::report::console::{Style, summary};
use crate::report::folder::{CHARTS, SUMMARY_TXT};
use crate::report::history::History;
use crate::report::{RunFolder, RunReport};

/// Writes the last `run.json`, and then what is made from it.
pub fn write(folder: &RunFolder, report: &RunReport, history: &History) -> io::Result<()> {
    folder.write_report(report)?;
    folder.write_text(SUMMARY_TXT, &summary(report, Style::plain()))?;
    if let Some(svg) = verdicts(report, history.stretches()).map_err(io::Error::other)? {
        folder.write_text(&format!("{CHARTS}/{VERDICTS_SVG}"), &svg)?;
    }
    Ok(())
}
