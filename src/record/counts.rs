//! What a recorder has done.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts that grow while a recorder runs.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub connections: AtomicU64,
    pub requests: AtomicU64,
    pub recorded: AtomicU64,
    pub dropped: AtomicU64,
    pub unfit: AtomicU64,
    pub not_forwarded: AtomicU64,
}

/// Counts at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordCounts {
    /// Connections of clients.
    pub connections: u64,
    /// Requests that came.
    pub requests: u64,
    /// Of those: written.
    pub recorded: u64,
    /// Of those: left out of the recording, because the disk was behind or full.
    pub dropped: u64,
    /// Of those: left out, because they name no path that could be asked for again.
    pub unfit: u64,
    /// Of `requests`: answered with 502, because the upstream could not be reached or broke off.
    pub not_forwarded: u64,
}

pub(super) fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

impl Counters {
    pub fn read(&self) -> RecordCounts {
        let of = |counter: &AtomicU64| counter.load(Relaxed);
        RecordCounts {
            connections: of(&self.connections),
            requests: of(&self.requests),
            recorded: of(&self.recorded),
            dropped: of(&self.dropped),
            unfit: of(&self.unfit),
            not_forwarded: of(&self.not_forwarded),
        }
    }
}
