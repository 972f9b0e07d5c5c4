//! Reports for the tests of this floor.

use std::time::Duration;

use crate::measure::LatencyKind;
use crate::outcome::{Class, Verdict};
use crate::units::Share;

use super::findings::Context;
use super::model::{
    ALL, Build, ByName, Connections, FaultReport, Generator, LagBounds, LagReport, LateSeconds,
    LatencyRow, Lookups, Machine, Percentiles, PhaseReport, PopulationReport, Requests,
    RouteReport, RunReport, SCHEMA_VERSION, StackUse, StageReport, ThresholdReport, WorkerUse,
};

pub(super) fn context() -> Context {
    Context {
        cache_ttl: Some(Duration::from_secs(2)),
        send_lag_limit: Some(Duration::from_millis(2)),
        unsent_limit: Share::new(0.01),
        connections: Some(64),
        ..Context::default()
    }
}

fn named(counts: &[(&str, u64)]) -> ByName {
    counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

/// A thousand correct accepts and nothing else.
pub(super) fn correct() -> RunReport {
    let mut report = RunReport {
        schema_version: SCHEMA_VERSION,
        scenario: "steady".into(),
        seed: 7,
        valid: true,
        exit_code: Some(0),
        requests: Requests { due: 1_000, sent: 1_000, done: 1_000, ..Requests::default() },
        latency: latency(ALL, 1_000, 100).into(),
        send_lag: Percentiles { count: 1_000, p50: 18, p90: 31, p99: 90, p999: 310, max: 840 },
        ..RunReport::default()
    };
    for verdict in Verdict::ALL {
        report.verdicts.total.insert(verdict.name().into(), 0);
    }
    report.verdicts.total.insert("correct_accept".into(), 1_000);
    report.classes.total.insert("accepted".into(), 1_000);
    report.matrix.insert("must_accept".into(), named(&[("accepted", 1_000)]));
    report
}

/// A thousand answers from a machine that others used too, over TLS, with clients that ask again.
pub(super) fn strained() -> RunReport {
    let mut report = correct();
    (report.requests.due, report.requests.unsent) = (1_001, 1);
    report.requests.retries = 40;
    report.requests.retries_recovered = 31;
    report.requests.retries_exhausted = 3;
    report.requests.checks_failed = 2;
    report.send_lag =
        Percentiles { count: 1_001, p50: 40, p90: 310, p99: 9_400, p999: 21_000, max: 26_000 };
    report.read_lag =
        Percentiles { count: 1_000, p50: 31, p90: 60, p99: 700, p999: 2_100, max: 4_000 };
    let times = |count, p50: u64| Percentiles {
        count,
        p50,
        p90: p50 * 2,
        p99: p50 * 3,
        p999: p50 * 4,
        max: p50 * 4,
    };
    report.connections = Connections {
        opened: 50,
        lost: 4,
        connect: times(50, 110),
        tls: times(50, 1_400),
        first_request: times(50, 4_200),
        waited: 21,
        resent: 3,
        descriptor_exhausted: 1,
        ..Connections::default()
    };
    report.generator = Generator {
        workers: vec![WorkerUse {
            cpu_share: 0.12,
            sent: 1_000,
            spin_share: 0.05,
            run_delay_share: Some(0.043),
        }],
        peak_memory_bytes: 61_000_000,
        steal_share: Some(0.012),
        late: Some(LateSeconds {
            seconds: 2,
            busy_share: 0.07,
            run_delay_share: Some(0.19),
            steal_share: Some(0.05),
            waited_share: 0.03,
            connections_share: 0.4,
        }),
    };
    let route = |request: &str, done, wrong, checks_failed, p50| RouteReport {
        request: request.into(),
        due: done,
        done,
        verdicts: named(&[("correct_accept", done - wrong), ("error", wrong)]),
        checks_failed,
        response: times(done, p50),
    };
    report.routes = vec![
        route("GET /orders/{user}?page={seq}", 900, 0, 0, 98),
        route("POST /orders", 100, 3, 2, 310),
        RouteReport { request: "GET /reports/never/taken".into(), ..RouteReport::default() },
    ];
    report
}

fn latency(class: &str, count: u64, scale: u64) -> [LatencyRow; 2] {
    let row = |kind, scale| LatencyRow {
        phase: ALL.into(),
        class: class.into(),
        kind,
        percentiles: Percentiles {
            count,
            p50: 4 * scale,
            p90: 9 * scale,
            p99: 31 * scale,
            p999: 120 * scale,
            max: 451 * scale,
        },
    };
    [row(LatencyKind::Response, scale), row(LatencyKind::Service, scale * 9 / 10)]
}

/// Users were deleted behind a cache, and the store was down for a while.
pub(super) fn deleted_users() -> RunReport {
    let mut report = RunReport {
        about: "Users are deleted while their tokens are alive.".into(),
        scenario: "deleted-users".into(),
        plan_digest: "3f2a9c51d0e77b84".into(),
        target: "embedded".into(),
        profile: "rfc6750".into(),
        started_at: "2026-11-23T20:43:00Z".into(),
        wall_s: 39.4,
        load_s: 35.0,
        exit_code: Some(1),
        build: Build { version: "0.1.0".into(), debug: false },
        machine: Machine { cores: 2, ..Machine::default() },
        population: PopulationReport {
            users: 30_000,
            spare: 0,
            token_bytes: 14_100_000,
            tokens_from: "minted".to_owned(),
        },
        ..correct()
    };
    figures(&mut report);
    lags(&mut report);
    faults_and_thresholds(&mut report);
    report.findings = super::findings::findings(&report, &context());
    report
}

fn figures(report: &mut RunReport) {
    report.requests = Requests {
        due: 70_321,
        sent: 70_321,
        done: 70_318,
        censored: 3,
        probes: 4_321,
        censored_age: Percentiles { count: 3, max: 2_600_000, ..Percentiles::default() },
        ..Requests::default()
    };
    report.verdicts.total = named(&[
        ("correct_accept", 63_905),
        ("correct_reject", 4_023),
        ("false_accept", 1_204),
        ("misblamed", 0),
        ("unavailable", 1_150),
        ("error", 24),
        ("grey", 12),
    ]);
    let phase = |name: &str, at, until, warm_up| PhaseReport {
        name: name.into(),
        at,
        until,
        warm_up,
        ..PhaseReport::default()
    };
    report.phases = vec![phase("warm-up", 0.0, 5.0, true), phase("steady", 5.0, 35.0, false)];
    report.matrix = [
        (
            "must_accept".to_owned(),
            named(&[("accepted", 63_905), ("store_unavailable", 1_150), ("timeout", 24)]),
        ),
        ("must_reject_absent".to_owned(), named(&[("accepted", 1_204), ("user_not_found", 4_023)])),
        ("grey".to_owned(), named(&[("accepted", 7), ("user_not_found", 5)])),
    ]
    .into();
    for class in Class::ALL {
        let count = report.matrix.values().filter_map(|row| row.get(class.name())).sum();
        report.classes.total.insert(class.name().into(), count);
    }
    let rows = [
        latency("accepted", 65_116, 100),
        latency("user_not_found", 4_028, 150),
        latency("store_unavailable", 1_150, 40),
        latency("timeout", 24, 20_000),
        latency(ALL, 70_318, 110),
    ];
    report.latency = rows.into_iter().flatten().collect();
    report.send_lag =
        Percentiles { count: 70_321, p50: 62, p90: 110, p99: 840, p999: 1_700, max: 3_100 };
}

fn lags(report: &mut RunReport) {
    report.lookups = Some(Lookups {
        total: 17_440,
        per_request: 0.248,
        peak_per_request: Some(0.62),
        cache_hit_share: Some(0.76),
        cache_ttl_s: Some(2.0),
    });
    let bounds = |low_ms: f64, high_ms: f64| Some(LagBounds { low_ms, high_ms: Some(high_ms) });
    report.changes = named(&[("delete", 300)]);
    report.revocation_lag = LagReport {
        users: 300,
        wrong_users: 41,
        resolution_ms: 148.2,
        p50: bounds(0.0, 42.0),
        p95: bounds(1_702.4, 1_790.0),
        p99: bounds(1_911.0, 2_020.5),
        max: bounds(1_960.0, 2_108.2),
        quiet: Some(Box::new(LagReport {
            users: 15,
            p50: bounds(0.0, 5_008.0),
            p95: bounds(0.0, 5_012.0),
            p99: bounds(0.0, 5_012.0),
            max: bounds(0.0, 5_012.0),
            resolution_ms: 5_012.0,
            ..LagReport::default()
        })),
        ..LagReport::default()
    };
}

fn faults_and_thresholds(report: &mut RunReport) {
    report.faults = vec![
        FaultReport {
            kind: "user-delete".into(),
            name: "user-delete".into(),
            text: "delete 300 users".into(),
            at: 10.0,
            until: None,
            hits: 300,
            hit_unit: "users".into(),
            verdicts: ByName::new(),
        },
        FaultReport {
            kind: "store-outage".into(),
            name: "store-outage".into(),
            text: "refuse connections to the store".into(),
            at: 20.0,
            until: Some(25.0),
            hits: 1_174,
            hit_unit: "connections".into(),
            verdicts: named(&[("correct_accept", 8_810), ("unavailable", 1_150), ("error", 24)]),
        },
    ];
    let threshold = |text: &str, value, shown: &str, reason: &str| ThresholdReport {
        text: text.into(),
        value,
        shown: shown.into(),
        pass: reason.is_empty(),
        reason: reason.into(),
        ..ThresholdReport::default()
    };
    report.thresholds = vec![
        threshold("p99(response_time, accepted) < 25ms", Some(3_100.0), "3.1ms", ""),
        threshold("false_accept == 0 after 5s", Some(0.0), "0", ""),
        threshold(
            "max(revocation_lag) < 2s",
            Some(2_108_200.0),
            "≤ 2.108s",
            "measured ≤ 2.108s, wanted < 2s",
        ),
        threshold(
            "p99(provisioning_lag) < 1s",
            None,
            "",
            "never measured: no created user was asked for",
        ),
    ];
    let stage = |stage: &str, count, p50: u64| StageReport {
        stage: stage.into(),
        phase: ALL.into(),
        percentiles: Percentiles {
            count,
            p50,
            p90: p50 * 2,
            p99: p50 * 4,
            p999: p50 * 9,
            max: p50 * 20,
        },
    };
    report.stages = vec![stage("verify", 69_100, 110), stage("lookup", 17_440, 290)];
    report.connections = Connections { opened: 64, lost: 0, ..Connections::default() };
    report.generator = Generator {
        workers: vec![WorkerUse { cpu_share: 0.31, sent: 70_321, ..WorkerUse::default() }],
        peak_memory_bytes: 61_000_000,
        ..Generator::default()
    };
    report.stack = Some(StackUse { cpu_share: 0.84, peak_memory_bytes: 74_000_000 });
}
