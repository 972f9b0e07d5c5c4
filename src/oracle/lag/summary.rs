//! The distribution of lags over the users that were changed.

use std::time::Duration;

use crate::histogram::Cell;

use super::Interval;
use super::settled::Sums;
use super::watch::Closed;

/// Bounds between which a quantile of the lags lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantileBounds {
    /// The quantile of the lower ends.
    pub low: Duration,
    /// The quantile of the upper ends; `None` if it falls among those without one.
    pub high: Option<Duration>,
}

/// The distribution of one kind of lag over users.
#[derive(Clone, Debug, PartialEq)]
pub struct LagSummary {
    /// Changes about which at least one decisive answer came.
    pub users: u64,
    /// Changes about which none came; in no figure below.
    pub unseen: u64,
    /// Of `users`: those whose right answer was never seen.
    pub censored: u64,
    /// Of `users`: those with a wrong answer to a request sent after the acknowledgement.
    pub wrong_users: u64,
    /// Right answers that a wrong one followed (revocation), or the reverse (provisioning).
    pub flaps: u64,
    /// The widest interval that has both ends: how finely these figures could tell.
    pub resolution: Duration,
    /// Half of the users lie below.
    pub p50: QuantileBounds,
    /// 95 % lie below.
    pub p95: QuantileBounds,
    /// 99 % lie below.
    pub p99: QuantileBounds,
    /// The longest.
    pub max: QuantileBounds,
    /// Each user's interval, by lower end; none where there are more than
    /// [`MOST_INTERVALS`](super::MOST_INTERVALS).
    pub intervals: Vec<Interval>,
    /// In their place where there are more: quantiles with the share of users that they are about.
    pub distribution: Vec<(f64, QuantileBounds)>,
}

/// The shares of [`LagSummary::distribution`]: each hundredth, and the tail.
const SHARES: [f64; 103] = {
    let mut shares = [0.0; 103];
    let mut n = 0;
    while n < 99 {
        shares[n] = (n + 1) as f64 / 100.0;
        n += 1;
    }
    [shares[99], shares[100], shares[101], shares[102]] = [0.995, 0.999, 0.9999, 1.0];
    shares
};

impl LagSummary {
    /// From each interval.
    pub(super) fn exact(all: impl Iterator<Item = Closed>) -> Self {
        let (mut sums, mut intervals) = (Sums::default(), Vec::new());
        for closed in all {
            sums.add(&closed);
            intervals.extend(closed.seen.then_some(closed.interval));
        }
        intervals.sort_by_key(|interval| (interval.low, interval.high.unwrap_or(Duration::MAX)));
        let mut highs: Vec<Option<Duration>> = intervals.iter().map(|i| i.high).collect();
        highs.sort_by_key(|high| high.unwrap_or(Duration::MAX));
        let at = |rank: u64| match (rank as usize).checked_sub(1) {
            Some(at) => QuantileBounds { low: intervals[at].low, high: highs[at] },
            None => QuantileBounds { low: Duration::ZERO, high: None },
        };
        let [p50, p95, p99, max] = ranks(intervals.len() as u64).map(at);
        Self { p50, p95, p99, max, intervals, ..Self::counts(&sums) }
    }

    /// From the sums; its quantiles are rounded outwards.
    pub(super) fn of_many(sums: &Sums) -> Self {
        let count = sums.lows.count();
        let [p50, p95, p99, max] = bounds(sums, ranks(count));
        let places = bounds(sums, SHARES.map(|share| rank(share, count)));
        let distribution =
            if count > 0 { SHARES.into_iter().zip(places).collect() } else { vec![] };
        Self { p50, p95, p99, max, distribution, ..Self::counts(sums) }
    }

    /// All but the quantiles.
    fn counts(sums: &Sums) -> Self {
        let nothing = QuantileBounds { low: Duration::ZERO, high: None };
        Self {
            users: sums.lows.count(),
            unseen: sums.unseen,
            censored: sums.censored,
            wrong_users: sums.wrong_users,
            flaps: sums.flaps,
            resolution: sums.resolution,
            p50: nothing,
            p95: nothing,
            p99: nothing,
            max: nothing,
            intervals: Vec::new(),
            distribution: Vec::new(),
        }
    }
}

/// The places, from 1, of the median, the 95th and 99th percentile and the largest: each the
/// smallest that at least so many do not exceed. All 0 where there is nothing.
fn ranks(count: u64) -> [u64; 4] {
    [0.50, 0.95, 0.99, 1.0].map(|share| rank(share, count))
}

fn rank(share: f64, count: u64) -> u64 {
    ((share * count as f64).ceil() as u64).min(count)
}

/// The bounds at each of these places, ascending, rounded outwards.
fn bounds<const N: usize>(sums: &Sums, ranks: [u64; N]) -> [QuantileBounds; N] {
    let (lows, highs) = (sums.lows.ranks(ranks), sums.highs.ranks(ranks));
    std::array::from_fn(|n| QuantileBounds {
        low: Duration::from_micros(lows[n].map_or(0, Cell::lowest)),
        high: highs[n].map(|high| Duration::from_micros(high.highest())),
    })
}
