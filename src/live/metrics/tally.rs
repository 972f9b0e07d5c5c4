//! What happened so far in counts that are ready to be given out: histograms cut into buckets.
//!
//! Phases in which nothing happened in the last second are shared with the tally before.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::measure::{Latency, PhaseRecord};
use crate::outcome::{Class, Verdict};
use crate::report::{Beat, RunReport};

/// Upper bounds of the buckets of times, in microseconds: 10 µs to 30 s, three a decade.
pub const BOUNDS_US: [u64; 20] = [
    10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000,
    500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 30_000_000,
];

/// Everything about a run that metrics tell.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// One entry a phase of the plan.
    pub phases: Vec<Arc<PhaseTally>>,
    /// Kinds of the faults of the plan, each once, in its order.
    pub kinds: Arc<[&'static str]>,
    /// How many faults of each kind are under way.
    pub active: BTreeMap<&'static str, u64>,
    /// How often the faults of each kind bit.
    pub hits: BTreeMap<String, u64>,
    /// The phase under way; empty before and after load.
    pub phase: String,
    /// Requests in flight.
    pub in_flight: u64,
    /// CPU time of the workers.
    pub worker_cpu: Duration,
    /// Of that, spent waiting for due instants without sleeping.
    pub worker_spun: Duration,
    /// Queries seen on the link to the store; `None` where there is no such link.
    pub lookups: Option<u64>,
    /// Since load began.
    pub elapsed: Duration,
    /// All phases together.
    pub length: Duration,
    /// Everything in figures.
    pub report: Arc<RunReport>,
    /// Whether the run has ended and the figures are the last.
    pub finished: bool,
}

/// Counts of one phase.
#[derive(Clone, Debug, Default)]
pub struct PhaseTally {
    /// Its name.
    pub name: String,
    /// Requests that were due, by what became of them.
    pub requests: Requests,
    /// Answers by kinds of the faults that they overlapped, joined by `+`, by class and by verdict.
    pub answers: BTreeMap<(String, Class, Verdict), u64>,
    /// done − due, by class.
    pub response: Vec<(Class, Buckets)>,
    /// done − sent, by class.
    pub service: Vec<(Class, Buckets)>,
    /// sent − due.
    pub send_lag: Buckets,
    /// From the start of a connection to its being usable.
    pub connect: Buckets,
}

/// Requests of a phase, with the meanings of `run.json`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are those of the report")]
pub struct Requests {
    pub due: u64,
    pub sent: u64,
    pub unsent: u64,
    pub censored: u64,
    pub probes: u64,
    pub retries: u64,
    pub checks_failed: u64,
}

/// A histogram as metrics have it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buckets {
    /// All durations.
    pub count: u64,
    /// Their sum in microseconds.
    pub sum_us: u64,
    /// How many do not exceed each of [`BOUNDS_US`].
    pub up_to: Vec<u64>,
}

impl Buckets {
    fn of(latency: &Latency) -> Self {
        let (count, sum_us) = (latency.count(), latency.sum_micros());
        Self { count, sum_us, up_to: latency.counts_up_to(&BOUNDS_US) }
    }
}

/// Sums up a run, second by second.
#[derive(Debug, Default)]
pub struct Counter {
    tally: Tally,
}

impl Counter {
    /// Everything up to the end of a second.
    pub fn count(&mut self, beat: &Beat<'_>) -> Tally {
        let tally = &mut self.tally;
        if tally.phases.len() != beat.totals.len() {
            tally.phases = named_phases(beat.report);
            let mut kinds: Vec<&'static str> = Vec::new();
            for kind in beat.kinds {
                if !kinds.contains(kind) {
                    kinds.push(kind);
                }
            }
            tally.kinds = kinds.into();
        }
        for (phase, _) in beat.second.touched() {
            if let (Some(before), Some(totals)) =
                (tally.phases.get_mut(phase), beat.totals.get(phase))
            {
                *before = Arc::new(before.followed_by(totals, beat.kinds));
            }
        }
        tally.active = BTreeMap::new();
        for fault in beat.faults.iter().filter(|fault| !fault.over) {
            *tally.active.entry(fault.kind).or_default() += 1;
        }
        tally.phase.clone_from(&beat.row.phase);
        tally.in_flight = beat.row.in_flight;
        tally.worker_cpu += Duration::from_micros(beat.row.worker_cpu_us);
        tally.worker_spun += Duration::from_micros(beat.row.worker_spun_us);
        (tally.elapsed, tally.length) = (beat.elapsed, beat.length);
        tally.take(beat.report);
        tally.clone()
    }

    /// Everything, at the end of the run.
    pub fn finish(&mut self, report: &Arc<RunReport>, totals: &[PhaseRecord]) -> Tally {
        let tally = &mut self.tally;
        if tally.phases.len() != totals.len() {
            // Not one second of load: nothing but zeros.
            tally.phases = named_phases(report);
        }
        tally.active.clear();
        tally.phase.clear();
        tally.in_flight = 0;
        tally.finished = true;
        tally.take(report);
        tally.clone()
    }
}

fn named_phases(report: &RunReport) -> Vec<Arc<PhaseTally>> {
    let named = |name: &String| Arc::new(PhaseTally { name: name.clone(), ..Default::default() });
    report.phases.iter().map(|phase| named(&phase.name)).collect()
}

impl Tally {
    fn take(&mut self, report: &Arc<RunReport>) {
        for fault in &report.faults {
            self.hits.entry(fault.kind.clone()).or_default();
        }
        for (kind, hits) in &mut self.hits {
            let of_kind = report.faults.iter().filter(|fault| fault.kind == *kind);
            // A figure that is corrected downwards must not look like a process that began anew.
            *hits = (*hits).max(of_kind.map(|fault| fault.hits).sum());
        }
        if let Some(lookups) = &report.lookups {
            self.lookups = Some(self.lookups.unwrap_or(0).max(lookups.total));
        }
        self.report = Arc::clone(report);
    }
}

impl PhaseTally {
    /// The phase with its new totals.
    fn followed_by(&self, totals: &PhaseRecord, kinds: &[&str]) -> Self {
        let by_class = |times: &[Latency; Class::COUNT]| {
            let filled = Class::ALL.into_iter().filter(|class| times[class.index()].count() > 0);
            filled.map(|class| (class, Buckets::of(&times[class.index()]))).collect()
        };
        Self {
            name: self.name.clone(),
            requests: Requests {
                due: totals.due,
                // What is found lacking a second after it was sent is taken back by the record.
                sent: totals.went_out().max(self.requests.sent),
                unsent: totals.stayed(),
                censored: totals.censored,
                probes: totals.probes,
                retries: totals.retries,
                checks_failed: totals.checks_failed,
            },
            answers: answers(totals, kinds),
            response: by_class(&totals.response),
            service: by_class(&totals.service),
            send_lag: Buckets::of(&totals.send_lag),
            connect: Buckets::of(&totals.connect),
        }
    }
}

fn answers(totals: &PhaseRecord, kinds: &[&str]) -> BTreeMap<(String, Class, Verdict), u64> {
    let mut answers = BTreeMap::new();
    for row in totals.joint.rows() {
        let faults = fault_label(row.faults, kinds);
        for class in Class::ALL {
            for verdict in Verdict::ALL {
                let count = row.counts[class.index()][verdict.index()];
                if count > 0 {
                    *answers.entry((faults.clone(), class, verdict)).or_default() += count;
                }
            }
        }
    }
    answers
}

/// The kinds of a set of faults, each once, joined by `+`; empty for none, `more` for the sets that
/// are not told apart.
fn fault_label(faults: Option<u64>, kinds: &[&str]) -> String {
    let Some(mut faults) = faults else { return "more".to_owned() };
    let mut names: Vec<&str> = Vec::new();
    while faults != 0 {
        let kind = kinds.get(faults.trailing_zeros() as usize);
        names.extend(kind.filter(|kind| !names.contains(kind)));
        faults &= faults - 1;
    }
    names.join("+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_faults_has_a_label_of_kinds() {
        let kinds = ["churn", "outage", "churn"];
        assert_eq!(fault_label(Some(0), &kinds), "");
        assert_eq!(fault_label(Some(0b111), &kinds), "churn+outage");
        assert_eq!(fault_label(Some(0b100), &kinds), "churn");
        assert_eq!(fault_label(None, &kinds), "more");
    }
}
