//! What is due when, over all phases, for one worker.
//!
//! The schedule of a run does not depend on how many workers share it: the n-th request is due at
//! the same instant whoever sends it. Worker w of k takes the requests whose number leaves w when
//! divided by k.

use std::sync::Arc;
use std::time::Duration;

use crate::arrival::{Arrival, PhasePlan};
use crate::clock::Tick;
use crate::replay::{Asked, Intake, Next};
use crate::seed::Stream;

/// The next thing on a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A request is due.
    Due {
        /// Its number in the run.
        seq: u64,
        /// The phase that it belongs to.
        phase: usize,
        /// When it is due.
        at: Tick,
        /// What it asks for, where that was recorded.
        asked: Option<Asked>,
    },
    /// A replay goes on, but its recording has not been read so far yet: look again soon.
    Behind,
    /// A closed phase begins.
    Closed {
        /// Which one.
        phase: usize,
        /// When it begins.
        at: Tick,
        /// When it ends.
        until: Tick,
        /// Virtual users of this worker.
        users: u32,
        /// Number of the first of them in the run.
        first: u32,
        /// Pause between an answer and the next request.
        think: Duration,
    },
}

impl Step {
    /// When it is to happen.
    pub fn at(&self) -> Tick {
        match self {
            Self::Due { at, .. } | Self::Closed { at, .. } => *at,
            Self::Behind => Tick::ZERO,
        }
    }
}

type Instants = Box<dyn Iterator<Item = Duration> + Send>;

/// Where the requests of the phase under way come from.
enum Source {
    Instants(Instants),
    Recording,
}

/// The steps of one worker, in order of time.
pub struct Schedule {
    phases: Arc<[PhasePlan]>,
    stream: Stream,
    start: Tick,
    worker: u32,
    workers: u32,
    next_phase: usize,
    source: Option<Source>,
    seq: u64,
    recordings: Option<Intake>,
}

impl Schedule {
    /// The share of `worker` (from 0) among `workers`, of load that starts at `start`. What is
    /// replayed comes from `recordings`.
    pub fn new(
        phases: Arc<[PhasePlan]>,
        stream: Stream,
        start: Tick,
        worker: u32,
        workers: u32,
        recordings: Option<Intake>,
    ) -> Self {
        let (next_phase, source, seq) = (0, None, 0);
        Self { phases, stream, start, worker, workers, next_phase, source, seq, recordings }
    }

    /// The next step of the phase under way; `None` if there is none left in it.
    fn of_phase(&mut self) -> Option<Step> {
        let phase = self.next_phase.checked_sub(1)?;
        let begin = self.start + self.phases[phase].start;
        match self.source.as_mut()? {
            Source::Instants(instants) => {
                for instant in instants {
                    let seq = self.seq;
                    self.seq += 1;
                    if seq % u64::from(self.workers) == u64::from(self.worker) {
                        return Some(Step::Due { seq, phase, at: begin + instant, asked: None });
                    }
                }
                None
            }
            Source::Recording => match self.recordings.as_mut().map(Intake::take)? {
                Next::Due { number, due } => {
                    let (seq, at) = (self.seq + number, begin + due.at);
                    Some(Step::Due { seq, phase, at, asked: Some(due.asked) })
                }
                Next::Behind => Some(Step::Behind),
                Next::End { count } => {
                    self.seq += count;
                    None
                }
            },
        }
    }

    fn closed(&self, phase: usize, users: u32, think: Duration) -> Option<Step> {
        let plan = &self.phases[phase];
        // Virtual users are dealt out in turn, so workers differ by one at most.
        let mine = users / self.workers + u32::from(self.worker < users % self.workers);
        let at = self.start + plan.start;
        let first = self.worker;
        (mine > 0).then(|| Step::Closed {
            phase,
            at,
            until: at + plan.length,
            users: mine,
            first,
            think,
        })
    }
}

impl Iterator for Schedule {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        loop {
            if let Some(step) = self.of_phase() {
                return Some(step);
            }
            self.source = None;
            let phase = self.next_phase;
            let plan = self.phases.get(phase)?;
            self.next_phase += 1;
            match &plan.arrival {
                Arrival::Open(process) => {
                    let stream = self.stream.nth(phase as u64);
                    self.source = Some(Source::Instants(process.instants(stream, plan.length)));
                }
                Arrival::Replay(_) => self.source = Some(Source::Recording),
                Arrival::Closed { users, think } => {
                    if let Some(step) = self.closed(phase, *users, *think) {
                        return Some(step);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrival::OpenProcess;
    use crate::seed::Seed;
    use crate::units::Rate;

    #[derive(Debug)]
    struct EveryMillisecond;

    impl OpenProcess for EveryMillisecond {
        fn rate_at(&self, _: Duration) -> Rate {
            Rate::per_second(1000.0).unwrap()
        }
        fn expected(&self, length: Duration) -> f64 {
            length.as_secs_f64() * 1000.0
        }
        fn instants(&self, _: Stream, length: Duration) -> Instants {
            Box::new((0..length.as_millis() as u64).map(Duration::from_millis))
        }
        fn scaled(&self, _: f64) -> Arc<dyn OpenProcess> {
            Arc::new(Self)
        }
    }

    fn phases() -> Arc<[PhasePlan]> {
        let phase = |name: &str, start, arrival| PhasePlan {
            name: name.into(),
            start: Duration::from_millis(start),
            length: Duration::from_millis(10),
            arrival,
            warm_up: false,
        };
        Arc::new([
            phase("a", 0, Arrival::Open(Arc::new(EveryMillisecond))),
            phase("b", 10, Arrival::Closed { users: 3, think: Duration::ZERO }),
            phase("c", 20, Arrival::Open(Arc::new(EveryMillisecond))),
        ])
    }

    fn steps(worker: u32, workers: u32) -> Vec<Step> {
        let stream = Seed(1).stream("arrival");
        Schedule::new(phases(), stream, Tick::from_micros(5), worker, workers, None).collect()
    }

    #[test]
    fn workers_together_send_what_one_would() {
        let due = |steps: &[Step]| -> Vec<Step> {
            steps.iter().filter(|s| matches!(s, Step::Due { .. })).cloned().collect()
        };
        let alone = due(&steps(0, 1));
        assert_eq!(alone.len(), 20);
        let mut together = due(&[steps(0, 3), steps(1, 3), steps(2, 3)].concat());
        together.sort_by_key(Step::at);
        assert_eq!(together, alone);
        let times: Vec<Tick> = alone.iter().map(Step::at).collect();
        assert!(times.is_sorted());
        assert_eq!(times[0], Tick::from_micros(5));
    }

    #[test]
    fn virtual_users_are_dealt_out() {
        let users = |worker| {
            steps(worker, 2).iter().find_map(|step| match step {
                Step::Closed { users, .. } => Some(*users),
                Step::Due { .. } | Step::Behind => None,
            })
        };
        assert_eq!((users(0), users(1)), (Some(2), Some(1)));
    }
}
