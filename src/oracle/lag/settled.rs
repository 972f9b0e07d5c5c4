//! Changes that have shown: sums of many, and of each no more than it takes to open it again.
//!
//! A user of whom nothing is due any more could still turn out wrong: a gateway instance that was
//! asleep, an entry that comes back. So a settled change is not forgotten. It keeps 16 bytes beside
//! the sums that it went into, and can be taken out of them.

use std::time::Duration;

use crate::clock::Tick;
use crate::histogram::{Cell, Histogram};

use super::watch::{Closed, Watch};
use super::{Cohort, Interval, LagKind, Sighting};

/// The sums of settled changes. Intervals are rounded outwards, to 0.1 %.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    pub(super) unseen: u64,
    pub(super) censored: u64,
    pub(super) wrong_users: u64,
    pub(super) flaps: u64,
    /// The widest interval with both ends.
    pub(super) resolution: Duration,
    /// Lower ends, in microseconds.
    pub(super) lows: Histogram,
    /// Upper ends, where there are any.
    pub(super) highs: Histogram,
}

impl Sums {
    /// Adds a change; gives the cells of its interval's ends.
    pub(super) fn add(&mut self, closed: &Closed) -> (Cell, Option<Cell>) {
        let Interval { low, high } = closed.interval;
        let low_cell = Cell::of(micros(low));
        let high_cell = high.map(|high| Cell::of(micros(high + Duration::from_nanos(999))));
        if !closed.seen {
            self.unseen += 1;
            return (low_cell, high_cell);
        }
        self.lows.add(low_cell);
        match (high, high_cell) {
            (Some(high), Some(cell)) => {
                self.highs.add(cell);
                self.resolution = self.resolution.max(high.saturating_sub(low));
            }
            _ => self.censored += 1,
        }
        self.wrong_users += u64::from(closed.was_wrong);
        self.flaps += u64::from(closed.flaps);
        (low_cell, high_cell)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lows.count() == 0 && self.unseen == 0
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

/// A change that has shown and went into the sums.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settled {
    /// When it was asked for, in whole milliseconds.
    asked_ms: u32,
    /// From there to the acknowledgement, in microseconds.
    acknowledged: Cell,
    low: Cell,
    high: Cell,
    was_wrong: bool,
    pub(super) kind: LagKind,
    pub(super) cohort: Cohort,
}

impl Settled {
    /// Adds the change of a watch to the sums; `None`, and nothing is added, if it has not shown.
    pub(super) fn of(watch: &Watch, sums: &mut Sums) -> Option<Self> {
        watch.first_right?;
        let closed = watch.close();
        let (low, high) = sums.add(&closed);
        let asked_ms = u32::try_from(watch.asked.as_micros() / 1_000).unwrap_or(u32::MAX);
        let since = watch.acknowledged.since(asked(asked_ms));
        Some(Self {
            asked_ms,
            acknowledged: Cell::of(micros(since + Duration::from_nanos(999))),
            low,
            high: high?,
            was_wrong: closed.was_wrong,
            kind: watch.kind,
            cohort: watch.cohort,
        })
    }

    /// Takes an answer; true if the change has to be watched again.
    pub(super) fn saw(&self, seen: &Sighting, sums: &mut Sums) -> bool {
        if self.kind.is_right(seen.accepted) || seen.sent < asked(self.asked_ms) {
            return false;
        }
        match self.kind {
            LagKind::Revocation => true,
            // A reject after the first accept moves nothing.
            LagKind::Provisioning => {
                sums.flaps += u64::from(seen.sent > self.shown());
                false
            }
        }
    }

    /// Takes the change out of the sums again.
    pub(super) fn reopen(&self, sums: &mut Sums) -> Watch {
        sums.lows.take_back(self.low);
        sums.highs.take_back(self.high);
        sums.wrong_users -= u64::from(self.was_wrong);
        let asked = asked(self.asked_ms);
        // What is not known any more is taken so that the interval is never narrower than it was:
        // the right answer may have been sent just after the last wrong one.
        let acknowledged = asked + Duration::from_micros(self.acknowledged.highest());
        let last_wrong = acknowledged + Duration::from_micros(self.low.lowest());
        let last_wrong = self.was_wrong.then_some(last_wrong.min(self.shown()));
        let right = Some((last_wrong.unwrap_or(asked), self.shown()));
        Watch {
            last_wrong_sent: last_wrong,
            first_right: right,
            last_right: right,
            ..Watch::new(self.kind, self.cohort, asked, acknowledged)
        }
    }

    /// When the answer that showed it was done, or a little later.
    fn shown(&self) -> Tick {
        asked(self.asked_ms) + Duration::from_micros(self.high.highest())
    }
}

fn asked(millis: u32) -> Tick {
    Tick::from_micros(u64::from(millis) * 1_000)
}
