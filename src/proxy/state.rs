//! What a link does at present: the mode, its deadline and its proof.
//!
//! One value that is swapped whole, so that no task ever sees half of a change.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Tick;

/// What a link does to connections and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Relays.
    #[default]
    Pass,
    /// Nobody listens: a new connection is refused (`ECONNREFUSED`). Open ones are reset.
    Refuse,
    /// Connections are accepted; what is sent either way is swallowed and never answered. When the
    /// mode ends, connections that lost bytes are closed, since their streams have a hole.
    BlackHole,
    /// Open connections are reset (RST) at once, new ones as soon as the client sends something.
    Reset,
    /// What the upstream answers reaches the client later, so that a lookup takes `latency` longer.
    ///
    /// Each piece is stamped when it arrives and released `latency` ± `jitter` after that, in
    /// order: a stream of pieces is late, not slow. What is under way when the mode ends is
    /// released at once. The timer ticks in milliseconds.
    Delay {
        /// Mean added time.
        latency: Duration,
        /// The delay is drawn uniformly from `latency` ± this; more than `latency` counts as
        /// `latency`.
        jitter: Duration,
    },
}

impl Mode {
    /// Whether connections that are open when the mode starts are reset.
    pub(super) fn cuts(self) -> bool {
        matches!(self, Self::Refuse | Self::Reset)
    }
}

/// A counter that tasks share.
pub(super) type Hits = Arc<AtomicU64>;

/// What a link does at present.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    mode: Mode,
    until: Option<Tick>,
    /// Of the fault in force, or of the last one.
    hits: Hits,
    /// How many modes so far have cut the connections that were open. A connection remembers the
    /// number it was accepted under, so even a cut that is over at once is not missed.
    cuts: u64,
    cut_hits: Hits,
    /// Failed attempts that the last refusal may have caused.
    refused: u64,
    /// The kernel's count of failed attempts when the refusal in force began.
    failed_before: Option<u64>,
}

impl State {
    /// The state that follows this one. `failed` is the kernel's count of failed attempts now.
    pub(super) fn followed_by(&self, mode: Mode, until: Option<Tick>, failed: Option<u64>) -> Self {
        let mut next = Self { mode, until, ..self.clone() };
        next.refused = self.refused(failed);
        next.failed_before = None;
        if mode != Mode::Pass {
            next.hits = Hits::default();
            next.refused = 0;
        }
        if mode == Mode::Refuse {
            next.failed_before = failed;
        }
        if mode.cuts() {
            next.cuts += 1;
            next.cut_hits = Arc::clone(&next.hits);
        }
        next
    }

    /// The mode in force at an instant.
    pub(super) fn mode_at(&self, now: Tick) -> Mode {
        if self.is_over(now) { Mode::Pass } else { self.mode }
    }

    /// Whether the lease has run out by this instant.
    pub(super) fn is_over(&self, now: Tick) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// When the lease runs out.
    pub(super) fn until(&self) -> Option<Tick> {
        self.until
    }

    pub(super) fn hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// Whether a refusal is in force, or has not been ended although its lease is over.
    pub(super) fn is_refusing(&self) -> bool {
        self.failed_before.is_some()
    }

    /// Connection attempts that the refusal in force, or the last one, may have made fail.
    pub(super) fn refused(&self, failed: Option<u64>) -> u64 {
        let since =
            self.failed_before.zip(failed).map_or(0, |(before, now)| now.saturating_sub(before));
        self.refused + since
    }

    pub(super) fn cuts(&self) -> u64 {
        self.cuts
    }

    /// Counts a connection that was open and has been cut.
    pub(super) fn cut_hit(&self) {
        self.cut_hits.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_ends_at_its_tick() {
        let state =
            State::default().followed_by(Mode::BlackHole, Some(Tick::from_micros(10)), None);
        assert_eq!(state.mode_at(Tick::from_micros(9)), Mode::BlackHole);
        assert_eq!(state.mode_at(Tick::from_micros(10)), Mode::Pass);
        let lasting = State::default().followed_by(Mode::Refuse, None, None);
        assert_eq!(lasting.mode_at(Tick::MAX), Mode::Refuse);
    }

    #[test]
    fn hits_belong_to_one_fault_and_stay_when_it_ends() {
        let first = State::default().followed_by(Mode::Reset, None, None);
        first.hit();
        first.cut_hit();
        let cleared = first.followed_by(Mode::Pass, None, None);
        assert_eq!(cleared.hits(), 2);
        let second = cleared.followed_by(Mode::BlackHole, None, None);
        second.cut_hit();
        assert_eq!((second.hits(), first.hits()), (0, 3), "a late cut counts for who cut");
        assert_eq!((first.cuts(), second.cuts()), (1, 1));
    }

    #[test]
    fn failed_attempts_count_for_the_span_of_a_refusal() {
        let refusing = State::default().followed_by(Mode::Refuse, None, Some(100));
        assert_eq!((refusing.refused(Some(100)), refusing.refused(Some(107))), (0, 7));
        let cleared = refusing.followed_by(Mode::Pass, None, Some(110));
        assert_eq!(cleared.refused(Some(500)), 10, "what fails later is not its doing");
        assert_eq!(cleared.followed_by(Mode::Reset, None, Some(600)).refused(Some(700)), 0);
        let unknown = State::default().followed_by(Mode::Refuse, None, None);
        assert_eq!(unknown.refused(Some(9)), 0);
    }
}
