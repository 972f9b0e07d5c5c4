//! A store of users in a SQLite file.
//!
//! A subject is compared byte for byte: case counts, white space counts, NUL is a character like
//! any other. One connection writes and another reads, each behind its own lock. The file is in
//! WAL mode, so that neither waits for the other.
//!
//! Durable means committed: what a call has returned survives the death of the process. It need
//! not survive a power cut, because the stores live no longer than the run that made them.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

/// A file that SQLite could not read or write.
#[derive(Debug, thiserror::Error)]
#[error("the user store {} could not {what}: {source}", path.display())]
pub struct StoreError {
    path: PathBuf,
    what: &'static str,
    source: rusqlite::Error,
}

/// What one user is after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserChange {
    /// The subject.
    pub subject: String,
    /// Whether the user may come in; `None` once there is no such user.
    pub active: Option<bool>,
}

/// A change of one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The user is made, with this for `active`. Takes only if there is none.
    Create {
        /// Whether it may come in.
        active: bool,
    },
    /// `active` becomes this. Takes only if there is such a user.
    SetActive(bool),
    /// The user is removed. Takes only if there is one.
    Delete,
}

impl Edit {
    fn leaves(self) -> Option<bool> {
        match self {
            Self::Create { active } | Self::SetActive(active) => Some(active),
            Self::Delete => None,
        }
    }
}

/// Users in a SQLite file: subject, and whether active.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
}

const PUT: &str = "INSERT INTO users (subject, active) VALUES (?1, ?2)
                   ON CONFLICT (subject) DO UPDATE SET active = excluded.active";

/// A panic between two statements leaves SQLite itself in order, so a poisoned lock is passed over.
fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SqliteStore {
    /// Opens the file, and makes it where it is missing.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let fail = |source| StoreError { path: path.to_owned(), what: "be opened", source };
        let writer = Connection::open(path).map_err(fail)?;
        // Without a sync to disk: see the module's note. A subject is the table's only key, so
        // the table is its own index.
        writer
            .execute_batch(
                "PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = OFF;
                 PRAGMA cache_size = -32768;
                 PRAGMA busy_timeout = 5000;
                 CREATE TABLE IF NOT EXISTS users (
                     subject TEXT NOT NULL PRIMARY KEY COLLATE BINARY,
                     active  INTEGER NOT NULL
                 ) WITHOUT ROWID;",
            )
            .map_err(fail)?;
        let reader = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(fail)?;
        // Pages come from the system's cache by way of the mapping, up to 4 GiB of them.
        reader
            .execute_batch("PRAGMA mmap_size = 4294967296; PRAGMA busy_timeout = 5000;")
            .map_err(fail)?;
        Ok(Self { path: path.to_owned(), writer: Mutex::new(writer), reader: Mutex::new(reader) })
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps everybody else from changing anything.
    pub(super) fn writer(&self) -> MutexGuard<'_, Connection> {
        lock(&self.writer)
    }

    pub(super) fn fail(&self, what: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
        move |source| StoreError { path: self.path.clone(), what, source }
    }

    /// Whether the user is active; `None` where there is no such user. Takes some microseconds.
    pub fn lookup(&self, subject: &str) -> Result<Option<bool>, StoreError> {
        let fail = self.fail("look a user up");
        let reader = lock(&self.reader);
        let mut statement =
            reader.prepare_cached("SELECT active FROM users WHERE subject = ?1").map_err(&fail)?;
        statement.query_row([subject], |row| row.get(0)).optional().map_err(&fail)
    }

    /// How many users there are. Reads the whole table.
    pub fn count(&self) -> Result<u64, StoreError> {
        let reader = lock(&self.reader);
        reader
            .query_row("SELECT count(*) FROM users", [], |row| row.get::<_, i64>(0))
            .map(i64::unsigned_abs)
            .map_err(self.fail("count its users"))
    }

    /// Makes one change; gives whether it took. Where it did, `committed` is called with the
    /// outcome before the next change can be made, so that outcomes are seen in the order of the
    /// commits.
    pub fn edit(
        &self,
        subject: &str,
        edit: Edit,
        committed: impl FnOnce(UserChange),
    ) -> Result<bool, StoreError> {
        let fail = self.fail("change a user");
        let writer = lock(&self.writer);
        let run = |sql: &str, with: &dyn rusqlite::ToSql| {
            let mut statement = writer.prepare_cached(sql)?;
            statement.execute(params![subject, with])
        };
        let rows = match edit {
            Edit::Create { active } => {
                run("INSERT OR IGNORE INTO users (subject, active) VALUES (?1, ?2)", &active)
            }
            Edit::SetActive(active) => {
                run("UPDATE users SET active = ?2 WHERE subject = ?1", &active)
            }
            Edit::Delete => run("DELETE FROM users WHERE subject = ?1 AND ?2", &true),
        }
        .map_err(fail)?;
        if rows > 0 {
            committed(UserChange { subject: subject.to_owned(), active: edit.leaves() });
        }
        Ok(rows > 0)
    }

    /// Makes all these changes in one transaction, whatever was there before.
    pub fn apply(&self, changes: &[UserChange]) -> Result<(), StoreError> {
        let fail = self.fail("apply changes");
        let writer = lock(&self.writer);
        let run = || {
            let transaction = writer.unchecked_transaction()?;
            {
                let mut put = transaction.prepare_cached(PUT)?;
                let mut delete =
                    transaction.prepare_cached("DELETE FROM users WHERE subject = ?1")?;
                for change in changes {
                    match change.active {
                        Some(active) => put.execute(params![change.subject, active])?,
                        None => delete.execute([&change.subject])?,
                    };
                }
            }
            transaction.commit()
        };
        run().map_err(fail)
    }

    /// Makes this store an exact copy of `other`. What is copied is `other` at one instant;
    /// `at_that_instant` is called then, while `other` cannot change.
    pub fn copy_from(
        &self,
        other: &Self,
        at_that_instant: impl FnOnce(),
    ) -> Result<(), StoreError> {
        let fail = self.fail("copy another store");
        let writer = lock(&self.writer);
        let path = other.path.to_string_lossy();
        writer.execute("ATTACH DATABASE ?1 AS other", [&*path]).map_err(&fail)?;
        let copied = (|| {
            let transaction = writer.unchecked_transaction()?;
            {
                let _other_at_rest = lock(&other.writer);
                // The first read fixes what the transaction sees of the other file.
                let see = "SELECT 1 FROM other.users LIMIT 1";
                transaction.query_row(see, [], |_| Ok(())).optional()?;
                at_that_instant();
            }
            transaction.execute_batch(
                "DELETE FROM main.users;
                 INSERT INTO main.users SELECT subject, active FROM other.users ORDER BY subject;",
            )?;
            transaction.commit()
        })();
        let detached = writer.execute_batch("DETACH DATABASE other");
        copied.and(detached).map_err(fail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(name: &str) -> (tempfile::TempDir, SqliteStore) {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&dir.path().join(name)).unwrap();
        (dir, store)
    }

    fn edit(store: &SqliteStore, subject: &str, edit: Edit) -> bool {
        store.edit(subject, edit, |_| ()).unwrap()
    }

    #[test]
    fn subjects_are_told_apart_byte_for_byte() {
        let (_dir, store) = store("users");
        let long = "x".repeat(65_536);
        let all = ["a", "A", "a ", " a", "a\0", "a\0b", "", "é", "e\u{301}", "1", "01", &long];
        for (i, subject) in all.iter().enumerate() {
            assert_eq!(store.lookup(subject).unwrap(), None, "{subject:?}");
            assert!(edit(&store, subject, Edit::Create { active: i % 2 == 0 }));
        }
        for (i, subject) in all.iter().enumerate() {
            assert_eq!(store.lookup(subject).unwrap(), Some(i % 2 == 0), "{subject:?}");
        }
        assert_eq!(store.count().unwrap(), all.len() as u64);
    }

    #[test]
    fn an_edit_takes_only_where_it_can() {
        let (_dir, store) = store("users");
        assert!(!edit(&store, "u", Edit::Delete));
        assert!(!edit(&store, "u", Edit::SetActive(false)));
        assert!(edit(&store, "u", Edit::Create { active: true }));
        assert!(!edit(&store, "u", Edit::Create { active: false }));
        assert_eq!(store.lookup("u").unwrap(), Some(true));
        assert!(edit(&store, "u", Edit::SetActive(false)));
        assert_eq!(store.lookup("u").unwrap(), Some(false));
        assert!(edit(&store, "u", Edit::Delete));
        assert_eq!(store.lookup("u").unwrap(), None);
    }

    #[test]
    fn only_what_took_is_announced() {
        let (_dir, store) = store("users");
        let mut seen = Vec::new();
        for what in [Edit::Delete, Edit::Create { active: true }, Edit::SetActive(false)] {
            store.edit("u", what, |change| seen.push(change.active)).unwrap();
        }
        assert_eq!(seen, [Some(true), Some(false)]);
    }

    #[test]
    fn changes_apply_in_their_order() {
        let (_dir, store) = store("users");
        let change = |subject: &str, active| UserChange { subject: subject.to_owned(), active };
        store
            .apply(&[
                change("gone", Some(true)),
                change("gone", None),
                change("back", None),
                change("back", Some(false)),
            ])
            .unwrap();
        assert_eq!(store.lookup("gone").unwrap(), None);
        assert_eq!(store.lookup("back").unwrap(), Some(false));
    }

    #[test]
    fn a_copy_is_exact_and_taken_at_one_instant() {
        let dir = tempfile::tempdir().unwrap();
        let primary = SqliteStore::open(&dir.path().join("primary'; --")).unwrap();
        let replica = SqliteStore::open(&dir.path().join("replica")).unwrap();
        let user = |subject: &str| UserChange { subject: subject.to_owned(), active: Some(true) };
        primary.apply(&[user("b"), user("a")]).unwrap();
        replica.apply(&[user("stale")]).unwrap();
        let mut instants = 0;
        for _ in 0..2 {
            replica.copy_from(&primary, || instants += 1).unwrap();
        }
        assert_eq!(instants, 2);
        assert_eq!(replica.lookup("a").unwrap(), Some(true));
        assert_eq!(replica.lookup("stale").unwrap(), None);
        assert_eq!(replica.count().unwrap(), 2);
        assert!(edit(&primary, "c", Edit::Create { active: true }), "the copy let go of it");
    }

    #[test]
    fn an_error_names_the_file() {
        let error = SqliteStore::open(Path::new("/nowhere/at/all/users")).unwrap_err().to_string();
        assert!(error.contains("/nowhere/at/all/users"), "{error}");
    }
}
