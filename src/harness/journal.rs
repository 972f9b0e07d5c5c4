//! The undo journal: what a run is about to change, on disk before it is changed.
//!
//! One JSON line a batch, synced before the first effect. With the embedded stack nothing outlives
//! the run, and the lines say so; with a target of one's own they are what [`heal`](super::heal)
//! works from.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::identity::Change;

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// What follows was written against this directory.
    Opened {
        /// Base URL of the SCIM service; `None` for the embedded stack, which dies with the run.
        scim: Option<String>,
    },
    /// Users that the run is about to make. Undone by deleting them.
    Seeding {
        /// Their subjects.
        subjects: Vec<String>,
    },
    /// Users that the run is about to change. Undone with those that it made.
    Changing {
        /// How.
        change: Change,
        /// Their subjects.
        subjects: Vec<String>,
    },
    /// Everything above was undone, and that was verified.
    Undone,
}

/// An open journal; clones write to the same file.
#[derive(Clone, Debug)]
pub struct Journal {
    file: Arc<Mutex<File>>,
    path: PathBuf,
    /// Whether changes outlive the run.
    outlives: bool,
}

impl Journal {
    /// Begins a journal in a new file.
    pub fn create(path: &Path, scim: Option<String>) -> io::Result<Self> {
        let file = OpenOptions::new().create_new(true).append(true).open(path)?;
        let outlives = scim.is_some();
        let journal = Self { file: Arc::new(Mutex::new(file)), path: path.to_owned(), outlives };
        journal.write(&Entry::Opened { scim })?;
        Ok(journal)
    }

    /// Continues a journal that is there.
    pub fn reopen(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).open(path)?;
        // A line that was cut short would swallow the one that is written after it.
        let text = std::fs::read(path)?;
        let whole = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        file.set_len(whole as u64)?;
        Ok(Self { file: Arc::new(Mutex::new(file)), path: path.to_owned(), outlives: true })
    }

    /// Writes a line and waits until it is on disk. Blocks.
    pub fn write(&self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let before = file.metadata()?.len();
        if let Err(error) = file.write_all(&line) {
            // Half a line must not stay; the first error is the one that matters.
            let _ = file.set_len(before);
            return Err(error);
        }
        file.sync_data()
    }

    /// Journals changes that are about to be made. The embedded stack's end with it, so there is
    /// nothing to write down.
    pub async fn before(&self, change: Change, subjects: &[String]) -> io::Result<()> {
        if !self.outlives {
            return Ok(());
        }
        let (journal, subjects) = (self.clone(), subjects.to_vec());
        let write = move || journal.write(&Entry::Changing { change, subjects });
        tokio::task::spawn_blocking(write).await.map_err(io::Error::other)?
    }

    /// Every user that this journal says was made or may have been.
    pub fn subjects(&self) -> io::Result<BTreeSet<String>> {
        let mut all = BTreeSet::new();
        for entry in Self::read(&self.path)? {
            match entry {
                Entry::Seeding { subjects } | Entry::Changing { subjects, .. } => {
                    all.extend(subjects);
                }
                Entry::Opened { .. } | Entry::Undone => {}
            }
        }
        Ok(all)
    }

    /// The entries of a journal; a last line that was cut short is left out, because what it
    /// announces was never done.
    pub fn read(path: &Path) -> io::Result<Vec<Entry>> {
        let text = std::fs::read(path)?;
        let lines = text.split_inclusive(|&byte| byte == b'\n');
        // It may have been cut inside a character.
        let whole = lines.take_while(|line| line.ends_with(b"\n"));
        Ok(whole.map_while(|line| serde_json::from_slice(line).ok()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_written_is_read_back_but_for_a_cut_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let journal = Journal::create(&path, Some("u".into())).unwrap();
        journal.before(Change::Delete, &["a".into(), "b".into()]).await.unwrap();
        drop(journal);
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"entry\":\"undo\xc3").unwrap();
        let subjects = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(
            Journal::read(&path).unwrap(),
            [
                Entry::Opened { scim: Some("u".into()) },
                Entry::Changing { change: Change::Delete, subjects }
            ]
        );
        Journal::reopen(&path).unwrap().write(&Entry::Undone).unwrap();
        assert_eq!(Journal::read(&path).unwrap().last(), Some(&Entry::Undone));
        assert!(Journal::create(&path, None).is_err(), "a journal is never written over");
    }
}
