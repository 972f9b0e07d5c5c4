//! When each fault was really under way, readable by every worker without a lock.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Tick;

/// One window a fault of the plan; the first 64 are told apart.
///
/// The harness opens and closes them; workers ask which ones a request touched. A window opens
/// before its fault is set and closes after it is lifted, so that no effect falls outside.
///
/// A request that was sent after the last end of any fault can only touch those that are under way,
/// and is compared with no others: however many faults a run has had, few are looked at.
#[derive(Debug)]
pub struct FaultWindows {
    windows: Vec<Window>,
    /// Bit n: fault n keeps the gateway from its user store.
    store: u64,
    /// Bit n: fault n is under way.
    under_way: AtomicU64,
    /// The latest end of any window that was closed. Nanoseconds.
    last_end: AtomicU64,
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
        Self { windows, store, under_way: AtomicU64::new(0), last_end: AtomicU64::new(0) }
    }

    /// Fault `n` begins at `at`, or begins again.
    pub fn open(&self, n: usize, at: Tick) {
        if let Some(window) = self.windows.get(n) {
            window.until.store(u64::MAX, Ordering::Release);
            window.from.store(at.as_nanos(), Ordering::Release);
            self.under_way.fetch_or(1 << n, Ordering::Release);
        }
    }

    /// Fault `n` ends at `at`.
    pub fn close(&self, n: usize, at: Tick) {
        if let Some(window) = self.windows.get(n) {
            window.until.store(at.as_nanos(), Ordering::Release);
            // In this order: whoever sees that it is not under way sees that it has ended.
            self.last_end.fetch_max(at.as_nanos(), Ordering::Release);
            self.under_way.fetch_and(!(1 << n), Ordering::Release);
        }
    }

    /// The faults that were under way at some time between `sent` and `done`: bit n for fault n.
    pub fn touching(&self, sent: Tick, done: Tick) -> u64 {
        let under_way = self.under_way.load(Ordering::Acquire);
        // After the other: see `close`.
        let any_ended = sent.as_nanos() <= self.last_end.load(Ordering::Acquire);
        let mut left = if any_ended { u64::MAX } else { under_way };
        let mut found = 0;
        while left != 0 {
            let n = left.trailing_zeros() as usize;
            let Some(window) = self.windows.get(n) else { break };
            let from = window.from.load(Ordering::Acquire);
            let until = window.until.load(Ordering::Acquire);
            let touches = from <= done.as_nanos() && sent.as_nanos() <= until;
            found |= u64::from(touches) << n;
            left &= left - 1;
        }
        found
    }

    /// Whether one of these faults keeps the gateway from its user store.
    pub fn store_faulted(&self, faults: u64) -> bool {
        faults & self.store != 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    proptest! {
        /// Looking at few windows finds what looking at all of them would.
        #[test]
        fn no_window_is_overlooked(
            spans in prop::collection::vec((1_u64..100, 0_u64..60, any::<bool>()), 1..=64),
            requests in prop::collection::vec((0_u64..160, 0_u64..30), 1..40),
        ) {
            let windows = FaultWindows::new(spans.iter().map(|_| false));
            let at = Tick::from_micros;
            let mut steps: Vec<(u64, usize, bool)> = Vec::new();
            for (n, &(from, length, ends)) in spans.iter().enumerate() {
                steps.push((from, n, true));
                if ends {
                    steps.push((from + length, n, false));
                }
            }
            // At one instant, what begins before what ends: no window ends before it began.
            steps.sort_by_key(|&(instant, n, begins)| (instant, !begins, n));
            for (instant, n, begins) in steps {
                if begins { windows.open(n, at(instant)) } else { windows.close(n, at(instant)) }
            }
            for (sent, took) in requests {
                let done = sent + took;
                let touches = |&(from, length, ends): &(u64, u64, bool)| {
                    from <= done && (!ends || sent <= from + length)
                };
                let expected = spans
                    .iter()
                    .enumerate()
                    .fold(0, |mask, (n, span)| mask | u64::from(touches(span)) << n);
                prop_assert_eq!(windows.touching(at(sent), at(done)), expected);
            }
        }
    }
}
