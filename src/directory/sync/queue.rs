//! Changes on their way, and the decision which of them go over now.
//!
//! Decides only: time comes in as an argument, draws come from a stream by the change's number,
//! and what comes out is a list of changes to apply. The pump does the rest.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::plan::{Disturbance, SyncPlan};
use crate::clock::Tick;
use crate::directory::store::UserChange;
use crate::seed::Stream;

/// Changes that may wait. The primary refuses further ones until there is room.
const MOST_WAITING: usize = 1_000_000;
/// How long a change waits to be overtaken.
const OVERTAKING: Duration = Duration::from_secs(1);
/// When an event-driven pump delivers a duplicate.
const REPEAT: Duration = Duration::from_millis(20);

/// As many changes wait as may wait.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("1,000,000 changes wait for the sync, which is as many as may wait; end its pause or lag")]
pub struct Full;

/// What happened to changes since the start. Each of the last five counts a change once per
/// disturbance: they are its hits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Applied to the replica, duplicates included.
    pub carried: u64,
    /// Not carried over in the round in which they would have been, for added lag.
    pub delayed: u64,
    /// Likewise, for a pause.
    pub held: u64,
    /// Lost.
    pub dropped: u64,
    /// Carried over twice.
    pub duplicated: u64,
    /// Overtaken by the next.
    pub reordered: u64,
}

impl Counts {
    /// Changes that a disturbance touched.
    pub fn hits(&self) -> u64 {
        self.delayed + self.held + self.dropped + self.duplicated + self.reordered
    }

    /// What was counted since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            carried: self.carried - earlier.carried,
            delayed: self.delayed - earlier.delayed,
            held: self.held - earlier.held,
            dropped: self.dropped - earlier.dropped,
            duplicated: self.duplicated - earlier.duplicated,
            reordered: self.reordered - earlier.reordered,
        }
    }
}

/// How the sync stands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Changes that wait.
    pub pending: u64,
    /// What happened so far.
    pub counts: Counts,
    /// What is wrong at present.
    pub disturbance: Option<Disturbance>,
    /// How long that still holds, in milliseconds; 0 where nothing is wrong.
    pub remaining_ms: u64,
}

/// Changes that the primary has acknowledged and the replica does not have yet.
#[derive(Debug)]
pub struct Queue {
    plan: SyncPlan,
    drop: Stream,
    duplicate: Stream,
    reorder: Stream,
    inner: Mutex<Inner>,
    /// Rung when something came in, or when what is wrong has changed.
    pub(super) bell: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    next: u64,
    pending: VecDeque<Pending>,
    /// How many at the head of `pending` were counted as delayed or held under this lease.
    noted: usize,
    repeats: Vec<UserChange>,
    overtaken: Option<(UserChange, Tick)>,
    lease: Option<Lease>,
    counts: Counts,
}

#[derive(Debug)]
struct Pending {
    number: u64,
    acknowledged: Tick,
    change: UserChange,
}

#[derive(Clone, Copy, Debug)]
struct Lease {
    disturbance: Disturbance,
    until: Tick,
}

impl Queue {
    /// An empty queue; `draws` decides which changes a share falls on.
    pub fn new(plan: SyncPlan, draws: Stream) -> Self {
        Self {
            plan,
            drop: draws.named("drop"),
            duplicate: draws.named("duplicate"),
            reorder: draws.named("reorder"),
            inner: Mutex::default(),
            bell: Notify::new(),
        }
    }

    /// How the sync is set up.
    pub fn plan(&self) -> SyncPlan {
        self.plan
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether another change may come in. A few more than allowed may, when several ask at once.
    pub fn has_room(&self) -> Result<(), Full> {
        if self.lock().pending.len() < MOST_WAITING { Ok(()) } else { Err(Full) }
    }

    /// Takes a change that was committed just now. Call in the order of the commits.
    pub fn push(&self, change: UserChange, now: Tick) {
        let mut inner = self.lock();
        let number = inner.next;
        inner.next += 1;
        inner.pending.push_back(Pending { number, acknowledged: now, change });
        drop(inner);
        self.bell.notify_one();
    }

    /// Disturbs the sync until then, instead of what disturbed it before.
    pub fn disturb(&self, disturbance: Disturbance, until: Tick) {
        let mut inner = self.lock();
        inner.lease = Some(Lease { disturbance, until });
        inner.noted = 0;
        drop(inner);
        self.bell.notify_one();
    }

    /// Ends whatever disturbs the sync.
    pub fn heal(&self) {
        self.lock().lease = None;
        self.bell.notify_one();
    }

    /// Forgets every change on its way; for when the replica gets a copy of everything.
    pub fn forget(&self) {
        let mut inner = self.lock();
        inner.pending.clear();
        inner.noted = 0;
        inner.repeats.clear();
        inner.overtaken = None;
    }

    /// How the sync stands.
    pub fn status(&self, now: Tick) -> Status {
        let mut inner = self.lock();
        inner.expire(now);
        let pending = inner.pending.len() + inner.repeats.len() + inner.overtaken.iter().len();
        Status {
            pending: pending as u64,
            counts: inner.counts,
            disturbance: inner.lease.map(|lease| lease.disturbance),
            remaining_ms: inner
                .lease
                .map_or(0, |lease| u64::try_from((lease.until - now).as_millis()).unwrap_or(0)),
        }
    }

    /// Takes out what is to be applied in a round at `now`, in the order of application.
    pub(super) fn round(&self, now: Tick) -> Vec<UserChange> {
        let mut inner = self.lock();
        inner.expire(now);
        let wrong = inner.lease.map(|lease| lease.disturbance).unwrap_or_default();
        inner.note_late(now, self.plan.lag, &wrong);
        if wrong.pause {
            return Vec::new();
        }
        let mut out = std::mem::take(&mut inner.repeats);
        if let Some((change, patience)) = inner.overtaken.take() {
            if wrong.reorder > 0.0 && now < patience {
                inner.overtaken = Some((change, patience));
            } else {
                out.push(change);
            }
        }
        let lag = self.plan.lag + wrong.lag();
        while inner.pending.front().is_some_and(|first| first.acknowledged + lag <= now) {
            let Some(Pending { number, change, .. }) = inner.pending.pop_front() else { break };
            inner.noted = inner.noted.saturating_sub(1);
            if self.drop.unit_at(number) < wrong.drop {
                inner.counts.dropped += 1;
                continue;
            }
            if self.duplicate.unit_at(number) < wrong.duplicate {
                inner.counts.duplicated += 1;
                inner.repeats.push(change.clone());
            }
            if let Some((earlier, _)) = inner.overtaken.take() {
                inner.counts.reordered += 1;
                out.extend([change, earlier]);
            } else if self.reorder.unit_at(number) < wrong.reorder {
                inner.overtaken = Some((change, now + OVERTAKING));
            } else {
                out.push(change);
            }
        }
        inner.counts.carried += out.len() as u64;
        out
    }

    /// When an event-driven pump must look again; `None` for not before the bell.
    pub(super) fn next_round(&self, now: Tick) -> Option<Tick> {
        let mut inner = self.lock();
        inner.expire(now);
        let lease_ends = inner.lease.map(|lease| lease.until);
        let wrong = inner.lease.map(|lease| lease.disturbance).unwrap_or_default();
        // Under added lag a change is looked at twice: when it would have been due, to count it
        // as delayed, and when it is due.
        let unnoted = inner.pending.get(inner.noted).map(|p| p.acknowledged + self.plan.lag);
        let first = inner.pending.front().map(|p| p.acknowledged + self.plan.lag + wrong.lag());
        let times = if wrong.pause {
            [lease_ends, unnoted, None, None, None]
        } else {
            let repeat = (!inner.repeats.is_empty()).then(|| now + REPEAT);
            let patience = inner.overtaken.as_ref().map(|(_, patience)| *patience);
            let unnoted = unnoted.filter(|_| wrong.lag_ms > 0);
            [lease_ends, unnoted, first, repeat, patience]
        };
        times.into_iter().flatten().min()
    }
}

impl Inner {
    fn expire(&mut self, now: Tick) {
        if self.lease.is_some_and(|lease| lease.until <= now) {
            self.lease = None;
        }
    }

    /// Counts the changes that would go over now if nothing were wrong, and do not.
    fn note_late(&mut self, now: Tick, lag: Duration, wrong: &Disturbance) {
        if !wrong.pause && wrong.lag_ms == 0 {
            return;
        }
        let due = |pending: &Pending, lag| pending.acknowledged + lag <= now;
        while let Some(next) = self.pending.get(self.noted).filter(|next| due(next, lag)) {
            if wrong.pause {
                self.counts.held += 1;
            } else if !due(next, lag + wrong.lag()) {
                self.counts.delayed += 1;
            }
            self.noted += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    fn queue(lag_ms: u64) -> Queue {
        let plan = SyncPlan { lag: Duration::from_millis(lag_ms), ..SyncPlan::default() };
        Queue::new(plan, Seed(3).stream("sync"))
    }

    fn ms(at: u64) -> Tick {
        Tick::from_micros(at * 1_000)
    }

    fn push(queue: &Queue, subject: &str, at: u64) {
        queue.push(UserChange { subject: subject.to_owned(), active: Some(true) }, ms(at));
    }

    fn round(queue: &Queue, at: u64) -> Vec<String> {
        queue.round(ms(at)).into_iter().map(|change| change.subject).collect()
    }

    #[test]
    fn a_change_goes_over_when_its_lag_is_over_and_not_before() {
        let queue = queue(100);
        push(&queue, "a", 10);
        push(&queue, "b", 20);
        assert!(round(&queue, 109).is_empty());
        assert_eq!(round(&queue, 110), ["a"]);
        assert_eq!(round(&queue, 500), ["b"]);
        assert!(round(&queue, 501).is_empty());
        let counts = queue.status(ms(501)).counts;
        assert_eq!(counts, Counts { carried: 2, ..Counts::default() });
    }

    #[test]
    fn added_lag_delays_counts_and_ends_with_its_lease() {
        let queue = queue(0);
        queue.disturb(Disturbance { lag_ms: 1_500, ..Disturbance::default() }, ms(10_000));
        push(&queue, "a", 100);
        assert!(round(&queue, 120).is_empty());
        assert!(round(&queue, 1_599).is_empty());
        assert_eq!(round(&queue, 1_600), ["a"]);
        assert_eq!(queue.status(ms(1_600)).counts.delayed, 1, "once, however many rounds");
        push(&queue, "b", 9_000);
        assert!(round(&queue, 9_999).is_empty());
        assert_eq!(round(&queue, 10_000), ["b"], "the queue itself ends the lease");
        assert_eq!(queue.status(ms(10_000)).disturbance, None);
        assert_eq!(queue.status(ms(10_000)).counts.hits(), 2);
    }

    #[test]
    fn a_pause_holds_everything_until_it_ends() {
        let queue = queue(0);
        queue.disturb(Disturbance { pause: true, ..Disturbance::default() }, ms(10_000));
        push(&queue, "a", 100);
        push(&queue, "b", 200);
        assert!(round(&queue, 5_000).is_empty());
        assert_eq!(queue.status(ms(5_000)).pending, 2);
        queue.heal();
        assert_eq!(round(&queue, 5_001), ["a", "b"]);
        assert_eq!(queue.status(ms(5_001)).counts.held, 2);
    }

    #[test]
    fn dropped_changes_are_the_drawn_share_and_the_same_for_a_seed() {
        let lost = || {
            let queue = queue(0);
            queue.disturb(Disturbance { drop: 0.2, ..Disturbance::default() }, ms(1_000));
            (0..1_000).for_each(|i| push(&queue, &i.to_string(), 1));
            (round(&queue, 1), queue.status(ms(1)).counts)
        };
        let (carried, counts) = lost();
        assert_eq!(carried.len() as u64, counts.carried);
        assert_eq!(counts.carried + counts.dropped, 1_000);
        // 200 expected; five standard deviations are 64.
        assert!((136..264).contains(&counts.dropped), "{counts:?}");
        assert_eq!(lost().0, carried);
    }

    #[test]
    fn a_duplicate_comes_again_in_the_next_round() {
        let queue = queue(0);
        queue.disturb(Disturbance { duplicate: 1.0, ..Disturbance::default() }, ms(1_000));
        push(&queue, "a", 1);
        assert_eq!(round(&queue, 20), ["a"]);
        push(&queue, "b", 21);
        assert_eq!(round(&queue, 40), ["a", "b"]);
        queue.heal();
        assert_eq!(round(&queue, 60), ["b"]);
        assert!(round(&queue, 80).is_empty());
        assert_eq!(queue.status(ms(80)).counts.duplicated, 2);
    }

    #[test]
    fn a_reordered_change_waits_for_the_next_but_not_for_ever() {
        let queue = queue(0);
        queue.disturb(Disturbance { reorder: 1.0, ..Disturbance::default() }, ms(60_000));
        push(&queue, "a", 1);
        assert!(round(&queue, 20).is_empty());
        push(&queue, "b", 21);
        assert_eq!(round(&queue, 40), ["b", "a"]);
        assert_eq!(queue.status(ms(40)).counts.reordered, 1);
        push(&queue, "c", 41);
        assert!(round(&queue, 60).is_empty());
        assert!(round(&queue, 1_059).is_empty());
        assert_eq!(round(&queue, 1_060), ["c"]);
        assert_eq!(queue.status(ms(2_000)).counts.reordered, 1, "nothing overtook it");
    }

    #[test]
    fn nothing_is_lost_when_a_reordering_ends() {
        let queue = queue(0);
        queue.disturb(Disturbance { reorder: 1.0, ..Disturbance::default() }, ms(60));
        push(&queue, "a", 1);
        assert!(round(&queue, 20).is_empty());
        assert_eq!(round(&queue, 60), ["a"]);
    }

    #[test]
    fn an_event_driven_pump_knows_when_to_look_again() {
        let queue = queue(100);
        assert_eq!(queue.next_round(ms(0)), None);
        push(&queue, "a", 10);
        assert_eq!(queue.next_round(ms(10)), Some(ms(110)));
        let paused = Disturbance { pause: true, ..Disturbance::default() };
        queue.disturb(paused, ms(5_000));
        assert_eq!(queue.next_round(ms(20)), Some(ms(110)), "to count it as held");
        assert!(round(&queue, 110).is_empty());
        assert_eq!(queue.next_round(ms(110)), Some(ms(5_000)));
        queue.forget();
        queue.heal();
        assert_eq!(queue.next_round(ms(200)), None);
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let wrong = Disturbance { drop: 1.5, ..Disturbance::default() }.check().unwrap_err();
        assert_eq!(wrong.to_string(), "drop is 1.5; allowed is 0 to 1");
        assert!(Disturbance { reorder: f64::NAN, ..Disturbance::default() }.check().is_err());
        assert!(Disturbance { lag_ms: u64::MAX, ..Disturbance::default() }.check().is_err());
    }
}
