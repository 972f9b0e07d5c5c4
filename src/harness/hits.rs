//! How often each fault has bitten so far. The tasks that carry faults out count here, and the
//! collector reads once a second, so that a run shows hits while a fault is under way. What a fault
//! came to in the end is told by its last [`Note`](super::changes::Note), not by this.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A count for each fault of a plan.
#[derive(Clone, Debug)]
pub struct Hits(Arc<[AtomicU64]>);

impl Hits {
    /// Nothing has bitten yet.
    pub fn of(faults: usize) -> Self {
        Self((0..faults).map(|_| AtomicU64::new(0)).collect())
    }

    /// The fault has bitten so often by now.
    pub fn set(&self, fault: usize, hits: u64) {
        if let Some(count) = self.0.get(fault) {
            count.store(hits, Ordering::Relaxed);
        }
    }

    /// The fault has bitten once more.
    pub fn add_one(&self, fault: usize) {
        if let Some(count) = self.0.get(fault) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often it has bitten, as far as is known.
    pub fn so_far(&self, fault: usize) -> u64 {
        self.0.get(fault).map_or(0, |count| count.load(Ordering::Relaxed))
    }
}
