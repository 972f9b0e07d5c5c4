//! The primary directory: a store of users, and a queue that hears of each change to it.

use std::sync::Arc;

use crate::clock::Clock;
use crate::directory::store::Edit;
use crate::directory::sync::{Full, Queue};
use crate::directory::{SqliteStore, StoreError};

/// Where users are made, changed and removed.
#[derive(Debug)]
pub struct Primary {
    store: Arc<SqliteStore>,
    queue: Arc<Queue>,
    clock: Clock,
}

/// A change that was not made.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sync cannot take more.
    #[error(transparent)]
    Full(#[from] Full),
}

impl Primary {
    /// A primary over this store, whose changes go to this queue, stamped by this clock.
    pub fn new(store: Arc<SqliteStore>, queue: Arc<Queue>, clock: Clock) -> Self {
        Self { store, queue, clock }
    }

    /// The store.
    pub fn store(&self) -> Arc<SqliteStore> {
        Arc::clone(&self.store)
    }

    /// Makes a change; gives whether it took. It is committed when this returns.
    pub fn edit(&self, subject: &str, edit: Edit) -> Result<bool, EditError> {
        self.queue.has_room()?;
        let took =
            self.store.edit(subject, edit, |change| self.queue.push(change, self.clock.now()))?;
        Ok(took)
    }
}
