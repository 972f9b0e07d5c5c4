//! Writes the folder of a long run at 20,000 requests a second that never was: the files are made by
//! the code that makes those of real runs, from answers that follow laws.
//!
//! A few seconds of each kind are drawn, and then repeated in turn, so that an hour takes seconds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use substorm::identity::Change;
use substorm::measure::{Latency, LatencyKind, PhaseRecord, Recorder, Sample, Shape};
use substorm::outcome::{Class, Truth, Verdict};
use substorm::report::figures::{LagPlace, StageReport};
use substorm::report::model::{
    ALL, Build, ByName, FaultReport, LagBounds, LagReport, LatencyRow, Lookups, Machine,
    Percentiles, PhaseReport, Requests, RunReport, SCHEMA_VERSION,
};
use substorm::report::{Event, RunFolder, TimelineRow};
use substorm::seed::{Seed, Stream};
use time::OffsetDateTime;

/// Requests a second.
pub const RATE: u64 = 20_000;

/// Name, and the share of the run up to which it goes.
const PHASES: [(&str, f64); 4] =
    [("warm-up", 0.02), ("steady", 0.55), ("peak", 0.8), ("cool down", 1.0)];

/// Name, and from where to where it goes, as shares of the run.
const FAULTS: [(&str, f64, f64); 5] = [
    ("user-delete", 0.1, 0.15),
    ("store-outage", 0.3, 0.33),
    ("store-slow", 0.5, 0.58),
    ("cache-flush", 0.65, 0.65),
    ("churn", 0.7, 0.9),
];

/// Different seconds of one kind.
const VARIANTS: u64 = 3;

/// How the target does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Well,
    Down,
    Slow,
}

/// An answer, and how many of a thousand are so.
type Answer = (Truth, Class, Verdict, u64);

/// The answers in each state.
const ANSWERS: [(State, &[Answer]); 3] = [
    (
        State::Well,
        &[
            (Truth::MustAccept, Class::Accepted, Verdict::CorrectAccept, 960),
            (Truth::MustRejectAbsent, Class::UserNotFound, Verdict::CorrectReject, 30),
            (Truth::MustRejectToken, Class::TokenInvalid, Verdict::CorrectReject, 9),
            (Truth::MustRejectAbsent, Class::Accepted, Verdict::FalseAccept, 1),
        ],
    ),
    (
        State::Down,
        &[
            (Truth::MustAccept, Class::Accepted, Verdict::CorrectAccept, 300),
            (Truth::MustAccept, Class::StoreUnavailable, Verdict::Unavailable, 650),
            (Truth::MustAccept, Class::UserNotFound, Verdict::Misblamed, 40),
            (Truth::MustAccept, Class::Timeout, Verdict::Error, 10),
        ],
    ),
    (
        State::Slow,
        &[
            (Truth::MustAccept, Class::Accepted, Verdict::CorrectAccept, 950),
            (Truth::MustRejectAbsent, Class::UserNotFound, Verdict::CorrectReject, 30),
            (Truth::Grey, Class::Accepted, Verdict::Grey, 20),
        ],
    ),
];

/// The time of an answer: log-logistic, about a median in microseconds.
fn span(class: Class, state: State, draw: f64) -> Duration {
    let (median, tail): (f64, f64) = match (class, state) {
        (Class::Timeout, _) => return Duration::from_micros(2_000_000 + (draw * 900.0) as u64),
        (_, State::Slow) if draw > 0.6 => (60_000.0, 0.1),
        (Class::StoreUnavailable, _) => (180.0, 0.1),
        _ => (450.0, 0.22),
    };
    let draw = draw.clamp(1e-6, 1.0 - 1e-6);
    Duration::from_secs_f64(median * (draw / (1.0 - draw)).powf(tail) / 1e6)
}

/// One second of a phase in a state.
fn draw(phase: usize, state: State, draws: Stream) -> Recorder {
    let shape = Shape { phases: PHASES.len(), routes: 1, ..Shape::default() };
    let mut recorder = Recorder::new(&shape);
    let answers = ANSWERS.iter().find(|(of, _)| *of == state).map(|(_, answers)| answers).unwrap();
    let mut used = 0;
    for (truth, class, verdict, thousandths) in *answers {
        for _ in 0..RATE * thousandths / 1_000 {
            used += 2;
            let (response, lag) =
                (span(*class, state, draws.unit_at(used)), draws.unit_at(used + 1));
            let send_lag = Duration::from_micros((20.0 + 60.0 * lag + 900.0 * lag.powi(40)) as u64);
            recorder.answer(&Sample {
                phase,
                route: 0,
                truth: *truth,
                class: *class,
                verdict: *verdict,
                response: response + send_lag,
                service: response,
                read_lag: None,
                known_for: Duration::ZERO,
                faults: 0,
                lacks_challenge: false,
                check_failed: false,
                first_on_connection: false,
                defect: None,
            });
            let record = recorder.phase(phase);
            record.due += 1;
            record.sent += 1;
            record.send_lag.record(send_lag);
        }
    }
    recorder
}

/// Writes the folder of a run of so many seconds below `root`; gives its path.
pub fn write(root: &Path, seconds: u64) -> PathBuf {
    let at = OffsetDateTime::from_unix_timestamp(1_795_466_580).unwrap();
    let folder = RunFolder::create(root, "one-hour", at, 7).unwrap();
    let mut timeline = folder.timeline().unwrap();
    let mut log = folder.latency_log().unwrap();
    let mut events = folder.events().unwrap();
    let names = PHASES.map(|(name, _)| name);
    let mut drawn: BTreeMap<(usize, State, u64), (Recorder, u64)> = BTreeMap::new();
    let mut during: BTreeMap<&str, [u64; Verdict::COUNT]> = BTreeMap::new();
    let mut removed = 0;
    for second in 0..seconds {
        let share = second as f64 / seconds as f64;
        let phase = PHASES.iter().position(|(_, until)| share < *until).unwrap();
        let is_on = |name: &str| {
            FAULTS.iter().any(|(kind, from, until)| {
                *kind == name && *from <= share && share < until.max(from + 1e-9)
            })
        };
        let state = match (is_on("store-outage"), is_on("store-slow")) {
            (true, _) => State::Down,
            (_, true) => State::Slow,
            _ => State::Well,
        };
        let variant = second % VARIANTS;
        let (recorder, times) = drawn.entry((phase, state, variant)).or_insert_with(|| {
            let name = format!("{phase}-{}-{variant}", state as u8);
            (draw(phase, state, Seed(7).stream(&name)), 0)
        });
        *times += 1;
        let on: Vec<&str> = FAULTS.iter().map(|(name, ..)| *name).filter(|f| is_on(f)).collect();
        for fault in &on {
            let sums = during.entry(fault).or_default().iter_mut();
            sums.zip(recorder.phases()[phase].verdicts).for_each(|(sum, count)| *sum += count);
        }
        let row = TimelineRow {
            phase: names[phase].to_owned(),
            in_flight: 12 + second * 7 % 31,
            lookups: Some(RATE / if second % 30 == 0 { 2 } else { 8 }),
            cache_asked: Some(RATE),
            cache_missed: Some(RATE / 8),
            faults: on.join("+"),
            ..TimelineRow::of(second, recorder)
        };
        timeline.append(&row).unwrap();
        log.append(Duration::from_secs(second), Duration::from_secs(1), &names, recorder).unwrap();
        if is_on("user-delete") || is_on("churn") {
            let (inv, change) = (second as f64 + 0.2, [Change::Delete, Change::Recreate]);
            let change = change[usize::from(is_on("churn") && second % 2 == 0)];
            removed += u64::from(change == Change::Delete);
            let cohort = "probed".to_owned();
            let event = Event::Changed { inv, ack: inv + 0.01, user: 1, change, cohort };
            events.append(&event).unwrap();
        }
    }
    let counted = drawn
        .into_iter()
        .map(|((phase, ..), (recorder, times))| (phase, recorder.phases()[phase].clone(), times));
    let mut report = report(seconds, &counted.collect::<Vec<_>>());
    for fault in &mut report.faults {
        let sums = during.get(fault.kind.as_str()).copied().unwrap_or_default();
        fault.verdicts = by_name(Verdict::ALL.map(Verdict::name), |n| sums[n]);
    }
    report.revocation_lag = lag(removed);
    report.changes = [("delete".to_owned(), removed)].into();
    folder.write_report(&report).unwrap();
    folder.path().to_owned()
}

/// A record so many times over; doubled as often as it takes.
fn many(record: &PhaseRecord, mut times: u64) -> PhaseRecord {
    let (mut sum, mut power) = (PhaseRecord::default(), record.clone());
    while times > 0 {
        if times % 2 == 1 {
            sum.merge(&power);
        }
        power.merge(&power.clone());
        times /= 2;
    }
    sum
}

fn by_name<const N: usize>(names: [&str; N], count: impl Fn(usize) -> u64) -> ByName {
    names.into_iter().enumerate().map(|(n, name)| (name.to_owned(), count(n))).collect()
}

/// The figures of the run from how often each second was repeated.
fn report(seconds: u64, drawn: &[(usize, PhaseRecord, u64)]) -> RunReport {
    let mut measured = PhaseRecord::default();
    let mut phases = vec![PhaseRecord::default(); PHASES.len()];
    for (phase, record, times) in drawn {
        let record = many(record, *times);
        phases[*phase].merge(&record);
        if *phase > 0 {
            measured.merge(&record);
        }
    }
    let end = seconds as f64;
    let requests = |record: &PhaseRecord| Requests {
        due: record.due,
        sent: record.sent,
        done: record.done,
        ..Requests::default()
    };
    let starts = [0.0].into_iter().chain(PHASES.map(|(_, until)| until));
    let phase_report =
        |((name, until), (from, record)): (&(&str, f64), (f64, &PhaseRecord))| PhaseReport {
            name: (*name).to_owned(),
            at: from * end,
            until: until * end,
            warm_up: *name == "warm-up",
            requests: requests(record),
            ..PhaseReport::default()
        };
    let mut report = RunReport {
        schema_version: SCHEMA_VERSION,
        scenario: "one-hour".into(),
        about: "A long run that never was, made for measuring.".into(),
        seed: 7,
        target: "embedded".into(),
        profile: "rfc6750".into(),
        build: Build::this(),
        machine: Machine::this(),
        started_at: "2026-11-23T20:43:00Z".into(),
        wall_s: end + 4.0,
        load_s: end,
        valid: true,
        exit_code: Some(1),
        phases: PHASES.iter().zip(starts.zip(&phases)).map(phase_report).collect(),
        requests: requests(&measured),
        send_lag: (&measured.send_lag).into(),
        own_lag: (&measured.send_lag).into(),
        lookups: Some(Lookups {
            total: RATE / 8 * seconds,
            per_request: 0.14,
            peak_per_request: Some(0.5),
            cache_hit_share: Some(0.875),
            cache_ttl_s: Some(30.0),
        }),
        ..RunReport::default()
    };
    report.verdicts.total = by_name(Verdict::ALL.map(Verdict::name), |n| measured.verdicts[n]);
    report.classes.total =
        by_name(Class::ALL.map(Class::name), |n| measured.class_count(Class::ALL[n]));
    for truth in Truth::ALL {
        let mut row = by_name(Class::ALL.map(Class::name), |n| measured.matrix[truth.index()][n]);
        row.retain(|_, count| *count > 0);
        if !row.is_empty() {
            report.matrix.insert(truth.name().to_owned(), row);
        }
    }
    report.latency = latency(&measured);
    report.faults = FAULTS.iter().map(|fault| fault_report(fault, end)).collect();
    report.stages = stages(measured.done);
    report
}

/// Stages of the target's work; an eighth of the answers came from the store.
fn stages(done: u64) -> Vec<StageReport> {
    [("verify", 90), ("cache", 12), ("lookup", 600), ("upstream", 180)]
        .map(|(stage, p50)| StageReport {
            stage: stage.into(),
            phase: ALL.into(),
            percentiles: Percentiles {
                count: done / if stage == "lookup" { 8 } else { 1 },
                p50,
                p90: p50 * 2,
                p99: p50 * 4,
                p999: p50 * 9,
                max: p50 * 40,
            },
        })
        .into()
}

fn latency(record: &PhaseRecord) -> Vec<LatencyRow> {
    let row = |class: &str, kind, latency: &Latency| LatencyRow {
        phase: ALL.into(),
        class: class.into(),
        kind,
        percentiles: latency.into(),
    };
    let kinds =
        [(LatencyKind::Response, &record.response), (LatencyKind::Service, &record.service)];
    kinds
        .into_iter()
        .flat_map(|(kind, latencies)| {
            let mut all = Latency::default();
            for latency in latencies {
                all.merge(latency);
            }
            let classes = Class::ALL.into_iter().zip(latencies);
            let rows = classes.filter(|(_, latency)| latency.count() > 0);
            let rows = rows.map(|(class, latency)| row(class.name(), kind, latency));
            rows.chain([row(ALL, kind, &all)]).collect::<Vec<_>>()
        })
        .collect()
}

fn fault_report((kind, from, until): &(&str, f64, f64), end: f64) -> FaultReport {
    FaultReport {
        kind: (*kind).to_owned(),
        name: (*kind).to_owned(),
        text: (*kind).to_owned(),
        at: from * end,
        until: (until > from).then_some(until * end),
        hits: 1_000,
        hit_unit: "requests".into(),
        verdicts: ByName::new(),
    }
}

/// Users that were removed; one of a thousand is let in to the end.
fn lag(users: u64) -> LagReport {
    let bounds = |share: f64| LagBounds {
        low_ms: 30_000.0 * share.powi(3),
        high_ms: (share < 0.999).then_some(30_000.0 * share.powi(3) + 40.0),
    };
    let shares = (1..100).map(|n| f64::from(n) / 100.0).chain([0.995, 0.999, 0.9999, 1.0]);
    LagReport {
        users,
        censored: users.div_ceil(1_000),
        resolution_ms: 40.0,
        p50: Some(bounds(0.5)),
        p95: Some(bounds(0.95)),
        p99: Some(bounds(0.99)),
        max: Some(bounds(1.0)),
        distribution: shares.map(|share| LagPlace { share, bounds: bounds(share) }).collect(),
        ..LagReport::default()
    }
}
