//! `timeline.csv`: one row a second, written as the run goes.

use std::fmt::Write as _;
use std::io;

use crate::measure::{Latency, Recorder};
use crate::outcome::{Class, Verdict};

use super::append::AppendFile;

/// The columns before those of verdicts and classes.
const FIXED: [&str; 20] = [
    "second",
    "phase",
    "due",
    "sent",
    "done",
    "unsent",
    "in_flight",
    "response_p50_us",
    "response_p99_us",
    "send_lag_p99_us",
    "send_lag_max_us",
    "waited",
    "worker_cpu_us",
    "worker_spun_us",
    "run_delay_us",
    "steal_us",
    "lookups",
    "cache_asked",
    "cache_missed",
    "faults",
];

/// One second of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimelineRow {
    /// Whole seconds since the start of load, at its beginning.
    pub second: u64,
    /// The phase that it begins in; empty after the last.
    pub phase: String,
    /// Requests that were due in it.
    pub due: u64,
    /// Sent in it.
    pub sent: u64,
    /// Answered in it.
    pub done: u64,
    /// Given up unsent in it.
    pub unsent: u64,
    /// In flight at its end.
    pub in_flight: u64,
    /// Median response time of its answers, in microseconds; `None` without an answer.
    pub response_p50_us: Option<u64>,
    /// 99th percentile of the same.
    pub response_p99_us: Option<u64>,
    /// 99th percentile of its sends' lag, in microseconds.
    pub send_lag_p99_us: Option<u64>,
    /// The largest send lag.
    pub send_lag_max_us: Option<u64>,
    /// Requests that were due in it while every connection was busy, and had to wait for one.
    pub waited: u64,
    /// CPU time of the workers, in microseconds.
    pub worker_cpu_us: u64,
    /// Of that, spent waiting for due instants without sleeping.
    pub worker_spun_us: u64,
    /// Time, over all workers, in which one was ready and did not run; `None` where the system
    /// does not tell.
    pub run_delay_us: Option<u64>,
    /// Time, over all processors, that the hypervisor gave to others; `None` likewise.
    pub steal_us: Option<u64>,
    /// Queries seen on the link to the store; `None` where there is no such link.
    pub lookups: Option<u64>,
    /// Answers that tell of a stage `cache`: requests for which the gateway asked its cache; `None`
    /// where none does.
    pub cache_asked: Option<u64>,
    /// Of these, the ones that tell of a stage `lookup` too: the cache did not have the user.
    pub cache_missed: Option<u64>,
    /// Kinds of the faults that were under way, joined by `+`.
    pub faults: String,
    /// Answers by verdict, in the order of [`Verdict::ALL`].
    pub verdicts: [u64; Verdict::COUNT],
    /// Answers by class, in the order of [`Class::ALL`].
    pub classes: [u64; Class::COUNT],
}

impl TimelineRow {
    /// The row of a second from what was recorded in it. Phase, lookups, faults and what
    /// the workers did are the caller's to fill in.
    pub fn of(second: u64, recorder: &Recorder) -> Self {
        let mut row = Self { second, ..Self::default() };
        let (mut response, mut send_lag) = (Latency::default(), Latency::default());
        for (_, record) in recorder.touched() {
            row.due += record.due;
            row.sent += record.went_out();
            row.done += record.done;
            row.unsent += record.stayed();
            for (sum, part) in row.verdicts.iter_mut().zip(record.verdicts) {
                *sum += part;
            }
            for class in Class::ALL {
                row.classes[class.index()] += record.class_count(class);
                response.merge(&record.response[class.index()]);
            }
            send_lag.merge(&record.send_lag);
            let told = |wanted: &str| {
                let stages = recorder.stages(record).filter(|(name, _)| *name == wanted);
                stages.map(|(_, times)| times.count()).sum::<u64>()
            };
            if let asked @ 1.. = told("cache") {
                *row.cache_asked.get_or_insert(0) += asked;
                *row.cache_missed.get_or_insert(0) += told("lookup").min(asked);
            }
        }
        row.response_p50_us = response.at(0.50);
        row.response_p99_us = response.at(0.99);
        row.send_lag_p99_us = send_lag.at(0.99);
        row.send_lag_max_us = send_lag.at(1.0);
        row
    }

    fn write(&self, line: &mut String) {
        let shown = |figure: Option<u64>| figure.map(|n| n.to_string()).unwrap_or_default();
        let cells = [
            self.second.to_string(),
            quoted(&self.phase),
            self.due.to_string(),
            self.sent.to_string(),
            self.done.to_string(),
            self.unsent.to_string(),
            self.in_flight.to_string(),
            shown(self.response_p50_us),
            shown(self.response_p99_us),
            shown(self.send_lag_p99_us),
            shown(self.send_lag_max_us),
            self.waited.to_string(),
            self.worker_cpu_us.to_string(),
            self.worker_spun_us.to_string(),
            shown(self.run_delay_us),
            shown(self.steal_us),
            shown(self.lookups),
            shown(self.cache_asked),
            shown(self.cache_missed),
            quoted(&self.faults),
        ];
        line.push_str(&cells.join(","));
        for count in self.verdicts.iter().chain(&self.classes) {
            // Writing to a string cannot fail.
            let _ = write!(line, ",{count}");
        }
        line.push('\n');
    }

    /// Reads a row; columns may stand in any order, and unknown ones are passed over.
    fn read(header: &[String], cells: &[String]) -> Option<Self> {
        if header.len() != cells.len() {
            return None;
        }
        let mut row = Self::default();
        for (name, cell) in header.iter().zip(cells) {
            let number = || cell.parse::<u64>().ok();
            match name.as_str() {
                "second" => row.second = number()?,
                "phase" => row.phase.clone_from(cell),
                "due" => row.due = number()?,
                "sent" => row.sent = number()?,
                "done" => row.done = number()?,
                "unsent" => row.unsent = number()?,
                "in_flight" => row.in_flight = number()?,
                "response_p50_us" => row.response_p50_us = number(),
                "response_p99_us" => row.response_p99_us = number(),
                "send_lag_p99_us" => row.send_lag_p99_us = number(),
                "send_lag_max_us" => row.send_lag_max_us = number(),
                "waited" => row.waited = number()?,
                "worker_cpu_us" => row.worker_cpu_us = number()?,
                "worker_spun_us" => row.worker_spun_us = number()?,
                "run_delay_us" => row.run_delay_us = number(),
                "steal_us" => row.steal_us = number(),
                "lookups" => row.lookups = number(),
                "cache_asked" => row.cache_asked = number(),
                "cache_missed" => row.cache_missed = number(),
                "faults" => row.faults.clone_from(cell),
                name => {
                    // `unavailable` and `error` are verdicts, `accepted` is a class: no name is both.
                    if let Some(verdict) = Verdict::named(name) {
                        row.verdicts[verdict.index()] = number()?;
                    } else if let Some(class) = Class::named(name) {
                        row.classes[class.index()] = number()?;
                    }
                }
            }
        }
        Some(row)
    }
}

/// Writes `timeline.csv`.
#[derive(Debug)]
pub struct Timeline {
    file: AppendFile,
}

impl Timeline {
    pub(super) fn start(mut file: AppendFile) -> io::Result<Self> {
        file.append(header().as_bytes())?;
        Ok(Self { file })
    }

    /// Adds a row.
    pub fn append(&mut self, row: &TimelineRow) -> io::Result<()> {
        let mut line = String::with_capacity(256);
        row.write(&mut line);
        self.file.append(line.as_bytes())
    }
}

fn header() -> String {
    let verdicts = Verdict::ALL.into_iter().map(Verdict::name);
    let classes = Class::ALL.into_iter().map(Class::name);
    let names: Vec<&str> = FIXED.into_iter().chain(verdicts).chain(classes).collect();
    format!("{}\n", names.join(","))
}

/// Reads the rows of a `timeline.csv`. A last line that was cut short is left out.
pub fn read_rows(text: &str) -> Vec<TimelineRow> {
    let lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let mut reader = RowReader::default();
    lines.filter_map(|line| reader.line(line)).collect()
}

/// Reads a `timeline.csv` a line at a time, its header first.
#[derive(Debug, Default)]
pub struct RowReader {
    header: Option<Vec<String>>,
}

impl RowReader {
    /// The row of a line; `None` for the header and for what is no row.
    pub fn line(&mut self, line: &str) -> Option<TimelineRow> {
        let cells = split_cells(line);
        if let Some(header) = &self.header {
            return TimelineRow::read(header, &cells);
        }
        self.header = Some(cells);
        None
    }
}

/// A field as RFC 4180 §2 has it. Line breaks become spaces: a row is a line.
fn quoted(text: &str) -> String {
    let text = text.replace(['\r', '\n'], " ");
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

fn split_cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut inside = false;
    let mut characters = line.trim_end_matches(['\r', '\n']).chars().peekable();
    while let Some(c) = characters.next() {
        let last = cells.len() - 1;
        match c {
            '"' if inside && characters.peek() == Some(&'"') => {
                characters.next();
                cells[last].push('"');
            }
            '"' => inside = !inside,
            ',' if !inside => cells.push(String::new()),
            _ => cells[last].push(c),
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::measure::Shape;
    use crate::outcome::Truth;

    use super::*;

    fn row() -> TimelineRow {
        let shape = Shape { phases: 2, ..Shape::default() };
        let mut recorder = Recorder::new(&shape);
        for phase in 0..2 {
            let record = recorder.phase(phase);
            record.done += 1;
            record.verdicts[Verdict::CorrectAccept.index()] += 1;
            record.matrix[Truth::MustAccept.index()][Class::Accepted.index()] += 1;
            record.response[Class::Accepted.index()].record(Duration::from_micros(900));
            record.due += 2;
            record.send_lag.record(Duration::from_micros(40));
        }
        TimelineRow {
            phase: "a, \"b\"".into(),
            lookups: Some(5),
            cache_asked: Some(4),
            cache_missed: Some(1),
            steal_us: Some(70_000),
            waited: 2,
            ..TimelineRow::of(3, &recorder)
        }
    }

    #[test]
    fn a_second_sums_its_phases() {
        let row = row();
        assert_eq!((row.second, row.due, row.done), (3, 4, 2));
        assert_eq!(row.verdicts[Verdict::CorrectAccept.index()], 2);
        assert_eq!(row.classes[Class::Accepted.index()], 2);
        assert_eq!((row.response_p99_us, row.send_lag_max_us), (Some(900), Some(40)));
    }

    #[test]
    fn rows_read_back_as_written_and_a_torn_one_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("timeline.csv");
        let mut timeline = Timeline::start(AppendFile::create(&path).unwrap()).unwrap();
        timeline.append(&row()).unwrap();
        timeline.append(&TimelineRow::default()).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(read_rows(&text), [row(), TimelineRow::default()]);
        let widths: Vec<usize> = text.lines().map(|line| split_cells(line).len()).collect();
        assert_eq!(widths, [FIXED.len() + Verdict::COUNT + Class::COUNT; 3]);
        assert_eq!(read_rows(&text[..text.len() - 3]).len(), 1);
        assert!(read_rows("").is_empty() && read_rows("second\nx\n").is_empty());
    }

    #[test]
    fn no_two_columns_share_a_name() {
        let header = header();
        let mut names: Vec<&str> = header.trim().split(',').collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
