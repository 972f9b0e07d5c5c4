//! How a worker with hundreds of requests under way looks for answers: some at a time.
//!
//! Many servers write answers one by one, also those that belong to one transport. A generator that
//! is quicker than its server wakes for each of them, reads it alone, and sends one request in its
//! place, although the server has hundreds of others to see to first. The kernel's part in that is
//! most of what a request costs. So, before such a worker goes idle, it lets answers gather for a
//! small part of the time that one takes anyway, and then takes them all.
//!
//! What it never does: hold back a request that is due, or one whose answer before it was read; nor
//! gather where requests are few, or answers come so seldom that each is worth waking for.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::clock::{Clock, Tick};

/// The part of an answer's usual time for which answers may gather: one in so many. An answer is
/// late by half of that on average.
const PART: u32 = 64;
/// The longest that they may.
const LONGEST: Duration = Duration::from_micros(100);
/// How many must be expected to, or it is not worth the sleep.
const FEWEST: u32 = 4;
/// How long answers are counted to know how often they come.
const COUNTED: Duration = Duration::from_millis(1);
/// By how much the kernel may delay the wake-up, to wake several sleepers at once; its own default
/// is 50 µs (`PR_SET_TIMERSLACK`).
const SLACK_NANOS: NonZeroU64 = NonZeroU64::MIN;

/// What one worker knows of its answers. Only that worker's thread uses it; atomics, because the
/// runtime wants what it calls before it goes idle to be fit for any thread.
#[derive(Debug)]
pub struct Gather {
    clock: Clock,
    under_way: AtomicU32,
    answered: AtomicU64,
    /// Nothing is due before.
    quiet_until: AtomicU64,
    /// Since when answers are counted, and how many there had been.
    since: AtomicU64,
    before: AtomicU64,
    /// The time from one answer to the next, in nanoseconds, when they were last counted.
    gap: AtomicU64,
    /// The end of the present grain, until which answers may lie: the kernel dates them.
    grain_end: AtomicU64,
    /// Lanes that wait for something else than an answer.
    moving: AtomicU32,
}

/// A lane is connecting or sending, and must go on as soon as it can.
#[derive(Debug)]
pub struct Moving<'a>(&'a AtomicU32);

impl Drop for Moving<'_> {
    fn drop(&mut self) {
        self.0.store(self.0.load(Relaxed).saturating_sub(1), Relaxed);
    }
}

impl Gather {
    /// For the calling thread, which from now on wakes more exactly.
    pub fn of_this_thread(clock: Clock) -> Self {
        // Where it is refused, answers gather a little longer.
        let _ = rustix::thread::set_current_timer_slack(Some(SLACK_NANOS));
        Self::new(clock)
    }

    fn new(clock: Clock) -> Self {
        Self {
            clock,
            under_way: AtomicU32::new(0),
            answered: AtomicU64::new(0),
            quiet_until: AtomicU64::new(0),
            since: AtomicU64::new(0),
            before: AtomicU64::new(0),
            gap: AtomicU64::new(u64::MAX),
            grain_end: AtomicU64::new(0),
            moving: AtomicU32::new(0),
        }
    }

    /// So many requests are under way.
    pub fn under_way(&self, requests: u32) {
        self.under_way.store(requests, Relaxed);
    }

    /// One of them was answered, so many are left.
    pub fn answered(&self, left: u32) {
        self.under_way(left);
        self.answered.store(self.answered.load(Relaxed) + 1, Relaxed);
    }

    /// Nothing is due before this instant.
    pub fn quiet_until(&self, at: Tick) {
        self.quiet_until.store(at.as_nanos(), Relaxed);
    }

    /// Answers may lie until this instant, at which requests are due; [`Tick::ZERO`] for none.
    pub fn grain_ends(&self, at: Tick) {
        self.grain_end.store(at.as_nanos(), Relaxed);
    }

    /// A lane is connecting or sending for as long as it keeps what this gives.
    pub fn moving(&self) -> Moving<'_> {
        self.moving.store(self.moving.load(Relaxed) + 1, Relaxed);
        Moving(&self.moving)
    }

    /// The worker is about to go idle: lets answers gather, if that is worth it. Everything that
    /// could be done has been done.
    pub fn before_idle(&self) {
        if self.grain_end.load(Relaxed) != 0
            && let Some(span) = self.rest_of_grain(self.clock.now())
        {
            std::thread::sleep(span);
        } else if self.under_way.load(Relaxed) >= PART * FEWEST
            && let Some(span) = self.span(self.clock.now())
        {
            // The thread is the worker's own, and everything on it waits for the same answers.
            std::thread::sleep(span);
        }
    }

    /// For how long answers may lie because nothing else happens in this grain.
    fn rest_of_grain(&self, now: Tick) -> Option<Duration> {
        let rest = Tick::from_nanos(self.grain_end.load(Relaxed)) - now;
        (self.moving.load(Relaxed) == 0 && !rest.is_zero()).then_some(rest)
    }

    /// For how long answers may gather from `now` on.
    fn span(&self, now: Tick) -> Option<Duration> {
        self.count(now);
        let gap = self.gap.load(Relaxed);
        let usual = u64::from(self.under_way.load(Relaxed)).saturating_mul(gap);
        let span = Duration::from_nanos(usual / u64::from(PART)).min(LONGEST);
        let enough = span >= Duration::from_nanos(gap.saturating_mul(FEWEST.into()));
        let quiet = Tick::from_nanos(self.quiet_until.load(Relaxed));
        (enough && now + span < quiet).then_some(span)
    }

    /// Takes stock of how often answers come, now and then.
    fn count(&self, now: Tick) {
        let counted = now - Tick::from_nanos(self.since.load(Relaxed));
        if counted < COUNTED {
            return;
        }
        let answered = self.answered.load(Relaxed);
        let answers = answered - self.before.load(Relaxed);
        let nanos = u64::try_from(counted.as_nanos()).unwrap_or(u64::MAX);
        self.gap.store(nanos.checked_div(answers).unwrap_or(u64::MAX), Relaxed);
        self.since.store(now.as_nanos(), Relaxed);
        self.before.store(answered, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(micros: u64) -> Tick {
        Tick::from_micros(micros)
    }

    /// With so many under way, of which one is answered each `gap_micros`, and nothing due before
    /// `quiet_until`: for how long answers may gather after a second of that.
    fn span(under_way: u32, gap_micros: u64, quiet_until: Tick) -> Option<Duration> {
        let gather = Gather::new(Clock::start());
        gather.quiet_until(quiet_until);
        gather.count(at(0));
        for n in 1..=1_000_000 / gap_micros {
            gather.answered(under_way);
            gather.count(at(n * gap_micros));
        }
        gather.span(at(1_000_000))
    }

    #[test]
    fn answers_gather_for_a_small_part_of_their_time() {
        // 512 under way and one each 10 µs: an answer takes 5.12 ms.
        let gathered = span(512, 10, Tick::MAX).unwrap();
        assert_eq!(gathered, Duration::from_micros(80));
        // The same at a tenth of the rate would be 0.8 ms; at most 0.1 ms, in which but one comes.
        assert_eq!(span(512, 100, Tick::MAX), None);
        assert_eq!(span(5_120, 20, Tick::MAX), Some(LONGEST));
    }

    #[test]
    fn nothing_gathers_where_requests_are_few_or_one_is_due_soon() {
        assert_eq!(span(PART * FEWEST - 1, 10, Tick::MAX), None);
        assert_eq!(span(512, 10, at(1_000_080)), None);
        assert!(span(512, 10, at(1_000_100)).is_some());
    }

    #[test]
    fn answers_lie_until_the_end_of_a_grain_unless_a_lane_has_to_go_on() {
        let gather = Gather::new(Clock::start());
        assert_eq!(gather.rest_of_grain(at(10)), None);
        gather.grain_ends(at(1_000));
        assert_eq!(gather.rest_of_grain(at(10)), Some(Duration::from_micros(990)));
        assert_eq!(gather.rest_of_grain(at(1_000)), None);
        let (first, second) = (gather.moving(), gather.moving());
        assert_eq!(gather.rest_of_grain(at(10)), None);
        drop(first);
        assert_eq!(gather.rest_of_grain(at(10)), None);
        drop(second);
        assert!(gather.rest_of_grain(at(10)).is_some());
        gather.grain_ends(Tick::ZERO);
        assert_eq!(gather.rest_of_grain(at(0)), None);
    }

    #[test]
    fn what_no_longer_answers_is_not_waited_for_in_this_way() {
        let gather = Gather::new(Clock::start());
        gather.quiet_until(Tick::MAX);
        gather.under_way(10_000);
        assert_eq!(gather.span(at(1_500)), None, "no answer was ever seen");
        for _ in 0..100 {
            gather.answered(10_000);
        }
        assert!(gather.span(at(3_000)).is_some());
        assert_eq!(gather.span(at(4_000)), None, "none came since");
    }
}
