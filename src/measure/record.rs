//! Counts and histograms of one phase.

use std::mem::take;

use crate::outcome::{Class, Truth, Verdict};

use super::joint::JointCounts;
use super::latency::{Latency, cell};
use super::recorder::Sample;
use super::stages::STAGES_MAX;

/// What happened to the requests that overlapped one fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultRecord {
    /// By verdict.
    pub verdicts: [u64; Verdict::COUNT],
    /// Requests that carried a deliberate defect.
    pub defective: u64,
}

/// What happened to the requests of one route.
#[derive(Clone, Debug, Default)]
pub struct RouteRecord {
    /// Requests whose due instant came.
    pub due: u64,
    /// By verdict.
    pub verdicts: [u64; Verdict::COUNT],
    /// Answers whose status or body is not what the route expects.
    pub checks_failed: u64,
    /// done − due, of every class.
    pub response: Latency,
}

/// Counts and histograms of one phase, or the sum of several.
#[derive(Clone, Debug, Default)]
pub struct PhaseRecord {
    /// Requests whose due instant came.
    pub due: u64,
    /// Requests that were handed to a connection, or to the making of one.
    pub sent: u64,
    /// Requests with a verdict.
    pub done: u64,
    /// Requests that were due and never sent: no connection was free in time.
    pub unsent: u64,
    /// Requests still in flight when the drain limit passed.
    pub censored: u64,
    /// Of `due`: follow-ups for changed users.
    pub probes: u64,
    /// Of `due`: requests made again after an answer that the client's policy retries.
    pub retries: u64,
    /// Requests that a retry led to an answer which is not retried.
    pub retries_recovered: u64,
    /// Requests whose last allowed retry was answered no better.
    pub retries_exhausted: u64,
    /// Retries that were still to come when their phase or the run ended.
    pub retries_unsent: u64,
    /// 401 without the challenge that the profile wants.
    pub lacks_challenge: u64,
    /// Answers whose status or body is not what the route expects.
    pub checks_failed: u64,
    /// Requests for whose connection no local port was free.
    pub port_exhausted: u64,
    /// Requests for whose connection no file descriptor was free.
    pub descriptor_exhausted: u64,
    /// Times that a request went out anew because the peer had done nothing with it.
    pub resent: u64,
    /// Truth × class.
    pub matrix: [[u64; Class::COUNT]; Truth::COUNT],
    /// By verdict.
    pub verdicts: [u64; Verdict::COUNT],
    /// Verdicts that an allowance is about and does not cover, by the longest that does not;
    /// [`Recorder::beyond`](super::Recorder::beyond) adds up what is beyond one.
    pub beyond: Vec<u64>,
    /// For each fault: the requests that overlapped it.
    pub by_fault: Vec<FaultRecord>,
    /// By set of faults, class and verdict.
    pub joint: JointCounts,
    /// For each kind of defect: the requests that carried it, by verdict.
    pub by_defect: Vec<[u64; Verdict::COUNT]>,
    /// For each route: its requests.
    pub by_route: Vec<RouteRecord>,
    /// done − due, by class.
    pub response: [Latency; Class::COUNT],
    /// done − sent, by class.
    pub service: [Latency; Class::COUNT],
    /// done − sent of the first request on each connection.
    pub first: Latency,
    /// sent − due.
    pub send_lag: Latency,
    /// Of `send_lag`: that of requests which had to wait for a connection.
    pub waited_lag: Latency,
    /// What of that was not the wait: from due until the generator found every connection busy, and
    /// from the answer that freed one until the request was sent.
    pub waited_own: Latency,
    /// From an answer's arrival, where the system dates it, until it was read.
    pub read_lag: Latency,
    /// From the start of a connection to its being usable.
    pub connect: Latency,
    /// Of that, the TLS handshake.
    pub tls: Latency,
    /// Ages, from due, of requests in flight at the drain limit.
    pub censored_age: Latency,
    /// Stages of the target's work, by their places among the run's
    /// [`StageNames`](super::StageNames).
    pub stages: [Latency; STAGES_MAX],
    /// Stages that answers told of and that are not among them.
    pub stages_left_out: u64,
}

impl PhaseRecord {
    /// Adds one judged answer; `step` is where it counts among the allowances.
    #[inline]
    pub(super) fn answer(&mut self, sample: &Sample, step: Option<usize>) {
        let (class, verdict) = (sample.class.index(), sample.verdict.index());
        self.done += 1;
        self.matrix[sample.truth.index()][class] += 1;
        self.verdicts[verdict] += 1;
        self.lacks_challenge += u64::from(sample.lacks_challenge);
        self.checks_failed += u64::from(sample.check_failed);
        let (response, service) = (cell(sample.response), cell(sample.service));
        self.response[class].add(response);
        self.service[class].add(service);
        if sample.first_on_connection {
            self.first.add(service);
        }
        if let Some(lag) = sample.read_lag {
            self.read_lag.record(lag);
        }
        if let Some(route) = self.by_route.get_mut(sample.route) {
            route.verdicts[verdict] += 1;
            route.checks_failed += u64::from(sample.check_failed);
            route.response.add(response);
        }
        if let Some(count) = step.and_then(|step| self.beyond.get_mut(step)) {
            *count += 1;
        }
        if let Some(row) = sample.defect.and_then(|kind| self.by_defect.get_mut(kind)) {
            row[verdict] += 1;
        }
        self.joint.add(sample.faults, class, verdict);
        let mut faults = sample.faults;
        while faults != 0 {
            if let Some(row) = self.by_fault.get_mut(faults.trailing_zeros() as usize) {
                row.verdicts[verdict] += 1;
                row.defective += u64::from(sample.defect.is_some());
            }
            faults &= faults - 1;
        }
    }

    /// Requests that this machine or process lacked something for, so that they never left.
    pub fn lacking(&self) -> u64 {
        self.port_exhausted + self.descriptor_exhausted
    }

    /// Requests that left, or whose connection the other side refused. A request may be found
    /// lacking a second after it was counted as sent, so that of one second this is an estimate.
    pub fn went_out(&self) -> u64 {
        self.sent.saturating_sub(self.lacking())
    }

    /// Requests that were due and never left.
    pub fn stayed(&self) -> u64 {
        self.unsent + self.lacking()
    }

    /// The send lag without waits for a connection: the generator's own part.
    pub fn own_lag(&self) -> Latency {
        let mut own = self.send_lag.without(&self.waited_lag);
        own.merge(&self.waited_own);
        own
    }

    /// Answers of a class.
    pub fn class_count(&self, class: Class) -> u64 {
        self.matrix.iter().map(|row| row[class.index()]).sum()
    }

    /// Adds everything that `other` holds.
    pub fn merge(&mut self, other: &Self) {
        self.merge_counts(other);
        merge_each(&mut self.by_fault, &other.by_fault, |row, other| {
            add_all(&mut row.verdicts, &other.verdicts);
            row.defective += other.defective;
        });
        self.joint.merge(&other.joint);
        merge_each(&mut self.by_defect, &other.by_defect, |row, other| add_all(row, other));
        merge_each(&mut self.by_route, &other.by_route, |row, other| {
            row.due += other.due;
            add_all(&mut row.verdicts, &other.verdicts);
            row.checks_failed += other.checks_failed;
            row.response.merge(&other.response);
        });
        for (latency, other) in self.response.iter_mut().zip(&other.response) {
            latency.merge(other);
        }
        for (latency, other) in self.service.iter_mut().zip(&other.service) {
            latency.merge(other);
        }
        self.first.merge(&other.first);
        self.send_lag.merge(&other.send_lag);
        self.waited_lag.merge(&other.waited_lag);
        self.waited_own.merge(&other.waited_own);
        self.read_lag.merge(&other.read_lag);
        self.connect.merge(&other.connect);
        self.tls.merge(&other.tls);
        self.censored_age.merge(&other.censored_age);
        for (latency, other) in self.stages.iter_mut().zip(&other.stages) {
            latency.merge(other);
        }
    }

    fn merge_counts(&mut self, other: &Self) {
        self.due += other.due;
        self.sent += other.sent;
        self.done += other.done;
        self.unsent += other.unsent;
        self.censored += other.censored;
        self.probes += other.probes;
        self.retries += other.retries;
        self.retries_recovered += other.retries_recovered;
        self.retries_exhausted += other.retries_exhausted;
        self.retries_unsent += other.retries_unsent;
        self.lacks_challenge += other.lacks_challenge;
        self.checks_failed += other.checks_failed;
        self.port_exhausted += other.port_exhausted;
        self.descriptor_exhausted += other.descriptor_exhausted;
        self.resent += other.resent;
        self.stages_left_out += other.stages_left_out;
        for (row, other) in self.matrix.iter_mut().zip(&other.matrix) {
            add_all(row, other);
        }
        add_all(&mut self.verdicts, &other.verdicts);
        merge_each(&mut self.beyond, &other.beyond, |count, other| *count += other);
    }

    /// Forgets everything and keeps the memory for what comes.
    pub fn clear(&mut self) {
        let mut old = take(self);
        old.beyond.fill(0);
        old.by_fault.fill(FaultRecord::default());
        old.joint.clear();
        old.by_defect.fill([0; Verdict::COUNT]);
        for route in &mut old.by_route {
            route.response.clear();
            *route = RouteRecord { response: take(&mut route.response), ..RouteRecord::default() };
        }
        let times = old.response.iter_mut().chain(&mut old.service).chain(&mut old.stages).chain([
            &mut old.first,
            &mut old.send_lag,
            &mut old.waited_lag,
            &mut old.waited_own,
            &mut old.read_lag,
            &mut old.connect,
            &mut old.tls,
            &mut old.censored_age,
        ]);
        times.for_each(Latency::clear);
        // What is not named here starts anew, so that no count can be left over.
        *self = Self {
            beyond: old.beyond,
            by_fault: old.by_fault,
            joint: old.joint,
            by_defect: old.by_defect,
            by_route: old.by_route,
            response: old.response,
            service: old.service,
            first: old.first,
            send_lag: old.send_lag,
            waited_lag: old.waited_lag,
            waited_own: old.waited_own,
            read_lag: old.read_lag,
            connect: old.connect,
            tls: old.tls,
            censored_age: old.censored_age,
            stages: old.stages,
            ..Self::default()
        };
    }
}

fn add_all(sums: &mut [u64], parts: &[u64]) {
    for (sum, part) in sums.iter_mut().zip(parts) {
        *sum += part;
    }
}

/// Adds the entries of `parts` to those of `sums`, which may be fewer.
fn merge_each<T: Clone + Default>(sums: &mut Vec<T>, parts: &[T], add: impl Fn(&mut T, &T)) {
    if sums.len() < parts.len() {
        sums.resize(parts.len(), T::default());
    }
    for (sum, part) in sums.iter_mut().zip(parts) {
        add(sum, part);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A record in which everything occurred once; without `..`, so that a new field must be
    /// thought of here.
    fn once() -> PhaseRecord {
        let mut span = Latency::default();
        span.record(Duration::from_millis(3));
        let mut joint = JointCounts::default();
        joint.add(1, 0, 0);
        PhaseRecord {
            due: 1,
            sent: 1,
            done: 1,
            unsent: 1,
            censored: 1,
            probes: 1,
            retries: 1,
            retries_recovered: 1,
            retries_exhausted: 1,
            retries_unsent: 1,
            lacks_challenge: 1,
            checks_failed: 1,
            port_exhausted: 1,
            descriptor_exhausted: 1,
            resent: 1,
            matrix: [[1; Class::COUNT]; Truth::COUNT],
            verdicts: [1; Verdict::COUNT],
            beyond: vec![1; 3],
            by_fault: vec![FaultRecord { verdicts: [1; Verdict::COUNT], defective: 1 }; 2],
            joint,
            by_defect: vec![[1; Verdict::COUNT]; 2],
            by_route: vec![
                RouteRecord {
                    due: 1,
                    verdicts: [1; Verdict::COUNT],
                    checks_failed: 1,
                    response: span.clone()
                };
                2
            ],
            response: std::array::from_fn(|_| span.clone()),
            service: std::array::from_fn(|_| span.clone()),
            first: span.clone(),
            send_lag: span.clone(),
            waited_lag: span.clone(),
            waited_own: span.clone(),
            read_lag: span.clone(),
            connect: span.clone(),
            tls: span.clone(),
            censored_age: span.clone(),
            stages: std::array::from_fn(|_| span.clone()),
            stages_left_out: 1,
        }
    }

    /// How many durations are in the array form.
    fn spans(latency: &Latency) -> u64 {
        latency.to_hdr().map_or(0, |h| h.iter_recorded().map(|step| step.count_at_value()).sum())
    }

    fn of_route(row: &RouteRecord) -> impl Iterator<Item = u64> {
        row.verdicts.into_iter().chain([row.due, row.checks_failed, spans(&row.response)])
    }

    /// Every number of a record, in the order of its fields.
    fn numbers(record: &PhaseRecord) -> Vec<u64> {
        let PhaseRecord {
            due,
            sent,
            done,
            unsent,
            censored,
            probes,
            retries,
            retries_recovered,
            retries_exhausted,
            retries_unsent,
            lacks_challenge,
            checks_failed,
            port_exhausted,
            descriptor_exhausted,
            resent,
            matrix,
            verdicts,
            beyond,
            by_fault,
            joint,
            by_defect,
            by_route,
            response,
            service,
            first,
            send_lag,
            waited_lag,
            waited_own,
            read_lag,
            connect,
            tls,
            censored_age,
            stages,
            stages_left_out,
        } = record;
        let counts = [
            due,
            sent,
            done,
            unsent,
            censored,
            probes,
            retries,
            retries_recovered,
            retries_exhausted,
            retries_unsent,
            lacks_challenge,
            checks_failed,
            port_exhausted,
            descriptor_exhausted,
            resent,
            stages_left_out,
        ];
        let mut all: Vec<u64> = counts.into_iter().copied().collect();
        all.extend(matrix.iter().flatten().chain(verdicts).chain(beyond));
        all.extend(by_fault.iter().flat_map(|row| row.verdicts.into_iter().chain([row.defective])));
        all.push(joint.rows().iter().flat_map(|row| row.counts.iter().flatten()).sum());
        all.extend(by_defect.iter().flatten());
        all.extend(by_route.iter().flat_map(of_route));
        all.extend(response.iter().chain(service).chain(stages).map(spans));
        let times = [first, send_lag, waited_lag, waited_own, read_lag, connect, tls, censored_age];
        all.extend(times.map(spans));
        all
    }

    #[test]
    fn merging_adds_every_number_and_clearing_leaves_none() {
        let mut sum = PhaseRecord::default();
        sum.merge(&once());
        assert!(numbers(&sum).iter().all(|n| *n == 1), "{:?}", numbers(&sum));
        sum.merge(&once());
        assert!(numbers(&sum).iter().all(|n| *n == 2), "{:?}", numbers(&sum));
        sum.clear();
        assert!(numbers(&sum).iter().all(|n| *n == 0), "{:?}", numbers(&sum));
        assert_eq!(numbers(&sum).len(), numbers(&once()).len());
    }
}
