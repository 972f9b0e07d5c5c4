//! How hard the generator worked and what the machine kept from it, second by second, and above all
//! in the seconds whose requests were sent late: that is what tells whose fault it was.

use std::time::Duration;

use crate::machine::Processors;
use crate::measure::Recorder;
use crate::report::TimelineRow;
use crate::report::model::{LateSeconds, RunReport};
use crate::scenario::Plan;

use super::effort::Effort;

/// The account of one run. Its size does not depend on the length of the run.
#[derive(Debug)]
pub struct Strain {
    send_lag_limit: Duration,
    /// By phase of the plan: whether it is warm-up, and what each worker did in the seconds that
    /// began in it.
    phases: Vec<(bool, Vec<Effort>)>,
    /// What each worker did altogether.
    workers: Vec<Effort>,
    /// The machine when load began, and at the last second.
    processors: Option<(Processors, Processors)>,
    late: Late,
    /// Requests outside warm-up that had to wait for a connection.
    waited: u64,
}

/// The requests sent in a second, or several, and how late they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    sent: u64,
    /// Of these, how many had waited for a connection.
    waited: u64,
    /// All their send lags together, in microseconds.
    all_us: u64,
    /// Of that, the generator's own part.
    own_us: u64,
}

impl Lag {
    /// Of what was recorded.
    pub fn of(recorder: &Recorder) -> Self {
        let mut lag = Self::default();
        for (_, record) in recorder.touched() {
            lag.sent += record.sent;
            lag.waited += record.waited_lag.count();
            let (all, waited) = (record.send_lag.sum_micros(), record.waited_lag.sum_micros());
            lag.all_us += all;
            lag.own_us += all.saturating_sub(waited) + record.waited_own.sum_micros();
        }
        lag
    }

    fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.waited += other.waited;
        self.all_us += other.all_us;
        self.own_us += other.own_us;
    }

    fn waited_share(&self) -> f64 {
        self.waited as f64 / self.sent.max(1) as f64
    }

    /// The part of the lag that was waiting for a connection.
    fn connections_share(&self) -> f64 {
        self.all_us.saturating_sub(self.own_us) as f64 / self.all_us.max(1) as f64
    }
}

/// What there was in the seconds whose send lag was beyond the limit.
#[derive(Clone, Copy, Debug, Default)]
struct Late {
    seconds: u64,
    lag: Lag,
    /// All workers.
    all: Effort,
    /// In each second the one that worked most.
    busiest: Effort,
    processors: Option<Processors>,
}

impl Strain {
    /// An account that begins now.
    pub fn new(plan: &Plan) -> Self {
        Self {
            send_lag_limit: plan.load.send_lag_limit,
            phases: plan.phases.iter().map(|phase| (phase.warm_up, Vec::new())).collect(),
            workers: Vec::new(),
            processors: Processors::now().map(|now| (now, now)),
            late: Late::default(),
            waited: 0,
        }
    }

    /// Takes the second of a row, which began in a `phase`, and fills in what the row tells of it.
    pub fn second(
        &mut self,
        row: &mut TimelineRow,
        phase: Option<usize>,
        efforts: &[Effort],
        lag: &Lag,
        processors: Option<Processors>,
    ) {
        let mut all = Effort::default();
        for effort in efforts {
            all.add(effort);
        }
        let machine = match (&mut self.processors, processors) {
            (Some((_, last)), Some(now)) => {
                let passed = now.since(*last);
                *last = now;
                Some(passed)
            }
            _ => None,
        };
        let micros = |span: Duration| u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        row.waited = all.waited;
        row.worker_cpu_us = micros(all.cpu);
        row.worker_spun_us = micros(all.spun);
        row.run_delay_us = all.run_delay.map(micros);
        row.steal_us = machine.map(|machine| micros(machine.stolen));
        add_each(&mut self.workers, efforts);
        let Some((warm_up, workers)) = phase.and_then(|phase| self.phases.get_mut(phase)) else {
            return;
        };
        add_each(workers, efforts);
        if *warm_up {
            return;
        }
        self.waited += all.waited;
        let p99 = Duration::from_micros(row.send_lag_p99_us.unwrap_or(0));
        if p99 > self.send_lag_limit {
            self.late.seconds += 1;
            self.late.lag.add(lag);
            self.late.all.add(&all);
            let busiest = efforts.iter().max_by_key(|effort| effort.busy());
            self.late.busiest.add(&busiest.copied().unwrap_or_default());
            if let Some(machine) = machine {
                let sum = self.late.processors.get_or_insert_default();
                sum.total += machine.total;
                sum.stolen += machine.stolen;
            }
        }
    }

    /// Fills in what a report says of it.
    pub fn tell(&self, report: &mut RunReport) {
        for (phase, (_, workers)) in report.phases.iter_mut().zip(&self.phases) {
            phase.busy_share = workers.iter().map(Effort::busy_share).fold(0.0, f64::max);
        }
        for (worker, effort) in report.generator.workers.iter_mut().zip(&self.workers) {
            worker.spin_share = effort.spin_share();
            worker.run_delay_share = effort.run_delay_share();
        }
        report.connections.waited = self.waited;
        report.generator.steal_share =
            self.processors.and_then(|(first, last)| stolen_share(last.since(first)));
        let late = &self.late;
        report.generator.late = (late.seconds > 0).then(|| LateSeconds {
            seconds: late.seconds,
            busy_share: late.busiest.busy_share(),
            run_delay_share: late.all.run_delay_share(),
            steal_share: late.processors.and_then(stolen_share),
            waited_share: late.lag.waited_share(),
            connections_share: late.lag.connections_share(),
        });
    }
}

fn stolen_share(machine: Processors) -> Option<f64> {
    let total = machine.total.as_secs_f64();
    (total > 0.0).then(|| machine.stolen.as_secs_f64() / total)
}

fn add_each(sums: &mut Vec<Effort>, efforts: &[Effort]) {
    sums.resize(sums.len().max(efforts.len()), Effort::default());
    for (sum, effort) in sums.iter_mut().zip(efforts) {
        sum.add(effort);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Shape;
    use crate::report::model::{Generator, PhaseReport, WorkerUse};

    const SECOND: Duration = Duration::from_secs(1);

    fn account() -> Strain {
        Strain {
            send_lag_limit: Duration::from_millis(10),
            phases: vec![(true, Vec::new()), (false, Vec::new())],
            workers: Vec::new(),
            processors: Some(Default::default()),
            late: Late::default(),
            waited: 0,
        }
    }

    fn effort(busy: f64, run_delay: f64, waited: u64) -> Effort {
        Effort {
            wall: SECOND,
            cpu: SECOND.mul_f64(busy + 0.1),
            spun: SECOND.mul_f64(0.1),
            run_delay: Some(SECOND.mul_f64(run_delay)),
            waited,
        }
    }

    fn report(strain: &Strain) -> RunReport {
        let mut report = RunReport {
            phases: vec![PhaseReport::default(); 2],
            generator: Generator { workers: vec![WorkerUse::default(); 2], ..Generator::default() },
            ..RunReport::default()
        };
        strain.tell(&mut report);
        report
    }

    fn take(strain: &mut Strain, n: u32, phase: Option<usize>, lag_ms: u64, e: [Effort; 2]) {
        let mut row =
            TimelineRow { send_lag_p99_us: Some(lag_ms * 1_000), ..TimelineRow::default() };
        let processors = Processors { total: SECOND * 2 * n, stolen: SECOND / 10 * n };
        let lag = Lag { sent: 100, waited: 10, all_us: 8_000, own_us: 2_000 };
        strain.second(&mut row, phase, &e, &lag, Some(processors));
        assert_eq!((row.steal_us, row.worker_spun_us), (Some(100_000), 200_000));
    }

    #[test]
    fn late_seconds_are_told_apart_from_the_others() {
        let mut strain = account();
        take(&mut strain, 1, Some(0), 900, [effort(0.8, 0.0, 50), effort(0.8, 0.0, 50)]);
        take(&mut strain, 2, Some(1), 1, [effort(0.1, 0.0, 0), effort(0.2, 0.0, 0)]);
        take(&mut strain, 3, Some(1), 20, [effort(0.3, 0.2, 5), effort(0.5, 0.0, 5)]);
        take(&mut strain, 4, None, 900, [effort(0.9, 0.0, 7), effort(0.9, 0.0, 7)]);
        let report = report(&strain);
        let near = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-6, "{found}");
        let late = report.generator.late.unwrap();
        assert_eq!(late.seconds, 1);
        near(late.busy_share, 0.5);
        near(late.run_delay_share.unwrap(), 0.1);
        near(late.steal_share.unwrap(), 0.05);
        near(late.waited_share, 0.1);
        near(late.connections_share, 0.75);
        assert_eq!(report.connections.waited, 10);
        near(report.phases[0].busy_share, 0.8);
        near(report.phases[1].busy_share, 0.35);
        near(report.generator.workers[0].spin_share, 0.1);
        near(report.generator.workers[0].run_delay_share.unwrap(), 0.05);
        near(report.generator.steal_share.unwrap(), 0.05);
    }

    #[test]
    fn waits_count_in_the_second_of_sending_and_the_rest_of_the_lag_is_the_generators() {
        let mut recorder = Recorder::new(&Shape { phases: 1, ..Shape::default() });
        let record = recorder.phase(0);
        record.sent = 3;
        for ms in [1, 400, 99] {
            record.send_lag.record(Duration::from_millis(ms));
        }
        record.waited_lag.record(Duration::from_millis(400));
        record.waited_own.record(Duration::from_millis(20));
        let lag = Lag::of(&recorder);
        let near = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-3, "{found}");
        near(lag.waited_share(), 1.0 / 3.0);
        near(lag.connections_share(), 380.0 / 500.0);
        let own = record_of(&recorder).own_lag();
        assert_eq!(own.count(), 3);
        assert!(own.at(1.0).unwrap().abs_diff(99_000) < 100);
        near(Lag::default().connections_share() + Lag::default().waited_share(), 0.0);
    }

    fn record_of(recorder: &Recorder) -> &crate::measure::PhaseRecord {
        &recorder.phases()[0]
    }

    #[test]
    fn what_the_system_does_not_tell_is_absent() {
        let mut strain = Strain { processors: None, ..account() };
        let silent = Effort { run_delay: None, ..effort(0.1, 0.0, 0) };
        let mut row = TimelineRow { send_lag_p99_us: Some(50_000), ..TimelineRow::default() };
        strain.second(&mut row, Some(1), &[silent, silent], &Lag::default(), None);
        assert_eq!((row.run_delay_us, row.steal_us), (None, None));
        let report = report(&strain);
        let late = report.generator.late.unwrap();
        assert_eq!((late.run_delay_share, late.steal_share), (None, None));
        assert_eq!(report.generator.steal_share, None);
        assert_eq!(report.generator.workers[0].run_delay_share, None);
    }
}
