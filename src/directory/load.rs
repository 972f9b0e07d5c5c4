//! Taking many users into a store at once.
//!
//! Subjects come in any order, and a tree that is filled in random order writes each page many
//! times over. So they are put aside first, and then sorted into the tree in one pass. All of
//! them are taken or none.

use std::sync::Arc;

use rusqlite::Connection;

use super::store::{SqliteStore, StoreError};

/// Users on their way into a store.
#[derive(Debug)]
pub struct Load {
    store: Arc<SqliteStore>,
    aside: Connection,
    users: u64,
}

impl Load {
    /// Nobody yet.
    pub fn begin(store: Arc<SqliteStore>) -> Result<Self, StoreError> {
        let open = || {
            let aside = Connection::open(store.path())?;
            // The cache is also the memory that the sort may take: 64 MiB.
            aside.execute_batch(
                "PRAGMA synchronous = OFF;
                 PRAGMA busy_timeout = 5000;
                 PRAGMA cache_size = -65536;
                 PRAGMA temp_store = FILE;
                 CREATE TEMP TABLE aside (subject TEXT NOT NULL);",
            )?;
            Ok(aside)
        };
        let aside = open().map_err(store.fail("be opened for many users"))?;
        Ok(Self { store, aside, users: 0 })
    }

    /// Puts these users aside.
    pub fn add(&mut self, subjects: &[String]) -> Result<(), StoreError> {
        let put = || {
            let transaction = self.aside.unchecked_transaction()?;
            {
                let mut insert = transaction.prepare_cached("INSERT INTO aside VALUES (?1)")?;
                for subject in subjects {
                    insert.execute([subject])?;
                }
            }
            transaction.commit()
        };
        put().map_err(self.store.fail("put users aside"))?;
        self.users += subjects.len() as u64;
        Ok(())
    }

    /// Takes everybody in, as active users; those that were there become active. Gives how many
    /// subjects were added. Edits of the store wait meanwhile.
    pub fn commit(self) -> Result<u64, StoreError> {
        let _no_edits = self.store.writer();
        // `WHERE true` tells the upsert's ON from that of a join.
        let sort_in = "INSERT INTO main.users (subject, active)
                       SELECT subject, 1 FROM aside WHERE true ORDER BY subject
                       ON CONFLICT (subject) DO UPDATE SET active = 1";
        self.aside.execute_batch(sort_in).map_err(self.store.fail("take users in"))?;
        Ok(self.users)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::store::Edit;

    #[test]
    fn all_come_in_at_the_end_whatever_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(&dir.path().join("users")).unwrap());
        store.edit("b", Edit::Create { active: false }, |_| ()).unwrap();
        store.edit("z", Edit::Create { active: false }, |_| ()).unwrap();
        let mut load = Load::begin(Arc::clone(&store)).unwrap();
        load.add(&["c".to_owned(), "b".to_owned()]).unwrap();
        load.add(&["a\0".to_owned(), "c".to_owned()]).unwrap();
        assert_eq!(store.lookup("c").unwrap(), None, "not before the end");
        assert_eq!(load.commit().unwrap(), 4);
        for (subject, active) in [("a\0", true), ("b", true), ("c", true), ("z", false)] {
            assert_eq!(store.lookup(subject).unwrap(), Some(active), "{subject:?}");
        }
        assert_eq!(store.count().unwrap(), 4);
        assert!(store.edit("d", Edit::Create { active: true }, |_| ()).unwrap());
    }

    #[test]
    fn an_abandoned_load_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(&dir.path().join("users")).unwrap());
        let mut load = Load::begin(Arc::clone(&store)).unwrap();
        load.add(&["a".to_owned()]).unwrap();
        drop(load);
        assert_eq!(store.count().unwrap(), 0);
        assert!(store.edit("d", Edit::Create { active: true }, |_| ()).unwrap());
    }
}
