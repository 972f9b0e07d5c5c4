//! Gathers what workers and faults report, and passes on one second at a time.
//!
//! Memory does not grow with the length of a run, but for twenty bytes a user that was changed.
//! Notes are taken before reports, so that a change is known before the answers about it are folded
//! in.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep_until;

use crate::clock::{Clock, Tick};
use crate::identity::{Change, UserIndex};
use crate::load::Report;
use crate::measure::{PhaseRecord, Recorder, Shape};
use crate::oracle::LagTracker;

use super::changes::{Note, lag_kind};
use super::effort::Effort;
use super::hits::Hits;

/// Workers report at whole seconds; the second is closed a little later.
const SETTLE: Duration = Duration::from_millis(150);

/// An answer that was done so long before a worker's report is in it, or in one before, unless the
/// worker stood still for longer: the kernel dates answers, and it may report before it reads them.
/// Such an answer still counts for the user's last change; to one before that it may come too late.
const LATE: Duration = Duration::from_secs(1);

/// Everything gathered so far.
#[derive(Debug)]
pub struct Gathered {
    /// All workers, all seconds.
    pub totals: Recorder,
    /// The sum of the phases that are no warm-up.
    pub measured: PhaseRecord,
    /// Lags of changed users.
    pub lags: LagTracker,
    /// One entry a fault of the plan.
    pub faults: Vec<FaultState>,
    /// One entry a worker.
    pub workers: Vec<WorkerState>,
    /// Changes of users that were acknowledged, by name.
    pub changes: BTreeMap<String, u64>,
    /// Changes that failed; the first few with their reasons.
    pub failed_changes: u64,
    /// Why the first failed changes failed.
    pub failure_reasons: Vec<String>,
    /// Answers about changed users that found no room.
    pub sightings_lost: u64,
}

/// How far a fault is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultState {
    /// When it began.
    pub began: Option<Tick>,
    /// When it ended.
    pub ended: Option<Tick>,
    /// How often it bit; while it is under way, so far.
    pub hits: u64,
    /// What went wrong.
    pub trouble: Option<String>,
}

/// What is known of a worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkerState {
    /// Requests in flight when it last reported.
    pub in_flight: u32,
    /// CPU time of its thread when it last reported.
    pub cpu: Duration,
    /// Requests that it has sent.
    pub sent: u64,
    /// When it last reported.
    pub at: Tick,
    /// What it did in the second under way.
    pub effort: Effort,
    /// Time in which its thread was ready and did not run, when it last reported.
    run_delay: Option<Duration>,
}

/// One second of a run.
#[derive(Debug)]
pub struct Second<'a> {
    /// Which one, from 0, counted from the start of load.
    pub number: u64,
    /// When it was closed.
    pub at: Tick,
    /// What happened in it.
    pub recorder: &'a Recorder,
    /// What happened up to its end.
    pub so_far: &'a Gathered,
}

/// Where what was gathered goes. Errors end the run: a run that is not recorded proves nothing.
pub trait Sink: Send {
    /// A second is over; what workers tell of it comes within a moment. What others count is to be
    /// looked at now, if it is to be about the same second.
    fn over(&mut self);

    /// A second is complete.
    fn second(&mut self, second: &Second<'_>) -> std::io::Result<()>;

    /// Something happened.
    fn note(&mut self, note: &Note) -> std::io::Result<()>;
}

/// Gathers one run.
pub struct Collector<S> {
    clock: Clock,
    start: Tick,
    /// For each phase, whether it is left out of what is measured.
    warm_up: Vec<bool>,
    hits: Hits,
    gathered: Gathered,
    second: Recorder,
    number: u64,
    /// Whether the sink knows that the second is over.
    is_over: bool,
    sink: S,
}

impl<S: Sink> Collector<S> {
    /// A collector of load that starts at `start`; `warm_up` has a flag for each phase, and `hits`
    /// a count for each fault.
    pub fn new(
        (clock, start): (Clock, Tick),
        shape: &Shape,
        (warm_up, hits): (Vec<bool>, Hits),
        workers: usize,
        sink: S,
    ) -> Self {
        let gathered = Gathered {
            totals: Recorder::new(shape),
            measured: PhaseRecord::default(),
            lags: LagTracker::default(),
            faults: vec![FaultState::default(); shape.faults],
            workers: vec![WorkerState::default(); workers],
            changes: BTreeMap::new(),
            failed_changes: 0,
            failure_reasons: Vec::new(),
            sightings_lost: 0,
        };
        let second = Recorder::new(shape);
        let (number, is_over) = (0, false);
        Self { clock, start, warm_up, hits, gathered, second, number, is_over, sink }
    }

    /// Gathers until workers and faults have nothing more to say. Gives the sink back.
    pub async fn run(
        mut self,
        mut reports: mpsc::Receiver<Report>,
        mut notes: mpsc::Receiver<Note>,
    ) -> std::io::Result<(Gathered, S)> {
        let (mut reports_open, mut notes_open) = (true, true);
        while reports_open || notes_open {
            let end = self.start + Duration::from_secs(self.number + 1);
            let next = if self.is_over { end + SETTLE } else { end };
            tokio::select! {
                biased;
                note = notes.recv(), if notes_open => match note {
                    Some(note) => self.take_note(&note)?,
                    None => notes_open = false,
                },
                report = reports.recv(), if reports_open => match report {
                    Some(report) => self.take_report(&report),
                    None => reports_open = false,
                },
                () = sleep_until(self.clock.deadline(next)) => if self.is_over {
                    self.close_second()?;
                } else {
                    self.end_second();
                },
            }
        }
        self.close_second()?;
        Ok((self.gathered, self.sink))
    }

    fn take_report(&mut self, report: &Report) {
        self.second.merge(&report.entries.recorder);
        for sighting in &report.entries.sightings {
            self.gathered.lags.saw(sighting);
        }
        self.gathered.sightings_lost += report.entries.sightings_lost;
        if let Some(worker) = self.gathered.workers.get_mut(report.worker as usize) {
            let phases = report.entries.recorder.touched();
            let since = worker.run_delay.unwrap_or_default();
            worker.effort.add(&Effort {
                wall: report.at - worker.at.max(self.start),
                cpu: report.cpu.saturating_sub(worker.cpu),
                spun: report.spun,
                run_delay: report.run_delay.map(|delay| delay.saturating_sub(since)),
                waited: report.entries.waited,
            });
            *worker = WorkerState {
                in_flight: report.entries.in_flight,
                cpu: report.cpu,
                sent: worker.sent + phases.map(|(_, record)| record.sent).sum::<u64>(),
                at: report.at,
                // Of a report that lacks it, the next one tells.
                run_delay: report.run_delay.or(worker.run_delay),
                ..*worker
            };
        }
    }

    fn take_note(&mut self, note: &Note) -> std::io::Result<()> {
        match note {
            Note::Changed { user, change, cohort, asked, acknowledged } => {
                *self.gathered.changes.entry(change.name().to_owned()).or_default() += 1;
                let lags = &mut self.gathered.lags;
                lags.changed(*user, lag_kind(*change), *cohort, *asked, *acknowledged);
            }
            Note::ChangeFailed { user, change, reason, .. } => self.failed(*user, *change, reason),
            Note::FaultBegan { fault, at } => {
                self.fault(*fault, |state| state.began = Some(*at));
            }
            Note::FaultEnded { fault, at, hits, trouble } => self.fault(*fault, |state| {
                state.ended = Some(*at);
                state.hits = *hits;
                state.trouble.clone_from(trouble);
            }),
        }
        self.sink.note(note)
    }

    fn failed(&mut self, user: UserIndex, change: Change, reason: &str) {
        self.gathered.failed_changes += 1;
        if self.gathered.failure_reasons.len() < 5 {
            let reason = format!("{} of user {}: {reason}", change.name(), user.0);
            self.gathered.failure_reasons.push(reason);
        }
    }

    fn fault(&mut self, n: usize, change: impl FnOnce(&mut FaultState)) {
        if let Some(state) = self.gathered.faults.get_mut(n) {
            change(state);
        }
    }

    fn end_second(&mut self) {
        self.is_over = true;
        self.sink.over();
    }

    fn close_second(&mut self) -> std::io::Result<()> {
        if !self.is_over {
            self.end_second();
        }
        self.is_over = false;
        self.gathered.totals.merge(&self.second);
        for (phase, record) in self.second.touched() {
            if !self.warm_up.get(phase).copied().unwrap_or(false) {
                self.gathered.measured.merge(record);
            }
        }
        let reported = self.gathered.workers.iter().map(|worker| worker.at).min();
        self.gathered.lags.settle(reported.unwrap_or_default().saturating_sub(LATE));
        for (n, state) in self.gathered.faults.iter_mut().enumerate() {
            if state.began.is_some() && state.ended.is_none() {
                state.hits = self.hits.so_far(n);
            }
        }
        let (number, at) = (self.number, self.clock.now());
        self.sink.second(&Second { number, at, recorder: &self.second, so_far: &self.gathered })?;
        self.second.clear();
        for worker in &mut self.gathered.workers {
            worker.effort = Effort::default();
        }
        self.number += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::load::{Gather, Ledger, ProbePlan, ProbeQueue};
    use crate::units::Share;

    struct Nowhere;

    impl Sink for Nowhere {
        fn over(&mut self) {}

        fn second(&mut self, _: &Second<'_>) -> std::io::Result<()> {
            Ok(())
        }

        fn note(&mut self, _: &Note) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// When it was told what, in milliseconds of the load.
    struct Times {
        start: tokio::time::Instant,
        over: Vec<u128>,
        seconds: Vec<u128>,
    }

    impl Times {
        #[expect(clippy::disallowed_methods, reason = "the simulated clock")]
        fn now(&self) -> u128 {
            (tokio::time::Instant::now() - self.start).as_millis()
        }
    }

    impl Sink for Times {
        fn over(&mut self) {
            self.over.push(self.now());
        }

        fn second(&mut self, _: &Second<'_>) -> std::io::Result<()> {
            self.seconds.push(self.now());
            Ok(())
        }

        fn note(&mut self, _: &Note) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_others_count_is_looked_at_when_a_second_is_over_and_not_when_it_is_closed() {
        let (clock, start) = (Clock::start(), Tick::from_micros(500_000));
        let sink = Times { start: clock.deadline(start), over: Vec::new(), seconds: Vec::new() };
        let counts = (Vec::new(), Hits::of(0));
        let collector = Collector::new((clock, start), &Shape::default(), counts, 0, sink);
        let (reports_open, reports) = mpsc::channel(1);
        let (notes_open, notes) = mpsc::channel(1);
        let ended = tokio::spawn(async move {
            sleep_until(clock.deadline(start + Duration::from_millis(2_400))).await;
            drop((reports_open, notes_open));
        });
        let (_, sink) = collector.run(reports, notes).await.unwrap();
        ended.await.unwrap();
        // The timers' grain is a millisecond. The last second is what is left.
        let near = |times: &[u128], wanted: [u128; 3]| {
            times.len() == 3 && times.iter().zip(wanted).all(|(a, b)| (b..=b + 2).contains(a))
        };
        assert!(near(&sink.over, [1_000, 2_000, 2_400]), "{:?}", sink.over);
        assert!(near(&sink.seconds, [1_150, 2_150, 2_400]), "{:?}", sink.seconds);
    }

    #[test]
    fn a_delay_that_cannot_be_read_once_is_not_counted_twice() {
        let shape = Shape::default();
        let clock = Clock::start();
        let mut collector =
            Collector::new((clock, Tick::ZERO), &shape, (Vec::new(), Hits::of(0)), 1, Nowhere);
        let (gap, until) = (Duration::from_millis(10), Duration::from_secs(1));
        let plan = ProbePlan { gap, growth: 0.1, until, prime: Duration::ZERO, quiet: Share::NONE };
        let gather = Arc::new(Gather::of_this_thread(clock));
        let mut ledger = Ledger::new(shape, ProbeQueue::new(plan, Tick::MAX), gather);
        let mut delays = Vec::new();
        for (second, delay_ms) in [(1, Some(700)), (2, None), (3, Some(730)), (4, Some(750))] {
            collector.take_report(&Report {
                worker: 0,
                at: Tick::from_nanos(second * 1_000_000_000),
                entries: ledger.hand_over(),
                cpu: Duration::ZERO,
                spun: Duration::ZERO,
                run_delay: delay_ms.map(Duration::from_millis),
            });
            let effort = collector.gathered.workers[0].effort;
            delays.push(effort.run_delay.map(|delay| delay.as_millis()));
            collector.close_second().unwrap();
        }
        assert_eq!(delays, [Some(700), None, Some(30), Some(20)]);
    }

    #[test]
    fn hits_show_while_a_fault_is_under_way_and_its_end_has_the_last_word() {
        let shape = Shape { faults: 2, ..Shape::default() };
        let (clock, hits) = (Clock::start(), Hits::of(2));
        let counts = (Vec::new(), hits.clone());
        let mut collector = Collector::new((clock, Tick::ZERO), &shape, counts, 1, Nowhere);
        let seen = |collector: &mut Collector<Nowhere>| {
            collector.close_second().unwrap();
            collector.gathered.faults.iter().map(|state| state.hits).collect::<Vec<_>>()
        };
        hits.set(0, 3);
        assert_eq!(seen(&mut collector), [0, 0], "it has not begun");
        let at = Tick::from_micros(5);
        collector.take_note(&Note::FaultBegan { fault: 0, at }).unwrap();
        assert_eq!(seen(&mut collector), [3, 0]);
        hits.add_one(0);
        assert_eq!(seen(&mut collector), [4, 0]);
        let ended = Note::FaultEnded { fault: 0, at, hits: 9, trouble: None };
        collector.take_note(&ended).unwrap();
        assert_eq!(seen(&mut collector), [9, 0]);
    }
}
