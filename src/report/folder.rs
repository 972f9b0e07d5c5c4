//! The folder of one run: `reports/<scenario>-<UTC time>-<seed>/`.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use crate::clock::compact;

use super::append::{AppendFile, explain, replace};
use super::events::EventLog;
use super::hlog::LatencyLog;
use super::model::RunReport;
use super::timeline::Timeline;

/// Manifest and figures.
pub const RUN_JSON: &str = "run.json";
/// One row a second.
pub const TIMELINE_CSV: &str = "timeline.csv";
/// Faults and changes of users as they happen.
pub const EVENTS_JSONL: &str = "events.jsonl";
/// Histograms of latency, one a class and phase and second.
pub const LATENCY_HLOG: &str = "latency.hlog";
/// What can be undone, written before it is done.
pub const JOURNAL_JSONL: &str = "journal.jsonl";
/// The summary that the console shows, as text.
pub const SUMMARY_TXT: &str = "summary.txt";
/// The page for people.
pub const REPORT_HTML: &str = "report.html";
/// The summary for pull requests.
pub const SUMMARY_MD: &str = "summary.md";
/// The run as test cases.
pub const JUNIT_XML: &str = "junit.xml";
/// The folder of the charts.
pub const CHARTS: &str = "charts";

/// Runs of one scenario, seed and second that are told apart by a number.
const MOST_TWINS: u32 = 1_000;

/// A run's folder, which exists and can be written to.
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Makes the folder under `root`, and `root` too where it is missing.
    ///
    /// A second run in the same second gets a number at the end. The error names the path and
    /// what to do; it comes before any load, so that a run never ends without a place to write.
    pub fn create(
        root: &Path,
        scenario: &str,
        started: OffsetDateTime,
        seed: u64,
    ) -> io::Result<Self> {
        std::fs::create_dir_all(root).map_err(|error| explain(&error, "create", root))?;
        let name = format!("{}-{}-{seed}", file_name(scenario), compact(started));
        for twin in 1..=MOST_TWINS {
            let path = match twin {
                1 => root.join(&name),
                _ => root.join(format!("{name}-{twin}")),
            };
            match std::fs::create_dir(&path) {
                Ok(()) => return Self::checked(path),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(explain(&error, "create", &path)),
            }
        }
        let path = root.join(name);
        Err(explain(&io::Error::from(ErrorKind::AlreadyExists), "create", &path))
    }

    /// A folder can be made on a full disk where a file cannot be written.
    fn checked(path: PathBuf) -> io::Result<Self> {
        let folder = Self { path };
        let probe = folder.path.join(RUN_JSON);
        match replace(&probe, b"{}\n") {
            Ok(()) => Ok(folder),
            Err(error) => {
                let _ = std::fs::remove_dir(&folder.path);
                Err(error)
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Replaces `run.json`, so that at any time a whole one is there.
    pub fn write_report(&self, report: &RunReport) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(report).map_err(io::Error::other)?;
        text.push(b'\n');
        replace(&self.file(RUN_JSON), &text)
    }

    /// Removes the folder of a run that ended before any second of load was recorded. Where that
    /// cannot be done it stays.
    pub fn remove_if_nothing_recorded(&self) {
        let holds = |name: &str| std::fs::read_to_string(self.file(name)).unwrap_or_default();
        let is_empty = holds(TIMELINE_CSV).lines().count() <= 1 && holds(EVENTS_JSONL).is_empty();
        if is_empty {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }

    /// Starts `timeline.csv`.
    pub fn timeline(&self) -> io::Result<Timeline> {
        Timeline::start(AppendFile::create(&self.file(TIMELINE_CSV))?)
    }

    /// Starts `events.jsonl`.
    pub fn events(&self) -> io::Result<EventLog> {
        Ok(EventLog::new(AppendFile::create(&self.file(EVENTS_JSONL))?))
    }

    /// Starts `latency.hlog`.
    pub fn latency_log(&self) -> io::Result<LatencyLog> {
        Ok(LatencyLog::new(AppendFile::create(&self.file(LATENCY_HLOG))?))
    }
}

/// Replaces a file below a folder, and makes what folders are missing on the way.
pub(super) fn write_file(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|error| explain(&error, "create", parent))?;
    }
    replace(&path, bytes)
}

/// A scenario's name as a part of a file name: nothing that a shell or a file system minds.
fn file_name(scenario: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let name: String = scenario.chars().take(64).map(plain).collect();
    let name = name.trim_start_matches(['.', '-']);
    if name.is_empty() { "run".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_795_466_580).unwrap()
    }

    #[test]
    fn folders_of_the_same_second_are_told_apart() {
        let root = tempfile::tempdir().unwrap();
        let reports = root.path().join("a/reports");
        let name = |twin: &RunFolder| twin.path().file_name().unwrap().to_owned();
        let first = RunFolder::create(&reports, "deleted-users", at(), 7).unwrap();
        let second = RunFolder::create(&reports, "deleted-users", at(), 7).unwrap();
        assert_eq!(name(&first), "deleted-users-20261123T204300Z-7");
        assert_eq!(name(&second), "deleted-users-20261123T204300Z-7-2");
        assert!(first.file(RUN_JSON).exists());
    }

    #[test]
    fn a_folder_goes_only_while_nothing_is_recorded() {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(root.path(), "x", at(), 1).unwrap();
        let mut timeline = folder.timeline().unwrap();
        folder.events().unwrap();
        timeline.append(&super::super::timeline::TimelineRow::default()).unwrap();
        folder.remove_if_nothing_recorded();
        assert!(folder.path().exists(), "a second of load is there");
        let empty = RunFolder::create(root.path(), "x", at(), 1).unwrap();
        empty.timeline().unwrap();
        empty.events().unwrap();
        empty.remove_if_nothing_recorded();
        assert!(!empty.path().exists());
    }

    #[test]
    fn names_of_scenarios_cannot_leave_the_folder() {
        assert_eq!(file_name("../../etc"), "etc".to_owned());
        assert_eq!(file_name("a b/c"), "a-b-c");
        assert_eq!(file_name("…"), "run");
        assert_eq!(file_name(&"x".repeat(300)).len(), 64);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_an_error_before_the_run() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = RunFolder::create(&file, "x", at(), 1).unwrap_err().to_string();
        assert!(error.contains("cannot create") && error.contains("file"), "{error}");
        let error = RunFolder::create(&file.join("below"), "x", at(), 1).unwrap_err().to_string();
        assert!(error.contains("--out"), "{error}");
    }

    #[test]
    fn a_report_is_read_back_as_it_was_written() {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(root.path(), "x", at(), 1).unwrap();
        let report = RunReport { seed: u64::MAX, partial: true, ..RunReport::default() };
        folder.write_report(&report).unwrap();
        let text = std::fs::read_to_string(folder.file(RUN_JSON)).unwrap();
        assert_eq!(serde_json::from_str::<RunReport>(&text).unwrap(), report);
        write_file(folder.path(), "charts/x.svg", b"<svg/>").unwrap();
        assert!(folder.file("charts/x.svg").exists());
    }
}
