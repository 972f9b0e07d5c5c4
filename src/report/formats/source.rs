//! What a run's folder gives to make formats from: its report, its course, its events.

use std::mem::{Discriminant, discriminant};
use std::path::Path;

use super::super::course::{Course, CourseError, each_line};
use super::super::events::Event;
use super::super::folder::EVENTS_JSONL;
use super::super::model::RunReport;
use super::super::partial::{self, LoadError, folder_of};
use super::{Input, Material};

/// Events of one kind that are kept; all are in `events.jsonl`.
const MOST_OF_A_KIND: usize = 2_000;

/// A report with what else its formats need.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The figures.
    pub report: RunReport,
    /// The seconds of load.
    pub course: Course,
    /// What was done, the first of each kind.
    pub events: Vec<Event>,
}

/// Why there is nothing to make formats from.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is no report.
    #[error(transparent)]
    Report(#[from] LoadError),
    /// The course of the run cannot be read.
    #[error(transparent)]
    Course(#[from] CourseError),
}

impl SourceError {
    /// Whether the path itself is wrong, and not what lies there.
    pub fn is_bad_path(&self) -> bool {
        matches!(self, Self::Report(error) if error.is_bad_path())
    }
}

impl Source {
    /// What a folder holds, however the run ended; `run.json` itself will do as well.
    pub fn load(path: &Path) -> Result<Self, SourceError> {
        let report = partial::load(path)?;
        let folder = folder_of(path);
        Ok(Self { report, course: Course::read(folder)?, events: events(folder) })
    }

    /// As formats take it.
    pub fn material(&self) -> Material<'_> {
        let Self { report, course, events } = self;
        Material::new(Input { report, course, events })
    }
}

/// The first events of each kind in the file of a run's folder; none where it cannot be read.
pub fn events(folder: &Path) -> Vec<Event> {
    let mut kept = Vec::new();
    let mut counts: Vec<(Discriminant<Event>, usize)> = Vec::new();
    // Where the file cannot be read to its end, what came before is kept.
    let _ = each_line(&folder.join(EVENTS_JSONL), |line| {
        // What is no event of this version is left out.
        let Ok(event) = serde_json::from_str::<Event>(line) else { return };
        let kind = discriminant(&event);
        let place = counts.iter().position(|(known, _)| *known == kind).unwrap_or_else(|| {
            counts.push((kind, 0));
            counts.len() - 1
        });
        let (_, seen) = &mut counts[place];
        *seen += 1;
        if *seen <= MOST_OF_A_KIND {
            kept.push(event);
        }
    });
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_crowd_of_events_the_first_of_each_kind_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let change =
            r#"{"event":"change_failed","at":1.0,"user":7,"change":"delete","reason":"x"}"#;
        let note = r#"{"event":"note","at":2.0,"text":"end of load"}"#;
        let text = format!("{}{note}\n{{\"event\":\"no", format!("{change}\n").repeat(3_000));
        std::fs::write(folder.path().join(EVENTS_JSONL), text).unwrap();
        let kept = events(folder.path());
        assert_eq!(kept.len(), MOST_OF_A_KIND + 1);
        assert!(matches!(kept.last(), Some(Event::Note { .. })));
        assert!(events(&folder.path().join("none")).is_empty());
    }
}
