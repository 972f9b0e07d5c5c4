//! How a worker waits for the next instant: asleep, spinning, or first one and then the other.
//!
//! A thread that sleeps until an instant wakes after it: the timer's interrupt, the processor's
//! way out of idleness and the scheduler take tens of microseconds, more on a virtual machine.
//! [`Pace`] learns how late it is woken and asks to be woken that much earlier; what is left of
//! the wait it spins. It decides; the worker waits.

use std::time::Duration;

use super::plan::Spin;
use crate::clock::Tick;

/// The earliest that a sleeper asks to be woken before its instant. A machine that wakes its
/// sleepers later than that is busy with something else, and spinning would not help.
const EARLIEST: Duration = Duration::from_micros(300);

/// The share of wake-ups that are to be in time. The rest is late by what the wake-up took beyond
/// the usual; a greater share costs more spinning for each request than it mends.
const IN_TIME: f64 = 0.75;

/// About what a turn of a spin takes that finds nothing to do: a system call, and a look at the books.
const TURN: Duration = Duration::from_micros(2);

/// One turn of a spin that took longer was not idle: it carried requests.
const IDLE_TURN: Duration = Duration::from_micros(5);

/// What to do until an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Sleep for this long, then decide again.
    Sleep(Duration),
    /// Look after everything else, then again.
    Spin,
    /// Look at nothing but the clock: it is so soon that anything else would make it late.
    Stare,
}

/// Decides how to wait, and keeps account of what it costs.
#[derive(Clone, Debug)]
pub struct Pace {
    spin: Spin,
    /// What is due within a grain, counted from the start, is sent at its end.
    grain: Duration,
    start: Tick,
    /// By how much sleepers ask to be woken early, in nanoseconds.
    early: f64,
    /// Time spent spinning idly.
    spun: Duration,
}

impl Pace {
    /// A pace that has learnt nothing yet; grains, unless they are zero, count from `start`.
    pub fn new(spin: Spin, grain: Duration, start: Tick) -> Self {
        // Close to what a virtual machine needs, so that the first requests are not far off.
        Self { spin, grain, start, early: 50_000.0, spun: Duration::ZERO }
    }

    /// When to send what is due at `at`.
    pub fn grained(&self, at: Tick) -> Tick {
        let grain = self.grain.as_nanos() as u64;
        if grain == 0 || at == Tick::MAX {
            return at;
        }
        let grains = (at - self.start).as_nanos() as u64;
        at + Duration::from_nanos(grains.next_multiple_of(grain) - grains)
    }

    /// How to wait for `at`, which lies after `now`. A `soft` instant is one that nobody measures
    /// by, such as that of a hand-over: it is not worth spinning.
    pub fn until(&self, now: Tick, at: Tick, soft: bool) -> Wait {
        let left = at - now;
        let spin = if left < TURN && !soft { Wait::Stare } else { Wait::Spin };
        match self.spin {
            Spin::Always => spin,
            Spin::Never => Wait::Sleep(left),
            // With a grain, requests are late by half of it anyway.
            Spin::Auto if soft || !self.grain.is_zero() => Wait::Sleep(left),
            Spin::Auto => {
                let early = Duration::from_nanos(self.early as u64);
                // A sleep that would end at once is not worth its two system calls.
                match left.saturating_sub(early) {
                    sleep if sleep < IDLE_TURN => spin,
                    sleep => Wait::Sleep(sleep),
                }
            }
        }
    }

    /// A sleeper that was to be woken at `asked` was awake at `now`.
    ///
    /// The quantile is followed by stochastic approximation (Robbins and Monro, 1951): each wake-up
    /// moves the estimate by a small step, up or down in the ratio that holds it at the quantile.
    pub fn woke(&mut self, asked: Tick, now: Tick) {
        let late = (now - asked).as_nanos() as f64;
        let step = (self.early / 64.0).max(250.0);
        self.early += if late > self.early { step * IN_TIME } else { -step * (1.0 - IN_TIME) };
        self.early = self.early.clamp(0.0, EARLIEST.as_nanos() as f64);
    }

    /// One turn of a spin went from `from` to `to`.
    pub fn turned(&mut self, from: Tick, to: Tick) {
        let turn = to - from;
        if turn < IDLE_TURN {
            self.spun += turn;
        }
    }

    /// Time spent spinning since it was last asked.
    pub fn take_spun(&mut self) -> Duration {
        std::mem::take(&mut self.spun)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn at(micros: u64) -> Tick {
        Tick::from_micros(micros)
    }

    fn pace(spin: Spin) -> Pace {
        Pace::new(spin, Duration::ZERO, Tick::ZERO)
    }

    #[test]
    fn a_grain_gathers_what_is_due_within_it() {
        let pace = Pace::new(Spin::Auto, Duration::from_millis(1), at(500));
        let sent = |due| pace.grained(at(due)).as_micros();
        assert_eq!([500, 501, 1_499, 1_500, 1_501].map(sent), [500, 1_500, 1_500, 1_500, 2_500]);
        assert_eq!(pace.grained(Tick::MAX), Tick::MAX);
        assert_eq!(pace.until(at(1_490), at(1_500), false), Wait::Sleep(Duration::from_micros(10)));
        assert_eq!(self::pace(Spin::Auto).grained(at(501)), at(501));
    }

    #[test]
    fn each_setting_waits_in_its_own_way() {
        let wait = |spin| pace(spin).until(at(0), at(1_000), false);
        assert_eq!(wait(Spin::Always), Wait::Spin);
        assert_eq!(wait(Spin::Never), Wait::Sleep(Duration::from_millis(1)));
        assert_eq!(wait(Spin::Auto), Wait::Sleep(Duration::from_micros(950)));
        let auto = pace(Spin::Auto);
        assert_eq!(auto.until(at(0), at(50), false), Wait::Spin);
        for spinning in [&auto, &pace(Spin::Always)] {
            assert_eq!(spinning.until(at(49), at(50), false), Wait::Stare);
            assert_ne!(spinning.until(at(49), at(50), true), Wait::Stare);
        }
        assert_eq!(auto.until(at(0), at(50), true), Wait::Sleep(Duration::from_micros(50)));
    }

    #[test]
    fn only_idle_turns_count_as_spinning() {
        let mut pace = pace(Spin::Always);
        pace.turned(at(0), at(1));
        pace.turned(at(1), at(100));
        assert_eq!(pace.take_spun(), Duration::from_micros(1));
        assert_eq!(pace.take_spun(), Duration::ZERO);
    }

    proptest! {
        /// Whatever the machine's wake-ups are like, three quarters of them come to be in time.
        #[test]
        fn learns_how_late_it_is_woken(
            usual in 5_u64..200, spread in 1_u64..80, seed in any::<u64>(),
        ) {
            let stream = crate::seed::Seed(seed).stream("wake-ups");
            let late = |n: u64| at(usual + stream.at(n) % spread);
            let mut pace = pace(Spin::Auto);
            for n in 0..5_000 {
                pace.woke(at(0), late(n));
            }
            let early = Duration::from_nanos(pace.early as u64);
            let in_time = (0..2_000).filter(|n| late(10_000 + n) - at(0) <= early).count();
            // The estimate wanders by a few of its steps.
            let step = early / 16 + Duration::from_micros(2);
            let near = early + step >= Duration::from_micros(usual)
                && early <= Duration::from_micros(usual + spread) + step;
            prop_assert!(near && early <= EARLIEST, "{:?} for {} + {}", early, usual, spread);
            // Where it wanders by much less than the wake-ups differ, the share shows.
            if spread > 40 && usual < 40 {
                prop_assert!((1_000..=1_960).contains(&in_time), "{} of 2,000", in_time);
            }
        }
    }
}
