//! One change under watch: what its sightings say about when it showed.

use std::time::Duration;

use crate::clock::Tick;

use super::{Cohort, Interval, LagKind, Sighting};

#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    pub(super) kind: LagKind,
    pub(super) cohort: Cohort,
    pub(super) asked: Tick,
    pub(super) acknowledged: Tick,
    pub(super) last_wrong_sent: Option<Tick>,
    /// `sent` and `done` of the right answer that ends the lag.
    pub(super) first_right: Option<(Tick, Tick)>,
    /// The right answer that was sent last: what is left if a wrong one turns out to lie between.
    pub(super) last_right: Option<(Tick, Tick)>,
    pub(super) flaps: u32,
}

/// What a change comes to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closed {
    pub(super) interval: Interval,
    pub(super) was_wrong: bool,
    pub(super) seen: bool,
    pub(super) flaps: u32,
}

impl Watch {
    pub(super) fn new(kind: LagKind, cohort: Cohort, asked: Tick, acknowledged: Tick) -> Self {
        Self {
            kind,
            cohort,
            asked,
            acknowledged,
            last_wrong_sent: None,
            first_right: None,
            last_right: None,
            flaps: 0,
        }
    }

    pub(super) fn saw(&mut self, seen: &Sighting) {
        // What was sent before the change was asked for says nothing about it.
        if seen.sent < self.asked {
            return;
        }
        match (self.kind, self.kind.is_right(seen.accepted)) {
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

    /// Whether the right answer came before `instant`, and no wrong one since.
    pub(super) fn has_shown_by(&self, instant: Tick) -> bool {
        self.first_right.is_some_and(|(_, done)| done < instant)
    }

    pub(super) fn close(&self) -> Closed {
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
