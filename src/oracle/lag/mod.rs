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

mod settled;
mod summary;
mod watch;

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::Tick;
use crate::identity::UserIndex;
use settled::{Settled, Sums};
pub use summary::{LagSummary, QuantileBounds};
use watch::Watch;

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

impl LagKind {
    /// Whether an answer is what it should be once the change is known.
    fn is_right(self, accepted: bool) -> bool {
        accepted == (self == Self::Provisioning)
    }
}

/// Changes of one kind and cohort whose intervals are kept one by one; beyond it they are summed
/// up, and figures are within 0.1 %.
pub const MOST_INTERVALS: usize = 1_000;

/// A change has settled if nothing turned wrong for so long after it showed.
const CALM: Duration = Duration::from_secs(10);

/// Folds sightings into lags.
///
/// Memory: an entry for each change that has not shown, or did lately. Where there are many, those
/// that have settled are summed up and keep a few bytes a user, so that a late flap still counts.
#[derive(Debug)]
pub struct LagTracker {
    /// Each user's changes, in the order in which they were asked for.
    watches: HashMap<UserIndex, Vec<Watch>>,
    /// Users whose last change has settled, and is in the sums.
    settled: HashMap<UserIndex, Settled>,
    groups: Groups,
    most_intervals: usize,
}

/// The changes of each kind and cohort that is summed up.
#[derive(Debug, Default)]
struct Groups([Group; 4]);

#[derive(Debug, Default)]
struct Group {
    changes: usize,
    sums: Sums,
}

impl Groups {
    /// `None` for users that are not probed, whose lags nobody asks for.
    fn get(&self, kind: LagKind, cohort: Cohort) -> Option<&Group> {
        self.0.get(Self::place(kind, cohort)?)
    }

    fn get_mut(&mut self, kind: LagKind, cohort: Cohort) -> Option<&mut Group> {
        self.0.get_mut(Self::place(kind, cohort)?)
    }

    fn place(kind: LagKind, cohort: Cohort) -> Option<usize> {
        let quiet = match cohort {
            Cohort::Probed => 0,
            Cohort::Quiet => 1,
            Cohort::Unprobed => return None,
        };
        Some(2 * usize::from(kind == LagKind::Provisioning) + quiet)
    }
}

impl Default for LagTracker {
    fn default() -> Self {
        Self::keeping(MOST_INTERVALS)
    }
}

impl LagTracker {
    fn keeping(most_intervals: usize) -> Self {
        Self {
            watches: HashMap::new(),
            settled: HashMap::new(),
            groups: Groups::default(),
            most_intervals,
        }
    }

    /// A change was acknowledged. Changes of one user come in the order in which they were made.
    pub fn changed(
        &mut self,
        user: UserIndex,
        kind: LagKind,
        cohort: Cohort,
        asked: Tick,
        acknowledged: Tick,
    ) {
        self.reopen(user);
        match self.groups.get_mut(kind, cohort) {
            Some(group) => group.changes += 1,
            // It only matters as the end of an earlier one.
            None if !self.watches.contains_key(&user) => return,
            None => {}
        }
        let watch = Watch::new(kind, cohort, asked, acknowledged);
        self.watches.entry(user).or_insert_with(|| Vec::with_capacity(1)).push(watch);
    }

    /// An answer about somebody; of no effect if it falls before the user's first change, or
    /// touches two of them and so may speak of either.
    pub fn saw(&mut self, seen: &Sighting) {
        if let Some(settled) = self.settled.get(&seen.user)
            && let Some(group) = self.groups.get_mut(settled.kind, settled.cohort)
            && settled.saw(seen, &mut group.sums)
        {
            self.reopen(seen.user);
        }
        let Some(watches) = self.watches.get_mut(&seen.user) else { return };
        if let Some(watch) = watches.iter_mut().rev().find(|watch| watch.asked <= seen.done) {
            watch.saw(seen);
        }
    }

    /// Sums up what has settled, where there are many changes. Every answer that was done by
    /// `upto` must have been seen.
    pub fn settle(&mut self, upto: Tick) {
        let Self { watches, settled, groups, most_intervals } = self;
        if groups.0.iter().all(|group| group.changes <= *most_intervals) {
            return;
        }
        let calm = upto.saturating_sub(CALM);
        watches.retain(|&user, watches| {
            let is_many = |watch: &Watch| {
                let group = groups.get(watch.kind, watch.cohort);
                group.is_none_or(|group| group.changes > *most_intervals)
            };
            if !watches.iter().all(is_many) {
                return true;
            }
            // Nothing more can be said of a change that another one followed before `upto`.
            let past = watches.iter().skip(1).take_while(|next| next.asked < upto).count();
            for watch in watches.drain(..past) {
                if let Some(group) = groups.get_mut(watch.kind, watch.cohort) {
                    group.sums.add(&watch.close());
                }
            }
            let [watch] = watches[..] else { return true };
            let Some(group) = groups.get_mut(watch.kind, watch.cohort) else { return false };
            if !watch.has_shown_by(calm) {
                return true;
            }
            let entry = Settled::of(&watch, &mut group.sums);
            entry.map(|entry| settled.insert(user, entry)).is_none()
        });
    }

    /// Watches a user's settled change again.
    fn reopen(&mut self, user: UserIndex) {
        if let Some(settled) = self.settled.remove(&user)
            && let Some(group) = self.groups.get_mut(settled.kind, settled.cohort)
        {
            self.watches.insert(user, vec![settled.reopen(&mut group.sums)]);
        }
    }

    /// The lags of one kind in one cohort, as they stand; `None` if there was no such change, and
    /// for users that are not probed.
    pub fn summary(&self, kind: LagKind, cohort: Cohort) -> Option<LagSummary> {
        let group = self.groups.get(kind, cohort).filter(|group| group.changes > 0)?;
        let open = self
            .watches
            .values()
            .flatten()
            .filter(|watch| watch.kind == kind && watch.cohort == cohort)
            .map(Watch::close);
        if group.sums.is_empty() && group.changes <= self.most_intervals {
            return Some(LagSummary::exact(open));
        }
        let mut sums = group.sums.clone();
        for closed in open {
            sums.add(&closed);
        }
        Some(LagSummary::of_many(&sums))
    }
}

#[cfg(test)]
mod tests;
