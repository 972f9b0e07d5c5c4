//! The files that are written once, at the end.

use std::io;

use crate::report::course::Course;
use crate::report::formats::{self, Input};
use crate::report::{RunFolder, RunReport};

/// Writes the last `run.json`, and then every format that is made from it. A format that cannot be
/// written costs nothing that was recorded; it is told of, a sentence each.
pub fn write(folder: &RunFolder, report: &RunReport, course: &Course) -> io::Result<Vec<String>> {
    folder.write_report(report)?;
    let events = formats::events_of(folder.path());
    let input = Input { report, course, events: &events };
    Ok(formats::write_all(&input, folder.path()))
}
