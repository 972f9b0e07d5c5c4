//! How long a change takes to show at the gateway, as an interval for each changed user.
//!
//! The truth lies between two probes, so a lag is never a point (interval censoring). With *wrong*
//! and *right* meaning what the answer is once the change is known:
//!
//! - revocation lag lies in (sent(last wrong) − acknowledged, done(first right after it) − asked);
//!   an accept after the first reject, a *flap*, moves the interval on;
//! - provisioning lag lies in (sent(last wrong before the first right) − acknowledged,
//!   done(first right) − asked); a reject after that is a flap and moves nothing.
//!
//! A change that no right answer ever followed has no upper end: "at least so long".

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::Tick;
use crate::identity::UserIndex;

/// Which way a user was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LagKind {
    /// Deleted or disabled: accepts are wrong from now on.
    Revocation,
    /// Created, re-created or enabled: rejects are wrong from now on.
    Provisioning,
}

/// How a changed user is asked for afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cohort {
    /// Densely after the change, then ever less.
    Probed,
    /// Once, late: shows whether probing itself kept an entry warm.
    Quiet,
    /// Only as the traffic happens to.
    Unprobed,
}

/// One decisive answer about a changed user. Answers that neither let in nor turn away are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// About whom.
    pub user: UserIndex,
    /// When its request was sent.
    pub sent: Tick,
    /// When it was done.
    pub done: Tick,
    /// Let in, or turned away.
    pub accepted: bool,
}

/// Where one lag lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// At least so long.
    pub low: Duration,
    /// At most so long; `None` if the right answer was never seen.
    pub high: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct Watch {
    kind: LagKind,
    cohort: Cohort,
    asked: Tick,
    acknowledged: Tick,
    last_wrong_sent: Option<Tick>,
    /// `sent` and `done` of the right answer that ends the lag.
    first_right: Option<(Tick, Tick)>,
    /// The right answer that was sent last: what is left if a wrong one turns out to lie between.
    last_right: Option<(Tick, Tick)>,
    flaps: u32,
}

impl Watch {
    fn saw(&mut self, seen: &Sighting) {
        // What was sent before the change was asked for says nothing about it.
        if seen.sent < self.asked {
            return;
        }
        let right = seen.accepted == (self.kind == LagKind::Provisioning);
        match (self.kind, right) {
            (_, true) => self.saw_right(seen),
            (LagKind::Revocation, false) => self.saw_wrong_accept(seen),
            (LagKind::Provisioning, false) => self.saw_wrong_reject(seen),
        }
    }

    fn saw_right(&mut self, seen: &Sighting) {
        if self.last_right.is_none_or(|(sent, _)| sent < seen.sent) {
            self.last_right = Some((seen.sent, seen.done));
        }
        let after_wrong = self.last_wrong_sent.is_none_or(|wrong| seen.sent > wrong);
        let counts = self.kind == LagKind::Provisioning || after_wrong;
        if counts && self.first_right.is_none_or(|(_, done)| seen.done < done) {
            self.first_right = Some((seen.sent, seen.done));
        }
    }

    fn saw_wrong_accept(&mut self, seen: &Sighting) {
        if let Some((right_sent, right_done)) = self.first_right
            && right_sent < seen.sent
        {
            self.flaps += u32::from(right_done < seen.sent);
            self.first_right = self.last_right.filter(|(sent, _)| *sent > seen.sent);
        }
        self.last_wrong_sent = self.last_wrong_sent.max(Some(seen.sent));
    }

    fn saw_wrong_reject(&mut self, seen: &Sighting) {
        match self.first_right {
            Some((_, right_done)) if right_done < seen.sent => self.flaps += 1,
            Some((right_sent, _)) if right_sent <= seen.sent => {}
            _ => self.last_wrong_sent = self.last_wrong_sent.max(Some(seen.sent)),
        }
    }

    fn close(&self) -> Closed {
        // Answers of several workers arrive out of order: a wrong one may turn out to be later
        // than the right one that was taken for the first.
        let last_wrong = match (self.kind, self.first_right) {
            (LagKind::Provisioning, Some((right_sent, _))) => {
                self.last_wrong_sent.filter(|&wrong| wrong <= right_sent)
            }
            _ => self.last_wrong_sent,
        };
        Closed {
            interval: Interval {
                low: last_wrong.map_or(Duration::ZERO, |sent| sent.since(self.acknowledged)),
                high: self.first_right.map(|(_, done)| done.since(self.asked)),
            },
            was_wrong: last_wrong.is_some_and(|sent| sent >= self.acknowledged),
            seen: self.last_wrong_sent.is_some() || self.first_right.is_some(),
            flaps: self.flaps,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Closed {
    interval: Interval,
    was_wrong: bool,
    seen: bool,
    flaps: u32,
}

/// Folds sightings into lags. Memory: one entry a change.
#[derive(Debug, Default)]
pub struct LagTracker {
    /// Each user's changes, in the order in which they were asked for.
    watches: HashMap<UserIndex, Vec<Watch>>,
}

impl LagTracker {
    /// A change was acknowledged. Changes of one user come in the order in which they were made.
    pub fn changed(
        &mut self,
        user: UserIndex,
        kind: LagKind,
        cohort: Cohort,
        asked: Tick,
        acknowledged: Tick,
    ) {
        self.watches.entry(user).or_default().push(Watch {
            kind,
            cohort,
            asked,
            acknowledged,
            last_wrong_sent: None,
            first_right: None,
            last_right: None,
            flaps: 0,
        });
    }

    /// An answer about somebody; of no effect if it falls before the user's first change, or
    /// touches two of them and so may speak of either.
    pub fn saw(&mut self, seen: &Sighting) {
        let Some(watches) = self.watches.get_mut(&seen.user) else { return };
        if let Some(watch) = watches.iter_mut().rev().find(|watch| watch.asked <= seen.done) {
            watch.saw(seen);
        }
    }

    /// The lags of one kind in one cohort, as they stand; `None` if there was no such change.
    pub fn summary(&self, kind: LagKind, cohort: Cohort) -> Option<LagSummary> {
        let all: Vec<Closed> = self
            .watches
            .values()
            .flatten()
            .filter(|watch| watch.kind == kind && watch.cohort == cohort)
            .map(Watch::close)
            .collect();
        (!all.is_empty()).then(|| LagSummary::of(&all))
    }
}

/// Bounds between which a quantile of the lags lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantileBounds {
    /// The quantile of the lower ends.
    pub low: Duration,
    /// The quantile of the upper ends; `None` if it falls among those without one.
    pub high: Option<Duration>,
}

/// The distribution of one kind of lag over users.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Each user's interval, by lower end.
    pub intervals: Vec<Interval>,
}

impl LagSummary {
    fn of(all: &[Closed]) -> Self {
        let seen: Vec<&Closed> = all.iter().filter(|closed| closed.seen).collect();
        let mut intervals: Vec<Interval> = seen.iter().map(|closed| closed.interval).collect();
        intervals.sort_by_key(|interval| (interval.low, interval.high.unwrap_or(Duration::MAX)));
        let mut highs: Vec<Option<Duration>> = intervals.iter().map(|i| i.high).collect();
        highs.sort_by_key(|high| high.unwrap_or(Duration::MAX));
        let quantile = |share: f64| quantile(&intervals, &highs, share);
        Self {
            users: seen.len() as u64,
            unseen: (all.len() - seen.len()) as u64,
            censored: intervals.iter().filter(|i| i.high.is_none()).count() as u64,
            wrong_users: seen.iter().filter(|closed| closed.was_wrong).count() as u64,
            flaps: seen.iter().map(|closed| u64::from(closed.flaps)).sum(),
            resolution: intervals
                .iter()
                .filter_map(|i| i.high.map(|high| high.saturating_sub(i.low)))
                .max()
                .unwrap_or_default(),
            p50: quantile(0.50),
            p95: quantile(0.95),
            p99: quantile(0.99),
            max: quantile(1.0),
            intervals,
        }
    }
}

/// Nearest rank: the smallest value that at least `share` of all do not exceed.
fn quantile(lows: &[Interval], highs: &[Option<Duration>], share: f64) -> QuantileBounds {
    let Some(last) = lows.len().checked_sub(1) else {
        return QuantileBounds { low: Duration::ZERO, high: None };
    };
    let rank = ((share * lows.len() as f64).ceil() as usize).saturating_sub(1).min(last);
    QuantileBounds { low: lows[rank].low, high: highs[rank] }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: UserIndex = UserIndex(1);

    fn ms(ms: u64) -> Tick {
        Tick::from_micros(ms * 1_000)
    }

    fn seen(sent: u64, accepted: bool) -> Sighting {
        Sighting { user: USER, sent: ms(sent), done: ms(sent + 1), accepted }
    }

    fn run(kind: LagKind, sightings: &[Sighting]) -> LagSummary {
        let mut tracker = LagTracker::default();
        tracker.changed(USER, kind, Cohort::Probed, ms(100), ms(110));
        for sighting in sightings {
            tracker.saw(sighting);
        }
        tracker.summary(kind, Cohort::Probed).unwrap()
    }

    fn interval(low: u64, high: Option<u64>) -> Interval {
        Interval { low: Duration::from_millis(low), high: high.map(Duration::from_millis) }
    }

    #[test]
    fn revocation_lies_between_the_last_accept_and_the_first_reject_after_it() {
        let summary = run(
            LagKind::Revocation,
            &[
                seen(50, false),
                seen(120, true),
                seen(150, true),
                seen(170, false),
                seen(190, false),
            ],
        );
        assert_eq!(summary.intervals, [interval(40, Some(71))]);
        assert_eq!((summary.users, summary.wrong_users, summary.flaps), (1, 1, 0));
        assert_eq!(summary.resolution, Duration::from_millis(31));
    }

    #[test]
    fn the_order_of_arrival_does_not_matter() {
        let mut sightings = [
            seen(120, true),
            seen(150, true),
            seen(170, false),
            seen(190, false),
            seen(210, false),
        ];
        for _ in 0..sightings.len() {
            sightings.rotate_left(1);
            let summary = run(LagKind::Revocation, &sightings);
            // A later reject may be taken where the first arrived before the accept it follows;
            // the interval is then wider, never wrong.
            let Interval { low, high: Some(high) } = summary.intervals[0] else { panic!() };
            assert_eq!(low, Duration::from_millis(40));
            assert!(high >= Duration::from_millis(71) && high <= Duration::from_millis(111));
        }
    }

    #[test]
    fn a_flap_moves_a_revocation_on() {
        let summary = run(
            LagKind::Revocation,
            &[seen(120, true), seen(150, false), seen(200, true), seen(220, false)],
        );
        assert_eq!(summary.intervals, [interval(90, Some(121))]);
        assert_eq!(summary.flaps, 1);
    }

    #[test]
    fn provisioning_ends_at_the_first_accept() {
        let summary = run(
            LagKind::Provisioning,
            &[
                seen(120, false),
                seen(150, false),
                seen(160, true),
                seen(180, false),
                seen(190, true),
            ],
        );
        assert_eq!(summary.intervals, [interval(40, Some(61))]);
        assert_eq!(summary.flaps, 1);
    }

    #[test]
    fn each_change_of_a_user_has_its_own_lag() {
        let mut tracker = LagTracker::default();
        tracker.changed(USER, LagKind::Revocation, Cohort::Probed, ms(100), ms(110));
        tracker.changed(USER, LagKind::Provisioning, Cohort::Probed, ms(200), ms(210));
        // The answer in the middle touches both changes, and may speak of either.
        let across = Sighting { user: USER, sent: ms(190), done: ms(205), accepted: true };
        for sighting in
            [seen(120, true), seen(140, false), across, seen(220, false), seen(240, true)]
        {
            tracker.saw(&sighting);
        }
        let lag = |kind| tracker.summary(kind, Cohort::Probed).unwrap().intervals;
        assert_eq!(lag(LagKind::Revocation), [interval(10, Some(41))]);
        assert_eq!(lag(LagKind::Provisioning), [interval(10, Some(41))]);
    }

    #[test]
    fn what_never_ended_has_no_upper_end() {
        let summary = run(LagKind::Revocation, &[seen(120, true), seen(400, true)]);
        assert_eq!(summary.intervals, [interval(290, None)]);
        assert_eq!((summary.censored, summary.max.high), (1, None));
        let unseen = run(LagKind::Revocation, &[seen(50, true)]);
        assert_eq!((unseen.users, unseen.unseen), (0, 1));
    }

    #[test]
    fn a_change_that_shows_at_once_starts_at_zero() {
        let summary = run(LagKind::Revocation, &[seen(105, true), seen(115, false)]);
        assert_eq!(summary.intervals, [interval(0, Some(16))]);
        assert_eq!(summary.wrong_users, 0);
    }

    #[test]
    fn quantiles_of_many_users_are_bounds() {
        let mut tracker = LagTracker::default();
        for n in 0..100_u32 {
            let user = UserIndex(n);
            tracker.changed(user, LagKind::Revocation, Cohort::Probed, ms(0), ms(0));
            let lag = u64::from(n) * 10;
            tracker.saw(&Sighting { user, sent: ms(lag), done: ms(lag + 1), accepted: true });
            tracker.saw(&Sighting {
                user,
                sent: ms(lag + 20),
                done: ms(lag + 21),
                accepted: false,
            });
        }
        let summary = tracker.summary(LagKind::Revocation, Cohort::Probed).unwrap();
        assert_eq!(summary.p50.low, Duration::from_millis(490));
        assert_eq!(summary.p50.high, Some(Duration::from_millis(511)));
        assert_eq!(summary.max.high, Some(Duration::from_millis(1011)));
        assert!(tracker.summary(LagKind::Revocation, Cohort::Quiet).is_none());
    }
}
