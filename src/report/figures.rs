//! The parts of `run.json` that are measured: percentiles, lags, thresholds, lookups.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::{Judged, Latency, LatencyKind, Quantiles, Threshold, Unit};
use crate::oracle::{LagSummary, QuantileBounds};

use super::timeline::TimelineRow;
use super::wording::retold;

/// Stands for every phase (warm-up left out), or every class, in a [`LatencyRow`].
pub const ALL: &str = "*";

/// Places in a distribution, in microseconds. All zero when `count` is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Percentiles {
    pub count: u64,
    pub p50: u64,
    pub p90: u64,
    pub p99: u64,
    pub p999: u64,
    pub max: u64,
}

impl From<Quantiles> for Percentiles {
    fn from(q: Quantiles) -> Self {
        Self { count: q.count, p50: q.p50, p90: q.p90, p99: q.p99, p999: q.p999, max: q.max }
    }
}

impl From<&Latency> for Percentiles {
    fn from(latency: &Latency) -> Self {
        latency.quantiles().map(Self::from).unwrap_or_default()
    }
}

/// Response or service times of one class in one phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LatencyRow {
    /// The phase; [`ALL`] for every one that is not warm-up.
    pub phase: String,
    /// The class; [`ALL`] for every one.
    pub class: String,
    /// From due, or from sent.
    pub kind: LatencyKind,
    /// The figures.
    #[serde(flatten)]
    pub percentiles: Percentiles,
}

/// The requests of one route, warm-up left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RouteReport {
    /// Method and path as the scenario spells them.
    pub request: String,
    /// Whose due instant came.
    pub due: u64,
    /// With an answer, or a failure that counts as one.
    pub done: u64,
    /// By verdict; zeros left out.
    pub verdicts: BTreeMap<String, u64>,
    /// Answers that let the user in but are not what the route expects.
    pub checks_failed: u64,
    /// done − due, of every class, in microseconds.
    pub response: Percentiles,
}

/// How long one stage of the target's work took, as its answers tell (`Server-Timing`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StageReport {
    /// The target's name for it: `lookup`.
    pub stage: String,
    /// The phase; [`ALL`] for every one that is not warm-up.
    pub phase: String,
    /// Places in the distribution of its durations, in microseconds.
    #[serde(flatten)]
    pub percentiles: Percentiles,
}

/// Service times around 40 ms, warm-up left out, in four bands of the same width. Linux delays an
/// acknowledgement by 40 ms at least, so requests that had to wait for one lie in the second band,
/// or, where the kernel's ticks come late, in the third, with a sharp edge below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Around40Ms {
    /// From 34 to 39.5 ms.
    pub below: u64,
    /// From 39.5 to 45 ms.
    pub within: u64,
    /// From 45 to 50.5 ms.
    pub above: u64,
    /// From 50.5 to 56 ms.
    pub beyond: u64,
}

impl From<&Latency> for Around40Ms {
    fn from(latency: &Latency) -> Self {
        let [below, within, above, beyond] =
            [34_000, 39_500, 45_000, 50_500].map(|low| latency.count_between(low, low + 5_499));
        Self { below, within, above, beyond }
    }
}

/// Where one lag, or one quantile of the lags, lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LagBounds {
    /// At least so many milliseconds.
    pub low_ms: f64,
    /// At most so many; `None` if it was still going on when the run ended.
    pub high_ms: Option<f64>,
}

impl LagBounds {
    /// From two durations.
    pub fn new(low: Duration, high: Option<Duration>) -> Self {
        Self { low_ms: millis(low), high_ms: high.map(millis) }
    }
}

impl From<QuantileBounds> for LagBounds {
    fn from(bounds: QuantileBounds) -> Self {
        Self::new(bounds.low, bounds.high)
    }
}

/// Milliseconds to the microsecond.
fn millis(span: Duration) -> f64 {
    (span.as_secs_f64() * 1e6).round() / 1e3
}

/// Where the lags of so many users end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LagPlace {
    /// So many of all users, from 0 to 1.
    pub share: f64,
    /// Their lags are no longer than this.
    #[serde(flatten)]
    pub bounds: LagBounds,
}

/// How long changes took to show: the distribution over changed users.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LagReport {
    /// Changes about which at least one decisive answer came.
    pub users: u64,
    /// Changes about which none came; in no figure here.
    pub unseen: u64,
    /// Of `users`: those whose right answer was never seen.
    pub censored: u64,
    /// Of `users`: those that got a wrong answer to a request sent after the acknowledgement.
    pub wrong_users: u64,
    /// Answers that went back to wrong after a right one.
    pub flaps: u64,
    /// The widest interval with both ends: how finely the figures can tell.
    pub resolution_ms: f64,
    /// Half of the users lie below; `None` without users.
    pub p50: Option<LagBounds>,
    /// 95 % lie below.
    pub p95: Option<LagBounds>,
    /// 99 % lie below.
    pub p99: Option<LagBounds>,
    /// The longest.
    pub max: Option<LagBounds>,
    /// Each user's, by lower end; left out where there are more than a thousand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub intervals: Vec<LagBounds>,
    /// In their place where they are left out: quantiles, from the first hundredth to the last user.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub distribution: Vec<LagPlace>,
    /// The users that were asked for once only, late: without the effect of probing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Box<LagReport>>,
}

impl From<&LagSummary> for LagReport {
    fn from(summary: &LagSummary) -> Self {
        let bounds = |q: QuantileBounds| (summary.users > 0).then(|| q.into());
        let intervals = summary.intervals.iter().map(|i| LagBounds::new(i.low, i.high)).collect();
        let place = |(share, bounds): &(f64, QuantileBounds)| LagPlace {
            share: *share,
            bounds: (*bounds).into(),
        };
        Self {
            users: summary.users,
            unseen: summary.unseen,
            censored: summary.censored,
            wrong_users: summary.wrong_users,
            flaps: summary.flaps,
            resolution_ms: millis(summary.resolution),
            p50: bounds(summary.p50),
            p95: bounds(summary.p95),
            p99: bounds(summary.p99),
            max: bounds(summary.max),
            intervals,
            distribution: summary.distribution.iter().map(place).collect(),
            quiet: None,
        }
    }
}

impl LagReport {
    /// The probed users' lags with those of the quiet cohort beside them.
    pub fn of(probed: Option<&LagSummary>, quiet: Option<&LagSummary>) -> Self {
        let mut report = probed.map(Self::from).unwrap_or_default();
        report.quiet = quiet.map(|summary| Box::new(Self::from(summary)));
        report
    }
}

/// How the reason begins of a threshold without a figure.
const NEVER_MEASURED: &str = "never measured: ";

/// One threshold and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ThresholdReport {
    /// As the scenario has it: key and value.
    pub text: String,
    /// The figure judged: a count, a share (0 to 1), microseconds, a rate a second or a ratio,
    /// as `unit` says; `None` if there was none.
    pub value: Option<f64>,
    /// `count`, `share`, `us`, `per_second` or `ratio`.
    pub unit: String,
    /// The figure as people read it.
    pub shown: String,
    /// Whether it holds.
    pub pass: bool,
    /// Why not; empty if it holds.
    pub reason: String,
    /// On how many requests it rests, if it is a percentile of their times.
    pub samples: Option<u64>,
    /// With how many such a percentile has ten above it.
    pub samples_wanted: Option<u64>,
}

impl ThresholdReport {
    /// A threshold's outcome in the form of the file.
    pub fn new(threshold: &Threshold, judged: Judged) -> Self {
        let unit = match threshold.metric().unit() {
            Unit::Count => "count",
            Unit::Share => "share",
            Unit::Micros => "us",
            Unit::PerSecond => "per_second",
            Unit::Ratio => "ratio",
        };
        Self {
            text: threshold.to_string(),
            value: judged.value,
            unit: unit.to_owned(),
            shown: judged.shown,
            pass: judged.pass,
            reason: judged.reason,
            ..Self::default()
        }
    }

    /// The figure judged, as all forms for people tell it; empty if there was none.
    pub fn measured(&self) -> String {
        retold(&self.shown)
    }

    /// Why it does not hold, likewise; empty if it does.
    pub fn why(&self) -> String {
        // What was never measured has no times, but a phase may be called `10s`.
        if self.reason.starts_with(NEVER_MEASURED) {
            return self.reason.clone();
        }
        retold(&self.reason)
    }
}

/// Queries that reached the store, counted on the link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Lookups {
    /// All of them.
    pub total: u64,
    /// Per request to the gateway.
    pub per_request: f64,
    /// The most in one second, per request of that second: what a stampede looks like.
    pub peak_per_request: Option<f64>,
    /// Share of the gateway's cache look-ups that found an entry, where it tells.
    pub cache_hit_share: Option<f64>,
    /// How long the gateway's cache keeps an entry, in seconds, where the run set it.
    pub cache_ttl_s: Option<f64>,
}

/// Seconds with fewer requests give no figure: one retry would look like a stampede.
const ENOUGH_SENT: u64 = 100;

impl Lookups {
    /// Lookups per request sent in one second; `None` if it had too few of them to tell.
    pub fn per_request_in(row: &TimelineRow) -> Option<f64> {
        let lookups = row.lookups.filter(|_| row.sent >= ENOUGH_SENT)?;
        Some(lookups as f64 / row.sent as f64)
    }
}

/// A recording that a phase replayed. Counts are over all laps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ReplayReport {
    /// The phase.
    pub phase: String,
    /// The recording's name, without its folder.
    pub file: String,
    /// How it was read.
    pub format: String,
    /// Recorded gaps were divided by this.
    pub speed: f64,
    /// Lines or records that are not blank.
    pub lines: u64,
    /// Of those: not what the format says.
    pub malformed: u64,
    /// The first of these.
    pub first_malformed: Vec<MalformedLine>,
    /// Of `lines`: whole, but without a request that can be sent again.
    pub without: u64,
    /// Of `lines`: with a method that is not replayed.
    pub left_out: u64,
    /// Requests of users beyond the population, which were not sent.
    pub unmapped: u64,
    /// Requests that stood too far behind their place.
    pub late: u64,
    /// Requests that were given to the workers.
    pub due: u64,
    /// Distinct users.
    pub users: u64,
    /// Times that the recording was gone through to its end.
    pub laps: u64,
    /// Times that a worker found nothing read although the recording went on.
    pub behind: u64,
    /// From the first request to the last, as recorded, in seconds.
    pub span_s: f64,
    /// Why it ended: `recording`, `phase`, `run`, `failed` or `not_begun`.
    pub ended: String,
}

/// A malformed line of a recording.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MalformedLine {
    /// Its number, from 1.
    pub line: u64,
    /// What is wrong with it; the line itself is not kept.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_row_is_flat() {
        let row = LatencyRow {
            phase: "steady".into(),
            class: "accepted".into(),
            kind: LatencyKind::Response,
            percentiles: Percentiles { count: 3, p50: 1, p90: 2, p99: 3, p999: 3, max: 3 },
        };
        let json = serde_json::to_value(&row).unwrap();
        assert_eq!(json["kind"], "response");
        assert_eq!((&json["p999"], &json["count"]), (&3.into(), &3.into()));
        assert_eq!(serde_json::from_value::<LatencyRow>(json).unwrap(), row);
    }

    #[test]
    fn a_phase_that_is_called_like_a_time_keeps_its_name() {
        for metric in ["p99(response_time) in 1m", "p99(response_time, timeout) in 10s"] {
            let phase = metric.rsplit(' ').next().unwrap();
            let threshold = Threshold::parse(metric, "< 2ms").unwrap();
            let report = ThresholdReport::new(&threshold, threshold.judge(None));
            assert!(report.why().ends_with(&format!(" in {phase}")), "{}", report.why());
            let report = ThresholdReport::new(&threshold, threshold.judge(Some(3_500.0)));
            assert_eq!(report.why(), "measured 3.5 ms, wanted < 2 ms");
        }
    }

    #[test]
    fn an_empty_histogram_is_all_zero() {
        assert_eq!(Percentiles::from(&Latency::default()), Percentiles::default());
        let mut latency = Latency::default();
        latency.record(Duration::from_micros(7));
        assert_eq!(Percentiles::from(&latency).max, 7);
    }

    #[test]
    fn bounds_keep_the_open_end() {
        let bounds = LagBounds::new(Duration::from_micros(1_500), None);
        let json = serde_json::to_string(&bounds).unwrap();
        assert_eq!(json, r#"{"low_ms":1.5,"high_ms":null}"#);
        assert_eq!(LagReport::of(None, None), LagReport::default());
    }

    #[test]
    fn lookups_per_request_are_those_of_a_busy_second() {
        let of = |sent, lookups| {
            Lookups::per_request_in(&TimelineRow { sent, lookups, ..TimelineRow::default() })
        };
        assert_eq!((of(100, Some(20)), of(200, Some(300))), (Some(0.2), Some(1.5)));
        assert_eq!((of(99, Some(90)), of(500, None)), (None, None));
    }
}
