//! Follow-up requests for users that were changed.
//!
//! Probing is dense just after a change and ever less after that: the gap grows with the age of
//! the change, so each lag is known to about the same share of its length. Once the right answer
//! was seen the gap doubles, which is enough to catch a flap. A quiet cohort is asked for once, at
//! the end. The queue decides; the worker sends.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use crate::clock::Tick;
use crate::identity::UserIndex;
use crate::oracle::{Cohort, LagKind};

use super::plan::ProbePlan;

/// Something about one user that the harness asks a worker to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Send one request for the user at this instant, so that caches know it.
    Prime {
        /// For whom.
        user: UserIndex,
        /// When.
        at: Tick,
    },
    /// The user was changed; find out when that shows.
    Watch {
        /// Who.
        user: UserIndex,
        /// Which answer is right from now on.
        kind: LagKind,
        /// How it is asked for.
        cohort: Cohort,
        /// When the change was acknowledged.
        acknowledged: Tick,
    },
}

impl Errand {
    /// About whom it is.
    pub fn user(&self) -> UserIndex {
        match self {
            Self::Prime { user, .. } | Self::Watch { user, .. } => *user,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Watched {
    kind: LagKind,
    acknowledged: Tick,
    settled: bool,
    cohort: Cohort,
    /// Entries of the heap with another number are of another watch.
    generation: u32,
}

/// What probes are due when.
#[derive(Debug)]
pub struct ProbeQueue {
    plan: ProbePlan,
    /// The last instant at which a probe is of use.
    last: Tick,
    due: BinaryHeap<Reverse<(Tick, UserIndex, u32)>>,
    watched: HashMap<UserIndex, Watched>,
    /// Of the watch that began last; no two have the same.
    generation: u32,
}

/// Stands in the heap for a request that belongs to no watch.
const PRIME: u32 = 0;

impl ProbeQueue {
    /// An empty queue; load ends at `end`.
    pub fn new(plan: ProbePlan, end: Tick) -> Self {
        // The answer has to come before the end too.
        let last = end.saturating_sub(plan.gap * 4);
        Self { plan, last, due: BinaryHeap::new(), watched: HashMap::new(), generation: PRIME }
    }

    /// Takes an errand.
    pub fn take(&mut self, errand: Errand) {
        match errand {
            Errand::Prime { user, at } => self.due.push(Reverse((at, user, PRIME))),
            Errand::Watch { user, cohort: Cohort::Unprobed, .. } => {
                // It ends the probes of an earlier change, and has none of its own.
                self.watched.remove(&user);
            }
            Errand::Watch { user, kind, cohort, acknowledged } => {
                self.generation = self.generation.wrapping_add(1).max(PRIME + 1);
                let generation = self.generation;
                self.watched.insert(
                    user,
                    Watched { kind, acknowledged, settled: false, cohort, generation },
                );
                let soonest = acknowledged + self.plan.gap;
                let first = match cohort {
                    // As late as the run allows.
                    Cohort::Quiet => (acknowledged + self.plan.until).min(self.last).max(soonest),
                    Cohort::Probed | Cohort::Unprobed => soonest,
                };
                self.due.push(Reverse((first, user, generation)));
            }
        }
    }

    /// When the next probe is due.
    pub fn next_at(&self) -> Option<Tick> {
        self.due.peek().map(|Reverse((at, _, _))| *at)
    }

    /// The next probe, if it is due by `now`; the one after it is put on the queue.
    pub fn pop(&mut self, now: Tick) -> Option<(Tick, UserIndex)> {
        while let Some(&Reverse((at, user, generation))) = self.due.peek() {
            if at > now {
                return None;
            }
            self.due.pop();
            if generation == PRIME {
                return Some((at, user));
            }
            let Some(watched) = self.watched.get(&user).copied() else { continue };
            if watched.generation != generation {
                continue;
            }
            match self.following(at, &watched) {
                Some(next) => self.due.push(Reverse((next, user, generation))),
                None => drop(self.watched.remove(&user)),
            }
            return Some((at, user));
        }
        None
    }

    /// An answer about a user came.
    pub fn saw(&mut self, user: UserIndex, sent: Tick, accepted: bool) {
        if let Some(watched) = self.watched.get_mut(&user)
            && sent >= watched.acknowledged
        {
            watched.settled = accepted == (watched.kind == LagKind::Provisioning);
        }
    }

    /// When the probe after one at `at` falls; the last one falls at age `until`.
    fn following(&self, at: Tick, watched: &Watched) -> Option<Tick> {
        let age = at.since(watched.acknowledged);
        if age >= self.plan.until || watched.cohort == Cohort::Quiet {
            return None;
        }
        let growth = if watched.settled { 1.0 } else { self.plan.growth };
        let gap = age.mul_f64(growth).max(self.plan.gap).max(Duration::from_millis(1));
        Some(watched.acknowledged + (age + gap).min(self.plan.until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Share;

    const USER: UserIndex = UserIndex(3);

    fn queue() -> ProbeQueue {
        let plan = ProbePlan {
            gap: Duration::from_millis(20),
            growth: 0.1,
            until: Duration::from_secs(5),
            prime: Duration::ZERO,
            quiet: Share::NONE,
        };
        ProbeQueue::new(plan, Tick::from_micros(60_000_000))
    }

    fn watch(cohort: Cohort) -> Errand {
        Errand::Watch { user: USER, kind: LagKind::Revocation, cohort, acknowledged: Tick::ZERO }
    }

    fn ages_ms(queue: &mut ProbeQueue) -> Vec<u64> {
        std::iter::from_fn(|| queue.pop(Tick::MAX)).map(|(at, _)| at.as_micros() / 1_000).collect()
    }

    #[test]
    fn the_gap_is_dense_at_first_and_then_a_share_of_the_age() {
        let mut queue = queue();
        queue.take(watch(Cohort::Probed));
        let ages = ages_ms(&mut queue);
        assert_eq!(ages[..3], [20, 40, 60]);
        assert_eq!(ages.last(), Some(&5_000));
        for pair in ages.windows(2) {
            let gap = pair[1] - pair[0];
            assert!(gap <= 20.max(pair[0] / 10 + 1), "gap {gap} at age {}", pair[0]);
        }
        // 10 steps of 20 ms to an age of 200 ms, then ln(25)/ln(1.1) = 34 more.
        assert!((42..=46).contains(&ages.len()), "{}", ages.len());
    }

    #[test]
    fn a_settled_user_is_asked_for_less() {
        let mut queue = queue();
        queue.take(watch(Cohort::Probed));
        assert!(queue.pop(Tick::from_micros(20_000)).is_some());
        queue.saw(USER, Tick::from_micros(20_000), false);
        assert!(ages_ms(&mut queue).len() < 12);
    }

    #[test]
    fn the_quiet_cohort_is_asked_for_once() {
        let mut queue = queue();
        queue.take(watch(Cohort::Quiet));
        assert_eq!(ages_ms(&mut queue), [5_000]);
    }

    #[test]
    fn the_quiet_cohort_is_asked_for_before_the_end() {
        let mut queue = queue();
        queue.last = Tick::from_micros(3_000_000);
        queue.take(watch(Cohort::Quiet));
        assert_eq!(queue.pop(Tick::MAX), Some((Tick::from_micros(3_000_000), USER)));
    }

    #[test]
    fn a_later_change_replaces_the_probes_of_an_earlier_one() {
        let mut queue = queue();
        queue.take(watch(Cohort::Probed));
        let later = Tick::from_micros(30_000);
        queue.take(Errand::Watch {
            user: USER,
            kind: LagKind::Provisioning,
            cohort: Cohort::Probed,
            acknowledged: later,
        });
        assert_eq!(queue.pop(Tick::MAX), Some((Tick::from_micros(50_000), USER)));
        assert_eq!(queue.next_at(), Some(Tick::from_micros(70_000)));
    }

    #[test]
    fn an_unprobed_change_ends_earlier_probes_and_leaves_nothing() {
        let mut queue = queue();
        queue.take(watch(Cohort::Probed));
        queue.take(watch(Cohort::Unprobed));
        assert!(queue.watched.is_empty());
        assert_eq!(queue.pop(Tick::MAX), None);
        // What is left of the first is not taken for the third.
        queue.take(watch(Cohort::Probed));
        queue.take(watch(Cohort::Unprobed));
        queue.take(watch(Cohort::Probed));
        let ages = ages_ms(&mut queue);
        assert_eq!(ages[..3], [20, 40, 60]);
        assert!(queue.watched.is_empty() && queue.due.is_empty());
    }
}
