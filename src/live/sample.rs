//! Moments for the tests of this floor.

use std::sync::Arc;
use std::time::Duration;

use crate::measure::{LatencyKind, Quantiles};
use crate::outcome::Verdict;
use crate::report::model::{
    ALL, Counts, FaultReport, Finding, LatencyRow, Percentiles, PhaseReport, Severity,
    ThresholdReport,
};
use crate::report::{ActiveFault, RunReport, Step, TimelineRow};

use super::moment::{Entry, EntryKind, Moment, Point, Standing};

/// Text as a hostile target would send it.
pub const HOSTILE: &str = "<script>alert(1)</script>";

fn entry(number: u64, at: Option<u64>, kind: EntryKind, text: &str) -> Arc<Entry> {
    Arc::new(Entry { number, at: at.map(Duration::from_secs), kind, text: text.to_owned() })
}

/// Tokens are being minted.
pub fn minting() -> Moment {
    Moment {
        number: 7,
        step: Some(Step::Minting { done: 2_500, total: 10_000 }),
        log: [entry(0, None, EntryKind::Step, "minting 10,000 tokens")].into(),
        ..Moment::default()
    }
}

/// The fourteenth second of a load of 34, in the second of its outages.
pub fn in_an_outage() -> Moment {
    let log = [
        entry(0, None, EntryKind::Step, "minting 10,000 tokens"),
        entry(1, None, EntryKind::Step, "load begins"),
        entry(2, Some(3), EntryKind::Phase, "phase outages"),
        entry(3, Some(4), EntryKind::FaultBegan, "store-outage began: refuse the store link"),
        entry(4, Some(8), EntryKind::FaultEnded, "store-outage ended"),
        entry(5, Some(11), EntryKind::FaultBegan, &format!("store-outage began: {HOSTILE}")),
    ];
    Moment {
        number: 40,
        step: Some(Step::Loading),
        log: log.into(),
        standing: Some(Arc::new(standing())),
        ..Moment::default()
    }
}

fn standing() -> Standing {
    let mut row = TimelineRow {
        second: 13,
        phase: "outages".to_owned(),
        due: 2_012,
        sent: 2_012,
        done: 1_990,
        in_flight: 88,
        response_p50_us: Some(1_300),
        response_p99_us: Some(504_000),
        send_lag_p99_us: Some(85),
        ..TimelineRow::default()
    };
    row.verdicts[Verdict::CorrectAccept.index()] = 1_400;
    row.verdicts[Verdict::Unavailable.index()] = 590;
    let mut verdicts = [0; Verdict::COUNT];
    verdicts[Verdict::CorrectAccept.index()] = 21_400;
    verdicts[Verdict::Unavailable.index()] = 4_590;
    verdicts[Verdict::FalseAccept.index()] = 12;
    let recent = (0..14).map(|second| {
        let faulted = second >= 11 || (4..8).contains(&second);
        Point {
            second,
            p50_us: (second > 0).then_some(1_200 + 10 * second),
            p99_us: (second > 0).then_some(if second >= 11 {
                504_000
            } else {
                6_000 + 400 * second
            }),
            faulted,
        }
    });
    Standing {
        elapsed: Duration::from_secs(14),
        length: Duration::from_secs(34),
        row,
        now: Some(Quantiles {
            count: 1_990,
            p50: 1_300,
            p90: 498_000,
            p99: 504_000,
            p999: 511_000,
            max: 523_000,
        }),
        report: Arc::new(report()),
        due: 26_090,
        sent: 26_090,
        done: 26_002,
        verdicts,
        faults: vec![ActiveFault {
            index: 1,
            kind: "store-outage",
            name: "store-outage 2".to_owned(),
            text: HOSTILE.to_owned(),
            began: Duration::from_secs(11),
            until: Some(Duration::from_secs(15)),
            over: false,
            hits: 412,
            hit_unit: "connections",
        }],
        recent: recent.collect(),
    }
}

fn report() -> RunReport {
    let phase = |name: &str, at: f64, until: f64| PhaseReport {
        name: name.to_owned(),
        at,
        until,
        ..PhaseReport::default()
    };
    let outage = |at: f64, until: Option<f64>, hits| FaultReport {
        kind: "store-outage".to_owned(),
        text: if until.is_some() { "refuse the store link" } else { HOSTILE }.to_owned(),
        at,
        until,
        hits,
        hit_unit: "connections".to_owned(),
        ..FaultReport::default()
    };
    let finding = |severity, sentence: &str| Finding { severity, sentence: sentence.to_owned() };
    let counted = [("correct_accept", 21_400), ("unavailable", 4_590), ("false_accept", 12)];
    let total = counted.map(|(name, count)| (name.to_owned(), count)).into();
    RunReport {
        scenario: "database-outage".to_owned(),
        verdicts: Counts { total, ..Counts::default() },
        seed: 7,
        phases: vec![
            phase("warm-up", 0.0, 3.0),
            phase("outages", 3.0, 28.0),
            phase("recovered", 28.0, 34.0),
        ],
        latency: vec![LatencyRow {
            phase: ALL.to_owned(),
            class: ALL.to_owned(),
            kind: LatencyKind::Response,
            percentiles: Percentiles {
                count: 26_002,
                p50: 1_250,
                p90: 9_400,
                p99: 502_000,
                p999: 508_000,
                max: 523_000,
            },
        }],
        faults: vec![outage(4.0, Some(8.0), 1_760), outage(11.0, None, 412)],
        thresholds: vec![
            ThresholdReport {
                text: "false_accept == 0".to_owned(),
                value: Some(12.0),
                shown: "12".to_owned(),
                ..ThresholdReport::default()
            },
            ThresholdReport {
                text: "unavailable in recovered == 0".to_owned(),
                ..ThresholdReport::default()
            },
        ],
        findings: vec![
            finding(
                Severity::Critical,
                "12 requests were let in although their users were deleted",
            ),
            finding(Severity::Note, "The store was asked 13,990 times, 0.54 for each request"),
            finding(Severity::Doubt, HOSTILE),
        ],
        ..RunReport::default()
    }
}
