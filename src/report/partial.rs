//! A report from whatever a run left behind, also when it was killed.
//!
//! `run.json` is replaced about once a second while a run goes, so that a killed run leaves one
//! that says `partial`. Where it is missing or holds nothing, what can be known from the folder's
//! name and from `timeline.csv` stands in.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::outcome::{Class, Verdict};

use super::folder::{EVENTS_JSONL, RUN_JSON, TIMELINE_CSV};
use super::model::{Counts, Requests, RunReport};
use super::timeline::{TimelineRow, read_rows};

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is no such folder.
    #[error("no folder {}; give the folder of a run, such as reports/smoke-20260101T000000Z-7", .0.display())]
    Missing(PathBuf),
    /// It is a file, and not a report either.
    #[error("{} is not a folder; give the folder of a run", .0.display())]
    NotAFolder(PathBuf),
    /// It holds none of a run's files.
    #[error("{} is not the folder of a run: it has no {RUN_JSON}, {TIMELINE_CSV} or {EVENTS_JSONL}", .0.display())]
    NotARun(PathBuf),
    /// It is JSON, but of something else.
    #[error("{} is not a {RUN_JSON} of Substorm: it has neither scenario nor started_at", .0.display())]
    NotAReport(PathBuf),
    /// It is there and cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is there and is no report.
    #[error("{} is not a report that this version can read: {source}", path.display())]
    Garbled {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
}

impl LoadError {
    /// Whether the path itself is wrong, and not what lies there.
    pub fn is_bad_path(&self) -> bool {
        matches!(
            self,
            Self::Missing(_) | Self::NotAFolder(_) | Self::NotARun(_) | Self::NotAReport(_)
        )
    }
}

/// The folder that is meant where `run.json` itself may be given as well.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if path.file_name().is_some_and(|name| name == RUN_JSON) => {
            // A bare `run.json` lies in the working directory.
            if parent.as_os_str().is_empty() { Path::new(".") } else { parent }
        }
        _ => path,
    }
}

/// The report of a run's folder; `run.json` itself will do as well.
pub fn load(path: &Path) -> Result<RunReport, LoadError> {
    let folder = folder_of(path);
    match std::fs::metadata(folder) {
        Ok(found) if !found.is_dir() => return Err(LoadError::NotAFolder(folder.to_owned())),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(LoadError::Missing(folder.to_owned()));
        }
        Err(source) => return Err(LoadError::Unreadable { path: folder.to_owned(), source }),
    }
    let run_json = folder.join(RUN_JSON);
    match read(&run_json)? {
        // What is there before the first checkpoint.
        Some(text) if matches!(text.trim(), "" | "{}") => rebuild(folder),
        Some(text) => parse(&text, run_json),
        None if folder.join(TIMELINE_CSV).exists() || folder.join(EVENTS_JSONL).exists() => {
            rebuild(folder)
        }
        None => Err(LoadError::NotARun(folder.to_owned())),
    }
}

/// A report of any version: what newer ones have besides is left out, and every format that people
/// read says that the version is newer. Each version has told which scenario it was of, and when.
fn parse(text: &str, path: PathBuf) -> Result<RunReport, LoadError> {
    match serde_json::from_str::<RunReport>(text) {
        Ok(report) if report.scenario.is_empty() && report.started_at.is_empty() => {
            Err(LoadError::NotAReport(path))
        }
        Ok(report) => Ok(report),
        Err(source) => Err(LoadError::Garbled { path, source }),
    }
}

/// The text of a file; `None` if it is not there.
fn read(path: &Path) -> Result<Option<String>, LoadError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(LoadError::Unreadable { path: path.to_owned(), source }),
    }
}

fn rebuild(folder: &Path) -> Result<RunReport, LoadError> {
    let rows = read_rows(&read(&folder.join(TIMELINE_CSV))?.unwrap_or_default());
    let sum = |of: fn(&TimelineRow) -> u64| rows.iter().map(of).sum::<u64>();
    let mut report = RunReport {
        schema_version: super::model::SCHEMA_VERSION,
        partial: true,
        load_s: rows.last().map_or(0.0, |row| row.second as f64 + 1.0),
        reasons: vec![
            "the run ended before its first checkpoint; these are the sums of its timeline, \
             warm-up included"
                .to_owned(),
        ],
        requests: Requests {
            due: sum(|row| row.due),
            sent: sum(|row| row.sent),
            done: sum(|row| row.done),
            unsent: sum(|row| row.unsent),
            ..Requests::default()
        },
        verdicts: counts(Verdict::ALL.map(Verdict::name), &rows, |row| &row.verdicts),
        classes: counts(Class::ALL.map(Class::name), &rows, |row| &row.classes),
        ..RunReport::default()
    };
    read_name(folder, &mut report);
    Ok(report)
}

fn counts<const N: usize>(
    names: [&'static str; N],
    rows: &[TimelineRow],
    of: impl Fn(&TimelineRow) -> &[u64; N],
) -> Counts {
    let mut counts = Counts::default();
    for row in rows {
        let phase = counts.by_phase.entry(row.phase.clone()).or_default();
        for (name, count) in names.iter().zip(of(row)) {
            *counts.total.entry((*name).to_owned()).or_default() += count;
            *phase.entry((*name).to_owned()).or_default() += count;
        }
    }
    counts
}

/// `<scenario>-<UTC time>-<seed>`, perhaps with `-<number>` at the end.
fn read_name(folder: &Path, report: &mut RunReport) {
    // `.` has no name of its own.
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let is_time = |part: &str| {
        part.len() == 16 && part.ends_with('Z') && part.as_bytes().get(8) == Some(&b'T')
    };
    let parts: Vec<&str> = name.split('-').collect();
    let Some(at) = parts.iter().position(|part| is_time(part)) else { return };
    report.scenario = parts[..at].join("-");
    let time = parts[at];
    if time.is_ascii() {
        report.started_at = format!(
            "{}-{}-{}T{}:{}:{}Z",
            &time[..4],
            &time[4..6],
            &time[6..8],
            &time[9..11],
            &time[11..13],
            &time[13..15]
        );
    }
    report.seed = parts.get(at + 1).and_then(|seed| seed.parse().ok()).unwrap_or(0);
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::super::folder::RunFolder;
    use super::*;

    fn folder(root: &Path) -> RunFolder {
        let at = OffsetDateTime::from_unix_timestamp(1_795_466_580).unwrap();
        RunFolder::create(root, "sync-lag", at, 7).unwrap()
    }

    #[test]
    fn a_killed_run_shows_its_last_checkpoint() {
        let root = tempfile::tempdir().unwrap();
        let folder = folder(root.path());
        let report = RunReport { scenario: "x".into(), partial: true, ..RunReport::default() };
        folder.write_report(&report).unwrap();
        std::fs::write(folder.file("run.json.new"), "{\"scen").unwrap();
        assert_eq!(load(folder.path()).unwrap(), report);
        assert_eq!(load(&folder.file(RUN_JSON)).unwrap(), report);
    }

    #[test]
    fn before_the_first_checkpoint_the_timeline_stands_in() {
        let root = tempfile::tempdir().unwrap();
        let folder = folder(root.path());
        let mut timeline = folder.timeline().unwrap();
        for second in 0..2 {
            let mut row = TimelineRow { second, due: 10, phase: "steady".into(), ..<_>::default() };
            row.verdicts[Verdict::FalseAccept.index()] = 3;
            timeline.append(&row).unwrap();
        }
        let report = load(folder.path()).unwrap();
        assert!(report.partial && !report.valid);
        assert_eq!((report.scenario.as_str(), report.seed), ("sync-lag", 7));
        assert_eq!(report.started_at, "2026-11-23T20:43:00Z");
        assert_eq!((report.requests.due, report.verdicts.of("false_accept")), (20, 6));
        assert_eq!(report.verdicts.in_phase("steady", "false_accept"), 6);
    }

    #[test]
    fn fields_of_other_versions_do_no_harm() {
        let root = tempfile::tempdir().unwrap();
        let folder = folder(root.path());
        let text = r#"{"schema_version": 9, "scenario": "x", "novelty": {"a": 1},
            "faults": [{"kind": "churn", "colour": "red"}]}"#;
        std::fs::write(folder.file(RUN_JSON), text).unwrap();
        let report = load(folder.path()).unwrap();
        assert_eq!((report.schema_version, report.faults[0].kind.as_str()), (9, "churn"));
    }

    #[test]
    fn what_is_no_run_is_an_error_that_says_so() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(matches!(load(&root.path().join("none")), Err(LoadError::Missing(_))));
        assert!(matches!(load(&file), Err(LoadError::NotAFolder(_))));
        assert!(matches!(load(root.path()), Err(LoadError::NotARun(_))));
        std::fs::write(root.path().join(RUN_JSON), "{\"seed\": \"x\"}").unwrap();
        let error = load(root.path()).unwrap_err();
        assert!(matches!(error, LoadError::Garbled { .. }) && !error.is_bad_path());
        for text in [r#"{"schema_version":1}"#, r#"{"schema_version":99,"runs":[]}"#] {
            std::fs::write(root.path().join(RUN_JSON), text).unwrap();
            let error = load(root.path()).unwrap_err();
            assert!(error.is_bad_path(), "{error}");
            assert!(error.to_string().contains("is not a run.json of Substorm"), "{error}");
        }
        std::fs::write(root.path().join(RUN_JSON), [0xff, 0xfe]).unwrap();
        assert!(matches!(load(root.path()), Err(LoadError::Unreadable { .. })));
    }
}
