//! The course of a run that is over, from `timeline.csv`, `latency.hlog` and `events.jsonl`.
//!
//! A line is read at a time, so that memory does not grow with the run. Lines that were cut short,
//! or that another version wrote, are passed over: what can be drawn is drawn.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

use crate::histogram::Cell;
use crate::measure::LatencyKind;

use super::super::events::Event;
use super::super::folder::{EVENTS_JSONL, LATENCY_HLOG, TIMELINE_CSV};
use super::super::hlog::read_tag;
use super::super::timeline::RowReader;
use super::Course;

/// A file of a run is there and cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {source}", path.display())]
pub struct CourseError {
    path: PathBuf,
    source: io::Error,
}

/// A plan lasts for twelve days at most, and answers come a little later; what names a later second
/// is garbled.
const LATEST_S: u64 = 13 * 86_400;

impl Course {
    /// The course of the run in a folder. Files that are not there add nothing.
    pub fn read(folder: &Path) -> Result<Self, CourseError> {
        let mut course = Self::default();
        let mut rows = RowReader::default();
        each_line(&folder.join(TIMELINE_CSV), |line| {
            if let Some(row) = rows.line(line).filter(|row| row.second <= LATEST_S) {
                course.row(&row);
            }
        })?;
        each_line(&folder.join(EVENTS_JSONL), |line| {
            if let Ok(event) = serde_json::from_str::<Event>(line)
                && !matches!(event, Event::Changed { ack, .. } if ack > LATEST_S as f64)
            {
                course.event(&event);
            }
        })?;
        let mut intervals = Intervals::default();
        each_line(&folder.join(LATENCY_HLOG), |line| {
            intervals.line(line, &mut course);
        })?;
        Ok(course)
    }
}

/// Calls `take` with each whole line of a file, its break included. What is no text, or was cut
/// short, is left out.
///
/// # Errors
///
/// If the file is there and cannot be read.
pub fn each_line(path: &Path, mut take: impl FnMut(&str)) -> Result<(), CourseError> {
    let failed = |source| CourseError { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(failed(source)),
    };
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line).map_err(failed)? == 0 {
            return Ok(());
        }
        if let Some(text) = str::from_utf8(&line).ok().filter(|line| line.ends_with('\n')) {
            take(text);
        }
    }
}

/// Reads intervals of a log, each into the same memory.
#[derive(Default)]
struct Intervals {
    deserializer: Deserializer,
    bytes: Vec<u8>,
}

impl Intervals {
    fn line(&mut self, line: &str, course: &mut Course) {
        let mut entries = IntervalLogIterator::new(line.as_bytes());
        let Some(Ok(LogEntry::Interval(interval))) = entries.next() else { return };
        let tag = interval.tag().map_or("", |tag| tag.as_str());
        let Some((phase, class, kind)) = read_tag(tag) else { return };
        self.bytes.clear();
        if STANDARD.decode_vec(interval.encoded_histogram(), &mut self.bytes).is_err() {
            return;
        }
        let read = self.deserializer.deserialize(&mut self.bytes.as_slice());
        let Ok(histogram): Result<Histogram<u64>, _> = read else { return };
        let second = interval.start_timestamp().as_secs();
        if second > LATEST_S {
            return;
        }
        if kind == LatencyKind::Response {
            course.at(second);
        }
        let times = course.times.tagged(phase).classes[class.index()].of_mut(kind);
        for step in histogram.iter_recorded() {
            times.add_many(Cell::of(step.value_iterated_to()), step.count_at_value());
        }
        if kind == LatencyKind::Response {
            let at = (second / course.each) as usize;
            for step in histogram.iter_recorded() {
                course.count(at, step.value_iterated_to(), step.count_at_value());
            }
        }
    }
}
