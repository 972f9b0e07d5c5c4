//! `events.jsonl`: what was done to the system under test, one object a line, as it happens.

use std::io;

use serde::{Deserialize, Serialize};

use crate::identity::Change;

use super::append::AppendFile;

/// Something that was done. Instants are in seconds from the start of load; those before it are
/// negative.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A fault began.
    FaultBegan {
        /// When.
        at: f64,
        /// Its position in the plan, from 0.
        fault: usize,
        /// The kind's name.
        kind: String,
        /// What is done.
        text: String,
    },
    /// A fault ended.
    FaultEnded {
        /// When.
        at: f64,
        /// Its position in the plan, from 0.
        fault: usize,
        /// The kind's name.
        kind: String,
        /// How often it bit.
        hits: u64,
        /// What went wrong, if it could not be carried out as planned.
        #[serde(skip_serializing_if = "Option::is_none")]
        trouble: Option<String>,
    },
    /// A user was changed, and the directory said so.
    Changed {
        /// When it was asked for.
        inv: f64,
        /// When it was acknowledged.
        ack: f64,
        /// Its index in the population.
        user: u32,
        /// How.
        change: Change,
        /// How it is followed up: `probed`, `quiet` or `unprobed`.
        cohort: String,
    },
    /// A change failed, or its outcome is unknown: the user is grey from then on.
    ChangeFailed {
        /// When that was known.
        at: f64,
        /// The user's index in the population.
        user: u32,
        /// How it should have been changed.
        change: Change,
        /// Why it was not.
        reason: String,
    },
    /// Anything else worth a line: the start of load, a signal, the end.
    Note {
        /// When.
        at: f64,
        /// What.
        text: String,
    },
}

/// Writes `events.jsonl`.
#[derive(Debug)]
pub struct EventLog {
    file: AppendFile,
    line: Vec<u8>,
}

impl EventLog {
    pub(super) fn new(file: AppendFile) -> Self {
        Self { file, line: Vec::new() }
    }

    /// Adds an event.
    pub fn append(&mut self, event: &Event) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, event).map_err(io::Error::other)?;
        self.line.push(b'\n');
        self.file.append(&self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let mut log = EventLog::new(AppendFile::create(&path).unwrap());
        let changed = Event::Changed {
            inv: 5.0,
            ack: 5.25,
            user: 7,
            change: Change::Delete,
            cohort: "probed".into(),
        };
        let note = Event::Note { at: -1.0, text: "two\nlines".into() };
        log.append(&changed).unwrap();
        log.append(&note).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(text.starts_with(r#"{"event":"changed","inv":5.0,"ack":5.25,"user":7,"#), "{text}");
        let read = |line| serde_json::from_str::<Event>(line).unwrap();
        assert_eq!(text.lines().map(read).collect::<Vec<_>>(), [changed, note]);
    }
}
