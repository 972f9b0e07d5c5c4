//! Carries changes from the queue to the replica, round by round, and announces them.

use std::sync::Arc;

use tokio::sync::{Mutex, broadcast};
use tokio_util::sync::CancellationToken;

use super::plan::Trigger;
use super::queue::Queue;
use crate::clock::{Clock, Tick};
use crate::directory::replica::{Announcement, announce};
use crate::directory::store::{SqliteStore, StoreError};

/// The sync could not go on.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// A store failed.
    #[error("the sync stopped: {0}")]
    Store(#[from] StoreError),
    /// The thread that worked on a store ended in a panic.
    #[error("the sync stopped: the thread that worked on the store panicked: {0}")]
    Panicked(#[from] tokio::task::JoinError),
}

/// Takes changes from the primary to the replica.
#[derive(Debug)]
pub struct Pump {
    queue: Arc<Queue>,
    primary: Arc<SqliteStore>,
    replica: Arc<SqliteStore>,
    clock: Clock,
    announcements: broadcast::Sender<Announcement>,
    /// Held while the replica is written to, so that a copy of everything and a round of changes
    /// come one after the other.
    turn: Mutex<()>,
}

impl Pump {
    /// A pump at rest; [`run`](Self::run) starts it. What it applied goes to `announcements`.
    pub fn new(
        queue: Arc<Queue>,
        primary: Arc<SqliteStore>,
        replica: Arc<SqliteStore>,
        clock: Clock,
        announcements: broadcast::Sender<Announcement>,
    ) -> Self {
        Self { queue, primary, replica, clock, announcements, turn: Mutex::new(()) }
    }

    /// The changes on their way.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// The clock that changes are stamped by.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Carries changes over until `stop`.
    pub async fn run(&self, stop: &CancellationToken) -> Result<(), SyncError> {
        loop {
            tokio::select! {
                () = self.next_round() => self.round().await?,
                () = stop.cancelled() => return Ok(()),
            }
        }
    }

    async fn next_round(&self) {
        match self.queue.plan().trigger {
            Trigger::Interval(every) => {
                // Rounds lie on multiples of the interval, so that a slow round moves no other.
                let every = every.as_nanos().max(1);
                let now = u128::from(self.clock.now().as_nanos());
                let next = Tick::from_nanos(((now / every + 1) * every) as u64);
                tokio::time::sleep_until(self.clock.deadline(next)).await;
            }
            Trigger::Event => {
                let now = self.clock.now();
                match self.queue.next_round(now) {
                    Some(at) if at <= now => {}
                    Some(at) => tokio::select! {
                        () = tokio::time::sleep_until(self.clock.deadline(at)) => {}
                        () = self.queue.bell.notified() => {}
                    },
                    None => self.queue.bell.notified().await,
                }
            }
        }
    }

    async fn round(&self) -> Result<(), SyncError> {
        let _turn = self.turn.lock().await;
        let changes = self.queue.round(self.clock.now());
        if changes.is_empty() {
            return Ok(());
        }
        let replica = Arc::clone(&self.replica);
        let changes = tokio::task::spawn_blocking(move || {
            replica.apply(&changes)?;
            Ok::<_, StoreError>(changes)
        })
        .await??;
        // Only now: who hears of a change and looks, sees it.
        announce(&self.announcements, &changes);
        Ok(())
    }

    /// Makes the replica an exact copy of the primary at this instant, lag and pause or not.
    /// Gives the number of users. Meant for seeding: nothing is announced.
    pub async fn snapshot(&self) -> Result<u64, SyncError> {
        let _turn = self.turn.lock().await;
        let (queue, primary, replica) =
            (Arc::clone(&self.queue), Arc::clone(&self.primary), Arc::clone(&self.replica));
        let users = tokio::task::spawn_blocking(move || {
            replica.copy_from(&primary, || queue.forget())?;
            replica.count()
        })
        .await??;
        Ok(users)
    }
}
