//! What one worker counts, phase by phase.

use std::time::Duration;

use crate::outcome::{Class, Truth, Verdict};

use super::latency::Latency;

/// Wrong verdicts of this kind are allowed for requests sent within `after` of the
/// acknowledgement of the user's last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Which verdict.
    pub verdict: Verdict,
    /// For how long.
    pub after: Duration,
}

/// How large a recorder is.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// Phases of the run.
    pub phases: usize,
    /// Faults of the run; the first 64 have counts of their own.
    pub faults: usize,
    /// Kinds of defect that requests may carry.
    pub defects: usize,
    /// Allowances that thresholds make.
    pub allowances: Vec<Allowance>,
}

/// One judged answer.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Index of the phase in which the request was due.
    pub phase: usize,
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
    /// From the acknowledgement of the user's last change to sent.
    pub known_for: Duration,
    /// Bit n is set if fault n was under way at some time between sent and done.
    pub faults: u64,
    /// A 401 came without the challenge that the profile wants.
    pub lacks_challenge: bool,
    /// Which of the run's kinds of defect the request carried.
    pub defect: Option<usize>,
    /// The answer let the user in but is not what the route expects.
    pub check_failed: bool,
    /// Whether it was the first request on its connection.
    pub first_on_connection: bool,
}

/// What happened to the requests that overlapped one fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultRecord {
    /// By verdict.
    pub verdicts: [u64; Verdict::COUNT],
    /// Requests that carried a deliberate defect.
    pub defective: u64,
}

/// Counts and histograms of one phase.
#[derive(Clone, Debug, Default)]
pub struct PhaseRecord {
    /// Requests whose due instant came.
    pub due: u64,
    /// Requests written to a connection, or whose connection could not be made.
    pub sent: u64,
    /// Requests with a verdict.
    pub done: u64,
    /// Requests that were due and never sent: no connection was free in time.
    pub unsent: u64,
    /// Requests still in flight when the drain limit passed.
    pub censored: u64,
    /// Of `due`: follow-ups for changed users.
    pub probes: u64,
    /// Of `due`: asked again, after being told that the user does not exist.
    pub retries: u64,
    /// Retries that were let in.
    pub retries_recovered: u64,
    /// Requests whose last retry was turned away too.
    pub retries_exhausted: u64,
    /// 401 without the challenge that the profile wants.
    pub lacks_challenge: u64,
    /// Answers that let the user in but are not what the route expects.
    pub checks_failed: u64,
    /// Requests for which this machine had no port left.
    pub port_exhausted: u64,
    /// Requests for which this process had no file descriptor left.
    pub descriptor_exhausted: u64,
    /// Truth × class.
    pub matrix: [[u64; Class::COUNT]; Truth::COUNT],
    /// By verdict.
    pub verdicts: [u64; Verdict::COUNT],
    /// For each allowance of the shape: verdicts of its kind beyond it.
    pub beyond: Vec<u64>,
    /// For each fault: the requests that overlapped it.
    pub by_fault: Vec<FaultRecord>,
    /// For each kind of defect: the requests that carried it, by verdict.
    pub by_defect: Vec<[u64; Verdict::COUNT]>,
    /// done − due, by class.
    pub response: [Latency; Class::COUNT],
    /// done − sent, by class.
    pub service: [Latency; Class::COUNT],
    /// sent − due.
    pub send_lag: Latency,
    /// From the start of a connection to its being usable, without TLS.
    pub connect: Latency,
    /// From there to the end of the TLS handshake.
    pub tls: Latency,
    /// Service time of the first request on each connection.
    pub first: Latency,
    /// Ages, from due, of requests in flight at the drain limit.
    pub censored_age: Latency,
}

impl PhaseRecord {
    fn new(shape: &Shape) -> Self {
        Self {
            beyond: vec![0; shape.allowances.len()],
            by_fault: vec![FaultRecord::default(); shape.faults.min(64)],
            by_defect: vec![[0; Verdict::COUNT]; shape.defects],
            ..Self::default()
        }
    }

    /// Answers of a class.
    pub fn class_count(&self, class: Class) -> u64 {
        self.matrix.iter().map(|row| row[class.index()]).sum()
    }

    /// Adds everything that `other` holds.
    pub fn merge(&mut self, other: &Self) {
        self.due += other.due;
        self.sent += other.sent;
        self.done += other.done;
        self.unsent += other.unsent;
        self.censored += other.censored;
        self.probes += other.probes;
        self.retries += other.retries;
        self.retries_recovered += other.retries_recovered;
        self.retries_exhausted += other.retries_exhausted;
        self.lacks_challenge += other.lacks_challenge;
        self.checks_failed += other.checks_failed;
        self.port_exhausted += other.port_exhausted;
        self.descriptor_exhausted += other.descriptor_exhausted;
        for (row, other_row) in self.matrix.iter_mut().zip(&other.matrix) {
            add_all(row, other_row);
        }
        add_all(&mut self.verdicts, &other.verdicts);
        add_all(&mut self.beyond, &other.beyond);
        for (row, other_row) in self.by_fault.iter_mut().zip(&other.by_fault) {
            add_all(&mut row.verdicts, &other_row.verdicts);
            row.defective += other_row.defective;
        }
        for (row, other_row) in self.by_defect.iter_mut().zip(&other.by_defect) {
            add_all(row, other_row);
        }
        for (latency, other_latency) in self.response.iter_mut().zip(&other.response) {
            latency.merge(other_latency);
        }
        for (latency, other_latency) in self.service.iter_mut().zip(&other.service) {
            latency.merge(other_latency);
        }
        self.send_lag.merge(&other.send_lag);
        self.connect.merge(&other.connect);
        self.tls.merge(&other.tls);
        self.first.merge(&other.first);
        self.censored_age.merge(&other.censored_age);
    }
}

fn add_all(sums: &mut [u64], parts: &[u64]) {
    for (sum, part) in sums.iter_mut().zip(parts) {
        *sum += part;
    }
}

/// What one worker has counted since it last handed over, or the sum of many such.
#[derive(Clone, Debug)]
pub struct Recorder {
    allowances: Vec<Allowance>,
    /// One record a phase, in the order of the plan.
    pub phases: Vec<PhaseRecord>,
}

impl Recorder {
    /// An empty recorder.
    pub fn new(shape: &Shape) -> Self {
        Self {
            allowances: shape.allowances.clone(),
            phases: (0..shape.phases).map(|_| PhaseRecord::new(shape)).collect(),
        }
    }

    /// Adds one judged answer.
    pub fn answer(&mut self, sample: &Sample) {
        let Some(record) = self.phases.get_mut(sample.phase) else { return };
        record.done += 1;
        record.matrix[sample.truth.index()][sample.class.index()] += 1;
        record.verdicts[sample.verdict.index()] += 1;
        record.lacks_challenge += u64::from(sample.lacks_challenge);
        record.checks_failed += u64::from(sample.check_failed);
        if sample.first_on_connection {
            record.first.record(sample.service);
        }
        record.response[sample.class.index()].record(sample.response);
        record.service[sample.class.index()].record(sample.service);
        for (beyond, allowance) in record.beyond.iter_mut().zip(&self.allowances) {
            let counts = sample.verdict == allowance.verdict && sample.known_for > allowance.after;
            *beyond += u64::from(counts);
        }
        if let Some(row) = sample.defect.and_then(|kind| record.by_defect.get_mut(kind)) {
            row[sample.verdict.index()] += 1;
        }
        let mut faults = sample.faults;
        while faults != 0 {
            if let Some(row) = record.by_fault.get_mut(faults.trailing_zeros() as usize) {
                row.verdicts[sample.verdict.index()] += 1;
                row.defective += u64::from(sample.defect.is_some());
            }
            faults &= faults - 1;
        }
    }

    /// The record of a phase.
    pub fn phase(&mut self, phase: usize) -> &mut PhaseRecord {
        &mut self.phases[phase]
    }

    /// Adds everything that `other`, of the same shape, holds.
    pub fn merge(&mut self, other: &Self) {
        for (record, other_record) in self.phases.iter_mut().zip(&other.phases) {
            record.merge(other_record);
        }
    }

    /// Everything so far; this one starts again from nothing.
    #[must_use]
    pub fn take(&mut self, shape: &Shape) -> Self {
        std::mem::replace(self, Self::new(shape))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape() -> Shape {
        let allowance =
            |secs| Allowance { verdict: Verdict::FalseAccept, after: Duration::from_secs(secs) };
        Shape { phases: 2, faults: 3, defects: 1, allowances: vec![allowance(0), allowance(5)] }
    }

    fn sample() -> Sample {
        Sample {
            phase: 1,
            truth: Truth::MustRejectAbsent,
            class: Class::Accepted,
            verdict: Verdict::FalseAccept,
            response: Duration::from_millis(3),
            service: Duration::from_millis(2),
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
        recorder.answer(&Sample { known_for: Duration::from_secs(6), ..sample() });
        let record = recorder.phase(1);
        assert_eq!(record.done, 2);
        assert_eq!(record.class_count(Class::Accepted), 2);
        assert_eq!(record.verdicts[Verdict::FalseAccept.index()], 2);
        // Exactly at the allowance is still within it.
        assert_eq!(record.beyond, [2, 1]);
        let by_fault: Vec<u64> =
            record.by_fault.iter().map(|row| row.verdicts[Verdict::FalseAccept.index()]).collect();
        assert_eq!(by_fault, [2, 0, 2]);
        assert_eq!(record.response[Class::Accepted.index()].count(), 2);
    }

    #[test]
    fn handing_over_starts_again_and_loses_nothing() {
        let mut recorder = Recorder::new(&shape());
        let mut total = Recorder::new(&shape());
        for _ in 0..3 {
            recorder.answer(&sample());
            recorder.phase(0).due += 1;
            total.merge(&recorder.take(&shape()));
        }
        assert_eq!(recorder.phases[1].done, 0);
        assert_eq!((total.phases[1].done, total.phases[0].due), (3, 3));
        assert_eq!(total.phases[1].beyond, [3, 0]);
        assert_eq!(total.phases[1].service[Class::Accepted.index()].count(), 3);
    }
}
