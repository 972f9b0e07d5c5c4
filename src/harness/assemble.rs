//! From what was gathered to the report: figures, thresholds, validity.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::arrival::Arrival;
use crate::clock::Tick;
use crate::fault::{Action, LinkFault};
use crate::measure::{
    Countable, FaultRecord, Latency, LatencyKind, Metric, PhaseRecord, Reading, Threshold,
};
use crate::oracle::{Cohort, LagKind, LagSummary};
use crate::outcome::{Class, Truth, Verdict};
use crate::report::model::{
    ALL, Connections, Counts, FaultReport, Generator, LagReport, LatencyRow, Lookups, PhaseReport,
    Requests, RouteReport, RunReport, StageReport, ThresholdReport, WorkerUse,
};
use crate::scenario::Plan;
use crate::stack::Usage;

use super::collector::{Gathered, WorkerState};
use super::words;

/// The figures of a run, or of as much of it as there has been.
pub struct Figures<'a> {
    plan: &'a Plan,
    gathered: &'a Gathered,
    /// Everything outside warm-up phases.
    pub measured: &'a PhaseRecord,
    revocation: [Option<LagSummary>; 2],
    provisioning: [Option<LagSummary>; 2],
    /// Lookups seen on the link to the store, and requests to the gateway.
    lookups: Option<(u64, u64)>,
    thresholds: &'a [Threshold],
    /// For how long load has lasted.
    span: Duration,
}

impl<'a> Figures<'a> {
    /// Sums up what was gathered in `span` from the start of load.
    pub fn of(
        plan: &'a Plan,
        thresholds: &'a [Threshold],
        (gathered, span): (&'a Gathered, Duration),
        lookups: Option<(u64, u64)>,
    ) -> Self {
        let lag = |kind| [Cohort::Probed, Cohort::Quiet].map(|c| gathered.lags.summary(kind, c));
        Self {
            plan,
            gathered,
            measured: &gathered.measured,
            revocation: lag(LagKind::Revocation),
            provisioning: lag(LagKind::Provisioning),
            lookups,
            thresholds,
            span,
        }
    }

    /// The whole report, as far as it follows from what was gathered; `base` is what was known
    /// before, and load began at `start`.
    pub fn report(&self, base: &RunReport, start: Tick) -> RunReport {
        RunReport {
            phases: self.phases(),
            requests: self.requests(),
            verdicts: self.verdicts(),
            classes: self.classes(),
            matrix: self.matrix(),
            missing_challenge: self.measured.lacks_challenge,
            latency: self.latency(),
            routes: self.routes(),
            stages: self.stages(),
            stages_left_out: self.measured.stages_left_out,
            send_lag: (&self.measured.send_lag).into(),
            own_lag: (&self.measured.own_lag()).into(),
            read_lag: (&self.measured.read_lag).into(),
            around_40_ms: (&*latency_of(self.measured, LatencyKind::Service, None)).into(),
            revocation_lag: self.revocation_lag(),
            provisioning_lag: self.provisioning_lag(),
            changes: self.gathered.changes.clone(),
            mutations: self.mutations(),
            faults: self.faults(start),
            thresholds: self.judge(),
            lookups: self.lookups(),
            connections: self.connections(),
            generator: self.generator(start),
            ..base.clone()
        }
    }

    /// Faults that began, with what they did.
    pub fn faults(&self, start: Tick) -> Vec<FaultReport> {
        let states = self.plan.faults.iter().zip(&self.gathered.faults).enumerate();
        let names = words::names(&self.plan.faults);
        states
            .filter_map(|(n, (fault, state))| {
                let seconds = |at: Tick| at.since(start).as_secs_f64();
                Some(FaultReport {
                    kind: fault.kind.to_owned(),
                    name: names[n].clone(),
                    text: words::describe(fault),
                    at: seconds(state.began?),
                    until: fault.until.and(state.ended.map(seconds)),
                    hits: self.hits(n),
                    hit_unit: words::hit_unit(&fault.action).to_owned(),
                    verdicts: named(&self.by_fault(n).verdicts),
                })
            })
            .collect()
    }

    /// How often a fault bit.
    pub fn hits(&self, n: usize) -> u64 {
        let told = self.gathered.faults.get(n).map_or(0, |state| state.hits);
        let seen = self.by_fault(n);
        match self.plan.faults.get(n).map(|fault| &fault.action) {
            Some(Action::Mutate { .. }) => seen.defective,
            // A connection that the kernel refuses leaves no trace on the link; the answers that
            // own to it are the proof.
            Some(Action::Link { mode: LinkFault::Refuse, .. }) => {
                let owned = seen.verdicts[Verdict::Unavailable.index()]
                    + seen.verdicts[Verdict::Misblamed.index()];
                told.max(owned)
            }
            _ => told,
        }
    }

    fn lookups(&self) -> Option<Lookups> {
        let (total, requests) = self.lookups?;
        let per_request = if requests == 0 { 0.0 } else { total as f64 / requests as f64 };
        Some(Lookups { total, per_request, ..Lookups::default() })
    }

    fn generator(&self, start: Tick) -> Generator {
        let worker = |worker: &WorkerState| {
            let wall = worker.at.since(start).as_secs_f64();
            let cpu_share = if wall > 0.0 { worker.cpu.as_secs_f64() / wall } else { 0.0 };
            WorkerUse { cpu_share, sent: worker.sent, ..WorkerUse::default() }
        };
        Generator {
            workers: self.gathered.workers.iter().map(worker).collect(),
            peak_memory_bytes: Usage::of(std::process::id()).map_or(0, |usage| usage.peak),
            ..Generator::default()
        }
    }

    /// Requests over all measured phases.
    pub fn requests(&self) -> Requests {
        requests(self.measured)
    }

    /// The phases with their own requests.
    pub fn phases(&self) -> Vec<PhaseReport> {
        self.each_phase()
            .map(|(phase, record)| PhaseReport {
                name: phase.name.clone(),
                at: phase.start.as_secs_f64(),
                until: (phase.start + phase.length).as_secs_f64(),
                warm_up: phase.warm_up,
                closed: matches!(phase.arrival, Arrival::Closed { .. }),
                busy_share: 0.0,
                requests: requests(record),
            })
            .collect()
    }

    /// Verdicts by name.
    pub fn verdicts(&self) -> Counts {
        self.counts(|record| {
            Verdict::ALL.map(|v| (v.name(), record.verdicts[v.index()])).into_iter().collect()
        })
    }

    /// Classes by name.
    pub fn classes(&self) -> Counts {
        self.counts(|record| {
            Class::ALL.map(|class| (class.name(), record.class_count(class))).into_iter().collect()
        })
    }

    /// Truth × class, without what did not occur.
    pub fn matrix(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        let row = |truth: Truth| {
            let counts = &self.measured.matrix[truth.index()];
            Class::ALL
                .into_iter()
                .map(|class| (class.name().to_owned(), counts[class.index()]))
                .filter(|(_, count)| *count > 0)
                .collect::<BTreeMap<_, _>>()
        };
        Truth::ALL
            .into_iter()
            .map(|truth| (truth.name().to_owned(), row(truth)))
            .filter(|(_, row)| !row.is_empty())
            .collect()
    }

    /// Response and service time by phase and class, and over all measured phases.
    pub fn latency(&self) -> Vec<LatencyRow> {
        let mut rows = latency_rows(ALL, self.measured);
        for (phase, record) in self.each_phase() {
            rows.extend(latency_rows(&phase.name, record));
        }
        rows
    }

    /// Each route's requests; nothing if none was taken.
    pub fn routes(&self) -> Vec<RouteReport> {
        let records = &self.measured.by_route;
        if records.iter().all(|record| record.due == 0) {
            return Vec::new();
        }
        let routes = self.plan.load.routes.iter().zip(records);
        routes
            .map(|(route, record)| RouteReport {
                request: route.name(),
                due: record.due,
                done: record.verdicts.iter().sum(),
                verdicts: named(&record.verdicts),
                checks_failed: record.checks_failed,
                response: (&record.response).into(),
            })
            .collect()
    }

    /// Stages of the target's work, over all measured phases and by phase.
    pub fn stages(&self) -> Vec<StageReport> {
        let rows = |phase: &str, record| {
            let stages = self.gathered.totals.stages(record);
            let row = |(stage, times): (&str, &Latency)| StageReport {
                stage: stage.to_owned(),
                phase: phase.to_owned(),
                percentiles: times.into(),
            };
            stages.map(row).collect::<Vec<_>>()
        };
        let mut all = rows(ALL, self.measured);
        for (phase, record) in self.each_phase() {
            all.extend(rows(&phase.name, record));
        }
        all
    }

    /// From removals to their showing.
    pub fn revocation_lag(&self) -> LagReport {
        let [probed, quiet] = &self.revocation;
        LagReport::of(probed.as_ref(), quiet.as_ref())
    }

    /// From creations to their showing.
    pub fn provisioning_lag(&self) -> LagReport {
        let [probed, quiet] = &self.provisioning;
        LagReport::of(probed.as_ref(), quiet.as_ref())
    }

    /// How connections fared.
    pub fn connections(&self) -> Connections {
        let count = |class| self.measured.class_count(class);
        Connections {
            opened: self.measured.connect.count(),
            failed: count(Class::ConnectRefused) + count(Class::Tls) + count(Class::Dns),
            lost: count(Class::ConnectionReset),
            connect: (&self.measured.connect).into(),
            tls: (&self.measured.tls).into(),
            first_request: (&self.measured.first).into(),
            waited_lag: (&self.measured.waited_lag).into(),
            port_exhausted: self.measured.port_exhausted,
            descriptor_exhausted: self.measured.descriptor_exhausted,
            resent: self.measured.resent,
            ..Connections::default()
        }
    }

    /// Verdicts of requests that overlapped a fault, over all phases.
    pub fn by_fault(&self, fault: usize) -> FaultRecord {
        let mut sum = FaultRecord::default();
        for (_, record) in self.gathered.totals.touched() {
            let Some(row) = record.by_fault.get(fault) else { continue };
            sum.defective += row.defective;
            for (sum, part) in sum.verdicts.iter_mut().zip(row.verdicts) {
                *sum += part;
            }
        }
        sum
    }

    /// Answers to requests with a defect, by kind and verdict, without what did not occur.
    pub fn mutations(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        let kinds = super::load_setup::defect_kinds(self.plan);
        let rows = &self.measured.by_defect;
        let row = |n| rows.get(n).map(named).unwrap_or_default();
        kinds.into_iter().enumerate().map(|(n, kind)| (kind, row(n))).collect()
    }

    /// Every threshold, judged.
    pub fn judge(&self) -> Vec<ThresholdReport> {
        self.thresholds
            .iter()
            .map(|threshold| {
                let judged = threshold.judge(self.read(threshold));
                let (samples, samples_wanted) = self.samples(threshold).unzip();
                let report = ThresholdReport::new(threshold, judged);
                ThresholdReport { samples, samples_wanted, ..report }
            })
            .collect()
    }

    /// On how many requests a percentile of times rests, and with how many it has ten above it;
    /// `None` for other figures, and for a maximum.
    fn samples(&self, threshold: &Threshold) -> Option<(u64, u64)> {
        let record = match threshold.phase() {
            None => self.measured,
            Some(name) => self.each_phase().find(|(phase, _)| phase.name == name)?.1,
        };
        let (samples, share) = match threshold.metric() {
            Metric::Latency { kind, class, quantile } => {
                (latency_of(record, kind, class).count(), quantile.share())
            }
            Metric::SendLag(quantile) => (record.send_lag.count(), quantile.share()),
            _ => return None,
        };
        (share < 1.0).then(|| (samples, (10.0 / (1.0 - share)).round() as u64))
    }

    fn each_phase(&self) -> impl Iterator<Item = (&'a crate::arrival::PhasePlan, &'a PhaseRecord)> {
        self.plan.phases.iter().zip(self.gathered.totals.phases())
    }

    fn counts(&self, of: impl Fn(&PhaseRecord) -> Vec<(&'static str, u64)>) -> Counts {
        let named = |record: &PhaseRecord| -> BTreeMap<String, u64> {
            of(record).into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
        };
        Counts {
            total: named(self.measured),
            by_phase: self
                .each_phase()
                .map(|(phase, record)| (phase.name.clone(), named(record)))
                .collect(),
        }
    }

    fn read(&self, threshold: &Threshold) -> Reading {
        let (record, gone) = match threshold.phase() {
            None => {
                let measured = self.plan.phases.iter().filter(|phase| !phase.warm_up);
                (self.measured, measured.map(|phase| phase.gone(self.span)).sum::<Duration>())
            }
            Some(name) => match self.each_phase().find(|(phase, _)| phase.name == name) {
                Some((phase, record)) => (record, phase.gone(self.span)),
                None => return Reading::Never,
            },
        };
        let micros = |latency: &Latency, share| latency.at(share).map(|us| us as f64).into();
        match threshold.metric() {
            Metric::Count(what) if record.done == 0 && !of_due(what) => Reading::Never,
            Metric::Count(what) => Reading::Point(self.count(record, what, threshold) as f64),
            Metric::Share(what) => {
                let whole = match what {
                    Countable::Unsent => record.due,
                    Countable::Censored => record.went_out(),
                    Countable::Verdict(_) | Countable::Class(_) => record.done,
                };
                let part = self.count(record, what, threshold) as f64;
                if whole == 0 { Reading::Never } else { Reading::Point(part / whole as f64) }
            }
            Metric::Latency { kind, class, quantile } => {
                micros(&latency_of(record, kind, class), quantile.share())
            }
            Metric::SendLag(quantile) => micros(&record.send_lag, quantile.share()),
            Metric::RevocationLag(quantile) => lag_reading(&self.revocation, quantile.share()),
            Metric::ProvisioningLag(quantile) => lag_reading(&self.provisioning, quantile.share()),
            Metric::LookupsPerRequest => match self.lookups {
                Some((lookups, requests)) if requests > 0 => {
                    Reading::Point(lookups as f64 / requests as f64)
                }
                _ => Reading::Never,
            },
            Metric::Throughput if record.done == 0 || gone.is_zero() => Reading::Never,
            Metric::Throughput => Reading::Point(record.done as f64 / gone.as_secs_f64()),
        }
    }

    fn count(&self, record: &PhaseRecord, what: Countable, threshold: &Threshold) -> u64 {
        if let Some(allowance) = threshold.allowance() {
            return self.gathered.totals.beyond(record, allowance);
        }
        match what {
            Countable::Verdict(verdict) => record.verdicts[verdict.index()],
            Countable::Class(class) => record.class_count(class),
            Countable::Unsent => record.stayed(),
            Countable::Censored => record.censored,
        }
    }
}

/// Verdicts by name, without what did not occur.
pub fn named(row: &[u64; Verdict::COUNT]) -> BTreeMap<String, u64> {
    let all = Verdict::ALL.into_iter().zip(row);
    all.filter(|(_, count)| **count > 0).map(|(v, count)| (v.name().to_owned(), *count)).collect()
}

/// Whether a figure has a meaning although no answer came.
fn of_due(what: Countable) -> bool {
    matches!(what, Countable::Unsent | Countable::Censored)
}

fn requests(record: &PhaseRecord) -> Requests {
    Requests {
        due: record.due,
        sent: record.went_out(),
        done: record.done,
        unsent: record.stayed(),
        censored: record.censored,
        probes: record.probes,
        retries: record.retries,
        retries_recovered: record.retries_recovered,
        retries_exhausted: record.retries_exhausted,
        retries_unsent: record.retries_unsent,
        checks_failed: record.checks_failed,
        censored_age: (&record.censored_age).into(),
    }
}

fn latency_of(record: &PhaseRecord, kind: LatencyKind, class: Option<Class>) -> Cow<'_, Latency> {
    let of = |class: Class| match kind {
        LatencyKind::Response => &record.response[class.index()],
        LatencyKind::Service => &record.service[class.index()],
    };
    match class {
        Some(class) => Cow::Borrowed(of(class)),
        None => Cow::Owned(Class::ALL.into_iter().fold(Latency::default(), |mut sum, class| {
            sum.merge(of(class));
            sum
        })),
    }
}

fn latency_rows(phase: &str, record: &PhaseRecord) -> Vec<LatencyRow> {
    let classes = Class::ALL.into_iter().filter(|&class| record.class_count(class) > 0);
    let named = classes.map(|class| (class.name(), Some(class))).chain([(ALL, None)]);
    let kinds = [LatencyKind::Response, LatencyKind::Service];
    named
        .flat_map(|(name, class)| kinds.map(|kind| (name, class, kind)))
        .map(|(name, class, kind)| LatencyRow {
            phase: phase.to_owned(),
            class: name.to_owned(),
            kind,
            percentiles: latency_of(record, kind, class).as_ref().into(),
        })
        .filter(|row| row.percentiles.count > 0)
        .collect()
}

fn lag_reading([probed, _quiet]: &[Option<LagSummary>; 2], share: f64) -> Reading {
    let Some(summary) = probed.as_ref().filter(|summary| summary.users > 0) else {
        return Reading::Never;
    };
    let bounds = match share {
        s if s <= 0.50 => summary.p50,
        s if s <= 0.95 => summary.p95,
        s if s <= 0.99 => summary.p99,
        _ => summary.max,
    };
    let micros = |span: Duration| span.as_secs_f64() * 1e6;
    Reading::Between { low: micros(bounds.low), high: bounds.high.map(micros) }
}
