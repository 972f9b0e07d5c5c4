//! Response and service times over a whole run, by phase and class: what percentile curves are
//! drawn from.

use crate::measure::{Latency, LatencyKind, PhaseRecord};
use crate::outcome::Class;

use super::super::hlog::phase_tag;

/// Times of one phase and class.
#[derive(Clone, Debug, Default)]
pub struct ClassTimes {
    /// done − due.
    pub response: Latency,
    /// done − sent.
    pub service: Latency,
}

impl ClassTimes {
    /// The times of a kind.
    pub fn of(&self, kind: LatencyKind) -> &Latency {
        match kind {
            LatencyKind::Response => &self.response,
            LatencyKind::Service => &self.service,
        }
    }

    pub(super) fn of_mut(&mut self, kind: LatencyKind) -> &mut Latency {
        match kind {
            LatencyKind::Response => &mut self.response,
            LatencyKind::Service => &mut self.service,
        }
    }
}

/// Times of one phase.
#[derive(Clone, Debug)]
pub struct PhaseTimes {
    /// Its name as it stands in the tags of `latency.hlog`.
    tag: String,
    /// In the order of [`Class::ALL`].
    pub classes: Vec<ClassTimes>,
}

/// Times of all phases, in the order of their first answer.
#[derive(Clone, Debug, Default)]
pub struct Times(Vec<PhaseTimes>);

impl Times {
    /// Each phase that had an answer.
    pub fn phases(&self) -> &[PhaseTimes] {
        &self.0
    }

    /// The times of a phase, by its name.
    pub fn phase(&self, name: &str) -> Option<&PhaseTimes> {
        let tag = phase_tag(name);
        self.0.iter().find(|phase| phase.tag == tag)
    }

    /// The times of one class and kind over the phases for which `counts` holds, given their names
    /// as [`phase_tag`] spells them.
    pub fn sum(&self, class: Class, kind: LatencyKind, counts: impl Fn(&str) -> bool) -> Latency {
        let mut sum = Latency::default();
        for phase in self.0.iter().filter(|phase| counts(&phase.tag)) {
            sum.merge(phase.classes[class.index()].of(kind));
        }
        sum
    }

    /// Adds what was recorded in a phase.
    pub(super) fn add(&mut self, phase: &str, record: &PhaseRecord) {
        let times = self.tagged(&phase_tag(phase));
        for (class, times) in times.classes.iter_mut().enumerate() {
            times.response.merge(&record.response[class]);
            times.service.merge(&record.service[class]);
        }
    }

    /// The times of the phase with this tag, made where they are missing.
    pub(super) fn tagged(&mut self, tag: &str) -> &mut PhaseTimes {
        let at = self.0.iter().position(|phase| phase.tag == tag).unwrap_or_else(|| {
            self.0.push(PhaseTimes {
                tag: tag.to_owned(),
                classes: vec![ClassTimes::default(); Class::COUNT],
            });
            self.0.len() - 1
        });
        &mut self.0[at]
    }
}
