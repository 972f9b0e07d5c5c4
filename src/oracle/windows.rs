//! When each fault was really under way, readable by every worker without a lock.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Tick;

/// One window a fault of the plan; the first 64 are told apart.
///
/// The harness opens and closes them; workers ask which ones a request touched. A window opens
/// before its fault is set and closes after it is lifted, so that no effect falls outside.
#[derive(Debug)]
pub struct FaultWindows {
    windows: Vec<Window>,
    /// Bit n: fault n keeps the gateway from its user store.
    store: u64,
}

#[derive(Debug)]
struct Window {
    /// Nanoseconds; `u64::MAX` while it has not begun.
    from: AtomicU64,
    /// Nanoseconds; `u64::MAX` while it has not ended.
    until: AtomicU64,
}

impl FaultWindows {
    /// How many faults are told apart.
    pub const MOST: usize = 64;

    /// Closed windows, one for each fault of the plan; `true` for those that keep the gateway from
    /// its user store.
    pub fn new(touches_store: impl IntoIterator<Item = bool>) -> Self {
        let mut store = 0;
        let windows = touches_store
            .into_iter()
            .take(Self::MOST)
            .enumerate()
            .map(|(n, touches)| {
                store |= u64::from(touches) << n;
                Window { from: AtomicU64::new(u64::MAX), until: AtomicU64::new(u64::MAX) }
            })
            .collect();
        Self { windows, store }
    }

    /// Fault `n` begins at `at`, or begins again.
    pub fn open(&self, n: usize, at: Tick) {
        if let Some(window) = self.windows.get(n) {
            window.until.store(u64::MAX, Ordering::Release);
            window.from.store(at.as_nanos(), Ordering::Release);
        }
    }

    /// Fault `n` ends at `at`.
    pub fn close(&self, n: usize, at: Tick) {
        if let Some(window) = self.windows.get(n) {
            window.until.store(at.as_nanos(), Ordering::Release);
        }
    }

    /// The faults that were under way at some time between `sent` and `done`: bit n for fault n.
    pub fn touching(&self, sent: Tick, done: Tick) -> u64 {
        self.windows.iter().enumerate().fold(0, |mask, (n, window)| {
            let from = window.from.load(Ordering::Acquire);
            let until = window.until.load(Ordering::Acquire);
            let touches = from <= done.as_nanos() && sent.as_nanos() <= until;
            mask | (u64::from(touches) << n)
        })
    }

    /// Whether one of these faults keeps the gateway from its user store.
    pub fn store_faulted(&self, faults: u64) -> bool {
        faults & self.store != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_touches_what_it_overlaps() {
        let windows = FaultWindows::new([false, true]);
        let at = Tick::from_micros;
        assert_eq!(windows.touching(at(0), at(1_000_000)), 0);
        windows.open(1, at(100));
        assert_eq!(windows.touching(at(50), at(99)), 0);
        assert_eq!(windows.touching(at(50), at(100)), 0b10);
        windows.close(1, at(200));
        windows.open(0, at(150));
        assert_eq!(windows.touching(at(200), at(300)), 0b11);
        assert_eq!(windows.touching(at(201), at(300)), 0b01);
        assert!(windows.store_faulted(0b11) && !windows.store_faulted(0b01));
    }
}
