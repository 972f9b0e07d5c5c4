//! The files that are written once, at the end.

use std::io;

use crate::report::course::Course;
use crate::report::formats::{self, Format, Input};
use crate::report::{RunFolder, RunReport};

/// Writes the last `run.json`, and then the formats that are made from it. A format that cannot be
/// written costs nothing that was recorded; it is told of, a sentence each.
pub fn write(
    folder: &RunFolder,
    report: &RunReport,
    course: &Course,
    wanted: &[&Format],
) -> io::Result<Vec<String>> {
    folder.write_report(report)?;
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let events = formats::events_of(folder.path());
    let input = Input { report, course, events: &events };
    Ok(formats::write_all(&input, folder.path(), wanted))
}
