//! Undoes what a run that was killed left behind in a directory of one's own.
//!
//! The journal of each run says which users it made or changed. A run that ended by itself has
//! undone that; one that was killed has not, and the next run into the same folder refuses to
//! start until it is healed.

use std::path::{Path, PathBuf};

use crate::directory::scim::Client;

use super::error::RunError;
use super::journal::{Entry, Journal};
use super::seeding;
use super::system::{System, Target};

/// The journal's name in a run folder.
pub const JOURNAL: &str = "journal.jsonl";

/// What is left to undo in a run folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leftover {
    /// Nothing: it was undone, or died with the embedded stack.
    Nothing,
    /// Users in this directory.
    Users {
        /// Base URL of its SCIM service.
        scim: String,
    },
}

/// Reads what a run left. A folder without a journal changed nothing.
pub fn leftover(folder: &Path) -> Result<Leftover, RunError> {
    let entries = match Journal::read(&folder.join(JOURNAL)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Leftover::Nothing),
        Err(error) => return Err(RunError::Record(error)),
    };
    if entries.contains(&Entry::Undone) {
        return Ok(Leftover::Nothing);
    }
    let changed = |entry: &Entry| matches!(entry, Entry::Seeding { .. } | Entry::Changing { .. });
    let scim = entries.iter().find_map(|entry| match entry {
        Entry::Opened { scim } => scim.clone(),
        _ => None,
    });
    Ok(match scim {
        Some(scim) if entries.iter().any(changed) => Leftover::Users { scim },
        _ => Leftover::Nothing,
    })
}

/// The first run folder under `root` that has something left to undo in this directory.
pub fn unhealed(root: &Path, scim: &str) -> Option<PathBuf> {
    let folders = std::fs::read_dir(root).ok()?;
    folders.filter_map(Result::ok).map(|entry| entry.path()).find(
        |folder| matches!(leftover(folder), Ok(Leftover::Users { scim: other }) if other == scim),
    )
}

/// Undoes what a run left, and verifies it. Gives what could not be undone.
pub fn heal(folder: &Path, scim_token: Option<String>) -> Result<Vec<String>, RunError> {
    let Leftover::Users { scim } = leftover(folder)? else { return Ok(Vec::new()) };
    let client = Client::new(&scim, scim_token).map_err(super::system::SystemError::from)?;
    let journal = Journal::reopen(&folder.join(JOURNAL)).map_err(RunError::Record)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(RunError::Runtime)?;
    let system = std::sync::Arc::new(System::Target(Target::directory_only(client)?));
    Ok(runtime.block_on(seeding::undo(&system, &journal)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Change;

    fn journal(scim: Option<&str>, entries: &[Entry]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(JOURNAL);
        let journal = Journal::create(&path, scim.map(str::to_owned)).unwrap();
        for entry in entries {
            journal.write(entry).unwrap();
        }
        folder
    }

    #[test]
    fn only_what_was_changed_elsewhere_and_not_undone_is_left() {
        let changing = Entry::Changing { change: Change::Delete, subjects: vec!["a".into()] };
        let url = "http://127.0.0.1:1/scim/v2";
        let left = |scim, entries: &[Entry]| leftover(journal(scim, entries).path()).unwrap();
        assert_eq!(left(None, std::slice::from_ref(&changing)), Leftover::Nothing);
        assert_eq!(left(Some(url), &[]), Leftover::Nothing);
        assert_eq!(left(Some(url), &[changing.clone(), Entry::Undone]), Leftover::Nothing);
        assert_eq!(left(Some(url), &[changing]), Leftover::Users { scim: url.into() });
        assert_eq!(leftover(Path::new("/nowhere")).unwrap(), Leftover::Nothing);
    }

    #[test]
    fn an_unhealed_run_is_found_by_its_directory() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("run");
        std::fs::create_dir(&folder).unwrap();
        let journal = Journal::create(&folder.join(JOURNAL), Some("u".into())).unwrap();
        journal.write(&Entry::Seeding { subjects: vec!["a".into()] }).unwrap();
        assert_eq!(unhealed(root.path(), "u"), Some(folder));
        assert_eq!(unhealed(root.path(), "v"), None);
        journal.write(&Entry::Undone).unwrap();
        assert_eq!(unhealed(root.path(), "u"), None);
    }
}
