//! The files that are written once, at the end.

use std::io;

use crate::report::charts::{Input, files};
use crate::report::console::{Style, summary};
use crate::report::course::Course;
use crate::report::folder::{CHARTS, SUMMARY_TXT};
use crate::report::{Event, RunFolder, RunReport};

/// Writes the last `run.json`, and then what is made from it.
pub fn write(
    folder: &RunFolder,
    report: &RunReport,
    course: &Course,
    events: &[Event],
) -> io::Result<()> {
    folder.write_report(report)?;
    folder.write_text(SUMMARY_TXT, &summary(report, Style::plain()))?;
    for file in files(&Input { report, course, events }) {
        let file = file.map_err(io::Error::other)?;
        folder.write_bytes(&format!("{CHARTS}/{}", file.name), &file.bytes)?;
    }
    Ok(())
}
