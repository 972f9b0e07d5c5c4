//! What a link has seen and done.

use std::sync::atomic::{AtomicU64, Ordering};

/// Figures of one link since it was bound, except [`LinkCounts::hits`]. Cheap to read at any time;
/// differences of two readings are rates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct LinkCounts {
    /// Connections accepted.
    pub connections: u64,
    /// Connections open now.
    pub open: u64,
    /// Bytes read from clients, whether or not they were passed on.
    pub bytes_up: u64,
    /// Bytes read from the upstream, whether or not they were passed on.
    pub bytes_down: u64,
    /// Heads of HTTP/1.1 requests read from clients, whether or not they were passed on: on the
    /// link to a directory, the lookups that the gateway made.
    pub requests: u64,
    /// What the fault in force did, or the last one if none is: connections reset, pieces swallowed
    /// or delayed (a piece is what one read gave). Proved: the link did it. A refusal is proved by
    /// the open connections that it cut; [`LinkCounts::refused`] has the rest.
    pub hits: u64,
    /// Connection attempts that failed on this machine while the fault in force, or the last one,
    /// was refusing. The kernel's count for the network namespace: at least the attempts on this
    /// link, and those that failed elsewhere meanwhile. Zero for links that are not on loopback,
    /// since their clients' kernels count, and where the kernel does not tell.
    pub refused: u64,
    /// Connections given up because the upstream did not take them. No fault of a link does this:
    /// the upstream itself is down, or was never set.
    pub dial_failures: u64,
    /// The listening port could not be opened, or a connection not accepted (such as: out of file
    /// descriptors). Tried again every few milliseconds.
    pub accept_failures: u64,
    /// Tasks of the link that panicked. Not zero means a defect of the link, which can look like an
    /// injected fault: what was measured meanwhile proves nothing.
    pub panics: u64,
}

impl LinkCounts {
    /// Whether there is a sign that the last fault did anything to anybody: its hits, and the
    /// attempts that it may have refused.
    pub fn evidence(&self) -> u64 {
        self.hits + self.refused
    }
}

/// The counters behind [`LinkCounts`].
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) connections: AtomicU64,
    pub(super) open: AtomicU64,
    pub(super) bytes_up: AtomicU64,
    pub(super) bytes_down: AtomicU64,
    pub(super) requests: AtomicU64,
    pub(super) dial_failures: AtomicU64,
    pub(super) accept_failures: AtomicU64,
    pub(super) panics: AtomicU64,
}

impl Counters {
    pub(super) fn read(&self, hits: u64, refused: u64) -> LinkCounts {
        let figure = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LinkCounts {
            connections: figure(&self.connections),
            open: figure(&self.open),
            bytes_up: figure(&self.bytes_up),
            bytes_down: figure(&self.bytes_down),
            requests: figure(&self.requests),
            hits,
            refused,
            dial_failures: figure(&self.dial_failures),
            accept_failures: figure(&self.accept_failures),
            panics: figure(&self.panics),
        }
    }
}

pub(super) fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}
