//! What one worker counts, phase by phase.
//!
//! A recorder is handed over once a second, merged, emptied and used again. All of that takes time
//! for the phases that something happened in, not for those of the plan, and after the first
//! seconds no memory but that for values that never occurred before.

use std::mem::swap;
use std::time::Duration;

use crate::outcome::{Class, Truth, Verdict};

use super::allowance::{Allowance, Ladder};
use super::record::{FaultRecord, PhaseRecord, RouteRecord};
use super::stages::StageNames;

/// How large a recorder is.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// Phases of the run.
    pub phases: usize,
    /// Faults of the run; the first 64 have counts of their own.
    pub faults: usize,
    /// Kinds of defect that requests may carry.
    pub defects: usize,
    /// Routes that requests take.
    pub routes: usize,
    /// Allowances that thresholds make.
    pub allowances: Vec<Allowance>,
    /// Where stages of the target's work are given their places.
    pub stages: StageNames,
}

/// One judged answer.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Index of the phase in which the request was due.
    pub phase: usize,
    /// Index of its route; beyond them all for a request that takes none, such as a recorded one.
    pub route: usize,
    /// What the right answer was.
    pub truth: Truth,
    /// What the answer said.
    pub class: Class,
    /// What that makes of it.
    pub verdict: Verdict,
    /// done − due.
    pub response: Duration,
    /// done − sent.
    pub service: Duration,
    /// From the answer's arrival, where the system dates it, until it was read.
    pub read_lag: Option<Duration>,
    /// From the acknowledgement of the user's last change to sent.
    pub known_for: Duration,
    /// Bit n is set if fault n was under way at some time between sent and done.
    pub faults: u64,
    /// A 401 came without the challenge that the profile wants.
    pub lacks_challenge: bool,
    /// The status or the body is not what the route expects.
    pub check_failed: bool,
    /// It was the first request on its connection.
    pub first_on_connection: bool,
    /// Which of the run's kinds of defect the request carried.
    pub defect: Option<usize>,
}

/// What one worker has counted since it last handed over, or the sum of many such.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    shape: Shape,
    ladder: Ladder,
    phases: Vec<PhaseRecord>,
    /// For each phase, whether something was counted in it.
    is_touched: Vec<bool>,
    /// Those phases, in the order of their first count.
    touched: Vec<usize>,
    /// Phases that were touched before this was last emptied, and so hold memory.
    held: Vec<usize>,
}

impl Recorder {
    /// An empty recorder.
    pub fn new(shape: &Shape) -> Self {
        Self {
            ladder: Ladder::new(&shape.allowances),
            phases: vec![PhaseRecord::default(); shape.phases],
            is_touched: vec![false; shape.phases],
            touched: Vec::with_capacity(shape.phases),
            held: Vec::with_capacity(shape.phases),
            shape: shape.clone(),
        }
    }

    /// Adds one judged answer.
    #[inline]
    pub fn answer(&mut self, sample: &Sample) {
        if sample.phase < self.phases.len() {
            let step = self.ladder.step(sample.verdict, sample.known_for);
            self.phase(sample.phase).answer(sample, step);
        }
    }

    /// The record of a phase, to be counted in.
    #[inline]
    pub fn phase(&mut self, phase: usize) -> &mut PhaseRecord {
        if !self.is_touched[phase] {
            self.touch(phase);
        }
        &mut self.phases[phase]
    }

    /// As [`phase`](Self::phase), with the names of the stages that it has times of.
    pub(super) fn stage_names_and_phase(
        &mut self,
        phase: usize,
    ) -> (&StageNames, &mut PhaseRecord) {
        if !self.is_touched[phase] {
            self.touch(phase);
        }
        (&self.shape.stages, &mut self.phases[phase])
    }

    /// Gives a phase its lists; a run of many phases is in few of them at a time.
    #[cold]
    #[inline(never)]
    fn touch(&mut self, phase: usize) {
        self.is_touched[phase] = true;
        self.touched.push(phase);
        let (shape, record) = (&self.shape, &mut self.phases[phase]);
        record.beyond.resize(self.ladder.len(), 0);
        record.by_fault.resize(shape.faults.min(64), FaultRecord::default());
        record.by_defect.resize(shape.defects, [0; Verdict::COUNT]);
        record.by_route.resize(shape.routes, RouteRecord::default());
    }

    /// The names of the stages that the records have times of.
    pub(super) fn stage_names(&self) -> &StageNames {
        &self.shape.stages
    }

    /// One record a phase, in the order of the plan. Where nothing happened the lists are empty.
    pub fn phases(&self) -> &[PhaseRecord] {
        &self.phases
    }

    /// The phases in which something happened, with their indices.
    pub fn touched(&self) -> impl Iterator<Item = (usize, &PhaseRecord)> {
        self.touched.iter().map(|&phase| (phase, &self.phases[phase]))
    }

    /// The verdicts of a record, one of these phases or a sum of several, that an allowance of the
    /// shape is about and does not cover.
    pub fn beyond(&self, record: &PhaseRecord, allowance: Allowance) -> u64 {
        self.ladder.beyond(&record.beyond, allowance)
    }

    /// Adds everything that `other`, of the same shape, holds.
    pub fn merge(&mut self, other: &Self) {
        for (phase, record) in other.touched() {
            if phase < self.phases.len() {
                self.phase(phase).merge(record);
            }
        }
    }

    /// Forgets everything. The memory of phases that were counted in stays for the next time; that
    /// of phases which have passed is given back.
    pub fn clear(&mut self) {
        for &phase in &self.held {
            if !self.is_touched[phase] {
                self.phases[phase] = PhaseRecord::default();
            }
        }
        for &phase in &self.touched {
            self.phases[phase].clear();
            self.is_touched[phase] = false;
        }
        swap(&mut self.held, &mut self.touched);
        self.touched.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance(secs: u64) -> Allowance {
        Allowance { verdict: Verdict::FalseAccept, after: Duration::from_secs(secs) }
    }

    fn shape() -> Shape {
        let allowances = vec![allowance(0), allowance(5)];
        Shape { phases: 3, faults: 3, defects: 1, routes: 2, allowances, ..Shape::default() }
    }

    fn sample() -> Sample {
        Sample {
            phase: 1,
            route: 1,
            truth: Truth::MustRejectAbsent,
            class: Class::Accepted,
            verdict: Verdict::FalseAccept,
            response: Duration::from_millis(3),
            service: Duration::from_millis(2),
            read_lag: None,
            known_for: Duration::from_secs(5),
            faults: 0b101,
            lacks_challenge: false,
            check_failed: false,
            first_on_connection: false,
            defect: None,
        }
    }

    #[test]
    fn an_answer_lands_in_each_table_once() {
        let mut recorder = Recorder::new(&shape());
        recorder.answer(&sample());
        recorder.answer(&Sample {
            known_for: Duration::from_secs(6),
            check_failed: true,
            first_on_connection: true,
            defect: Some(0),
            ..sample()
        });
        let false_accept = Verdict::FalseAccept.index();
        let record = &recorder.phases()[1];
        assert_eq!(record.done, 2);
        assert_eq!(record.class_count(Class::Accepted), 2);
        assert_eq!(record.verdicts[false_accept], 2);
        // Exactly at the allowance is still within it.
        let beyond = |secs| recorder.beyond(record, allowance(secs));
        assert_eq!((beyond(0), beyond(5), beyond(7)), (2, 1, 0));
        let by_fault: Vec<_> =
            record.by_fault.iter().map(|row| (row.verdicts[false_accept], row.defective)).collect();
        assert_eq!(by_fault, [(2, 1), (0, 0), (2, 1)]);
        assert_eq!(record.by_defect[0][false_accept], 1);
        assert_eq!(record.response[Class::Accepted.index()].count(), 2);
        assert_eq!((record.first.count(), record.checks_failed), (1, 1));
        let by_route: Vec<_> = record
            .by_route
            .iter()
            .map(|row| (row.verdicts[false_accept], row.checks_failed, row.response.count()))
            .collect();
        assert_eq!(by_route, [(0, 0, 0), (2, 1, 2)]);
    }

    #[test]
    fn what_is_outside_the_shape_does_no_harm() {
        let mut recorder = Recorder::new(&shape());
        recorder.answer(&Sample { phase: 3, ..sample() });
        assert_eq!(recorder.touched().count(), 0);
        recorder.answer(&Sample { route: 2, faults: u64::MAX, defect: Some(1), ..sample() });
        let record = &recorder.phases()[1];
        assert_eq!((record.done, record.by_fault[1].defective), (1, 1));
    }

    #[test]
    fn handing_over_starts_again_and_loses_nothing() {
        let mut recorder = Recorder::new(&shape());
        let mut total = Recorder::new(&shape());
        for _ in 0..3 {
            recorder.answer(&sample());
            recorder.phase(0).due += 1;
            total.merge(&recorder);
            recorder.clear();
        }
        assert_eq!((recorder.phases()[1].done, recorder.touched().count()), (0, 0));
        let phases = total.phases();
        assert_eq!((phases[1].done, phases[0].due), (3, 3));
        assert_eq!(total.beyond(&phases[1], allowance(0)), 3);
        assert_eq!(phases[1].service[Class::Accepted.index()].count(), 3);
        assert_eq!(total.touched().map(|(phase, _)| phase).collect::<Vec<_>>(), [1, 0]);
    }

    #[test]
    fn memory_is_kept_for_phases_that_go_on_and_given_back_for_those_that_passed() {
        let mut recorder = Recorder::new(&shape());
        let has_room =
            |recorder: &Recorder, phase: usize| recorder.phases[phase].by_fault.capacity() > 0;
        recorder.phase(0).due += 1;
        recorder.clear();
        assert_eq!((has_room(&recorder, 0), has_room(&recorder, 1)), (true, false));
        recorder.phase(0).due += 1;
        recorder.phase(1).due += 1;
        recorder.clear();
        recorder.phase(1).due += 1;
        recorder.clear();
        assert_eq!((has_room(&recorder, 0), has_room(&recorder, 1)), (false, true));
        assert_eq!((recorder.phases[1].due, recorder.phases[1].by_fault.len()), (0, 3));
    }
}
