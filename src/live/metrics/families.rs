//! The metrics by name: one row a metric in [`DESCRIBED`], and what stands in it.

use std::sync::Arc;
use std::time::Duration;

use crate::report::model::{Build, LagReport};

use super::tally::{BOUNDS_US, Buckets, PhaseTally, Tally};

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only ever grows; its name ends in `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Times in buckets.
    Histogram,
}

/// A metric without its values.
#[derive(Debug, PartialEq, Eq)]
pub struct Description {
    /// Without unit and without `_total`.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Whether it is in seconds; else a count, or a flag of 0 and 1.
    pub seconds: bool,
    /// A sentence, without its full stop.
    pub help: &'static str,
    /// The names of its labels.
    pub labels: &'static [&'static str],
}

impl Description {
    /// The name as Prometheus shows it: with its unit, and `_total` for a counter.
    pub fn full_name(&self) -> String {
        let unit = if self.seconds { "_seconds" } else { "" };
        let total = if self.kind == Kind::Counter { "_total" } else { "" };
        format!("{}{unit}{total}", self.name)
    }
}

const fn counter(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> Description {
    Description { name, kind: Kind::Counter, seconds: false, help, labels }
}

const fn gauge(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> Description {
    Description { name, kind: Kind::Gauge, seconds: false, help, labels }
}

const fn seconds(mut description: Description) -> Description {
    description.seconds = true;
    description
}

const fn times(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> Description {
    Description { name, kind: Kind::Histogram, seconds: true, help, labels }
}

/// Every metric, in the order in which they are given out.
pub const DESCRIBED: &[Description] = &[
    gauge("substorm_build_info", &["version", "debug"], "The build of Substorm, always 1"),
    gauge("substorm_run_info", &["scenario", "seed", "started_at"], "The run, always 1"),
    seconds(gauge("substorm_run_elapsed", &[], "Time since load began")),
    seconds(gauge("substorm_run_length", &[], "Planned time of load, all phases together")),
    gauge("substorm_run_finished", &[], "1 once the run has ended and the figures are the last"),
    gauge("substorm_run_valid", &[], "1 if the measurement is valid; only once it has ended"),
    gauge("substorm_phase_active", &["phase"], "1 for the phase under way, else 0"),
    gauge("substorm_fault_active", &["fault"], "Faults of this kind that are under way"),
    counter(
        "substorm_fault_hits",
        &["fault"],
        "How often the faults of this kind have bitten so far",
    ),
    counter("substorm_requests_due", &["phase"], "Requests whose due instant came"),
    counter("substorm_requests_sent", &["phase"], "Requests that were sent"),
    counter("substorm_requests_unsent", &["phase"], "Requests that were due and never sent"),
    counter("substorm_requests_censored", &["phase"], "Requests in flight at the drain limit"),
    counter("substorm_requests_probes", &["phase"], "Requests that follow up on changed users"),
    counter("substorm_requests_retries", &["phase"], "Requests made again by the client's policy"),
    gauge("substorm_requests_in_flight", &[], "Requests in flight"),
    counter(
        "substorm_responses",
        &["phase", "class", "verdict", "fault"],
        "Answers and failures, by what came back, whether it was right, and the faults overlapped",
    ),
    counter("substorm_checks_failed", &["phase"], "Answers that are not what the route expects"),
    times("substorm_response_time", &["phase", "class"], "From due to done"),
    times("substorm_service_time", &["phase", "class"], "From sent to done"),
    times("substorm_send_lag", &["phase"], "From due to sent: what the generator did wrong"),
    times(
        "substorm_connect_time",
        &["phase"],
        "From the start of a connection to its being usable",
    ),
    counter("substorm_store_lookups", &[], "Queries seen on the link to the store"),
    counter("substorm_user_changes", &["change"], "Acknowledged changes of users"),
    seconds(gauge(
        "substorm_revocation_lag",
        &["quantile", "bound"],
        "From a removal's acknowledgement until the user is let in no more, at least and at most",
    )),
    gauge("substorm_revocation_lag_users", &["state"], "Users that the revocation lag rests on"),
    seconds(gauge(
        "substorm_provisioning_lag",
        &["quantile", "bound"],
        "From a creation's acknowledgement until the user is let in, at least and at most",
    )),
    gauge("substorm_provisioning_lag_users", &["state"], "Users of the provisioning lag"),
    gauge("substorm_threshold_pass", &["threshold"], "1 if the threshold holds so far, else 0"),
    seconds(counter("substorm_worker_cpu", &[], "CPU time of the load workers")),
    seconds(counter("substorm_worker_spun", &[], "Of that, spent waiting without sleeping")),
];

/// A metric with its values.
#[derive(Clone, Debug)]
pub struct Family {
    /// Its row.
    pub description: &'static Description,
    /// Its values; none where the run has none to tell.
    pub points: Vec<(Labels, Value)>,
}

/// Names and values of labels, in the order of the description.
pub type Labels = Vec<(&'static str, String)>;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of a counter or gauge.
    Count(u64),
    /// In seconds.
    Seconds(f64),
    /// Of a histogram.
    Times(Buckets),
}

/// [`BOUNDS_US`] in seconds.
pub fn bounds_seconds() -> impl Iterator<Item = f64> {
    BOUNDS_US.iter().map(|us| *us as f64 / 1e6)
}

/// Everything that there is to tell, in the order of [`DESCRIBED`].
pub fn families(tally: &Tally) -> Vec<Family> {
    let filled = |description: &'static Description| {
        let points = points(description.name, tally);
        let labelled =
            |values: Vec<String>| description.labels.iter().copied().zip(values).collect();
        let points = points.into_iter().map(|(values, value)| (labelled(values), value)).collect();
        Family { description, points }
    };
    DESCRIBED.iter().map(filled).collect()
}

type Points = Vec<(Vec<String>, Value)>;

fn points(name: &str, tally: &Tally) -> Points {
    let report = &tally.report;
    let alone = |value: Value| vec![(Vec::new(), value)];
    let flag = |set: bool| Value::Count(u64::from(set));
    let phases = |value: fn(&PhaseTally) -> u64| -> Points {
        let each = tally.phases.iter();
        each.map(|phase| (vec![phase.name.clone()], Value::Count(value(phase)))).collect()
    };
    match name {
        "substorm_build_info" => {
            let build = Build::this();
            vec![(vec![build.version, build.debug.to_string()], Value::Count(1))]
        }
        // Until there is a report there is no run to name.
        "substorm_run_info" if report.scenario.is_empty() => Vec::new(),
        "substorm_run_info" => {
            let named =
                vec![report.scenario.clone(), report.seed.to_string(), report.started_at.clone()];
            vec![(named, Value::Count(1))]
        }
        "substorm_run_elapsed" => alone(Value::Seconds(tally.elapsed.as_secs_f64())),
        "substorm_run_length" => alone(Value::Seconds(tally.length.as_secs_f64())),
        "substorm_run_finished" => alone(flag(tally.finished)),
        "substorm_run_valid" if tally.finished => alone(flag(report.valid)),
        "substorm_phase_active" => {
            let active = |phase: &Arc<PhaseTally>| flag(phase.name == tally.phase);
            tally.phases.iter().map(|phase| (vec![phase.name.clone()], active(phase))).collect()
        }
        "substorm_fault_active" => {
            let active = |kind| Value::Count(tally.active.get(kind).copied().unwrap_or(0));
            tally.kinds.iter().map(|kind| (vec![(*kind).to_owned()], active(*kind))).collect()
        }
        "substorm_fault_hits" => by_name(&tally.hits),
        "substorm_requests_due" => phases(|phase| phase.requests.due),
        "substorm_requests_sent" => phases(|phase| phase.requests.sent),
        "substorm_requests_unsent" => phases(|phase| phase.requests.unsent),
        "substorm_requests_censored" => phases(|phase| phase.requests.censored),
        "substorm_requests_probes" => phases(|phase| phase.requests.probes),
        "substorm_requests_retries" => phases(|phase| phase.requests.retries),
        "substorm_requests_in_flight" => alone(Value::Count(tally.in_flight)),
        "substorm_responses" => tally.phases.iter().flat_map(responses).collect(),
        "substorm_checks_failed" => phases(|phase| phase.requests.checks_failed),
        "substorm_response_time" => by_class(tally, |phase| &phase.response),
        "substorm_service_time" => by_class(tally, |phase| &phase.service),
        "substorm_send_lag" => by_phase(tally, |phase| &phase.send_lag),
        "substorm_connect_time" => by_phase(tally, |phase| &phase.connect),
        "substorm_store_lookups" => tally.lookups.map(Value::Count).map(alone).unwrap_or_default(),
        "substorm_user_changes" => by_name(&report.changes),
        "substorm_revocation_lag" => lag(&report.revocation_lag),
        "substorm_revocation_lag_users" => lag_users(&report.revocation_lag),
        "substorm_provisioning_lag" => lag(&report.provisioning_lag),
        "substorm_provisioning_lag_users" => lag_users(&report.provisioning_lag),
        "substorm_threshold_pass" => {
            // One without a figure is not missed before the end.
            let thresholds = report.thresholds.iter();
            let judged = thresholds.filter(|judged| tally.finished || judged.value.is_some());
            judged.map(|judged| (vec![judged.text.clone()], flag(judged.pass))).collect()
        }
        "substorm_worker_cpu" => alone(spent(tally.worker_cpu)),
        "substorm_worker_spun" => alone(spent(tally.worker_spun)),
        _ => Points::new(),
    }
}

fn spent(time: Duration) -> Value {
    Value::Seconds(time.as_secs_f64())
}

fn by_name(counts: &std::collections::BTreeMap<String, u64>) -> Points {
    counts.iter().map(|(name, count)| (vec![name.clone()], Value::Count(*count))).collect()
}

fn responses(phase: &Arc<PhaseTally>) -> Points {
    let labelled = |((faults, class, verdict), count): (&(String, _, _), &u64)| {
        let (class, verdict): (&crate::outcome::Class, &crate::outcome::Verdict) = (class, verdict);
        let labels = [&phase.name, class.name(), verdict.name(), faults];
        (labels.map(str::to_owned).to_vec(), Value::Count(*count))
    };
    phase.answers.iter().map(labelled).collect()
}

fn by_class(
    tally: &Tally,
    of: fn(&PhaseTally) -> &Vec<(crate::outcome::Class, Buckets)>,
) -> Points {
    let phases = tally.phases.iter();
    phases
        .flat_map(|phase| of(phase).iter().map(move |(class, times)| (phase, class, times)))
        .map(|(phase, class, times)| {
            (vec![phase.name.clone(), class.name().to_owned()], Value::Times(times.clone()))
        })
        .collect()
}

fn by_phase(tally: &Tally, of: fn(&PhaseTally) -> &Buckets) -> Points {
    let filled = tally.phases.iter().filter(|phase| of(phase).count > 0);
    filled.map(|phase| (vec![phase.name.clone()], Value::Times(of(phase).clone()))).collect()
}

/// Both ends of each quantile; one that was still going on has no upper end.
fn lag(report: &LagReport) -> Points {
    let quantiles =
        [("0.5", report.p50), ("0.95", report.p95), ("0.99", report.p99), ("1", report.max)];
    let known = quantiles.into_iter().filter_map(|(name, bounds)| Some((name, bounds?)));
    known
        .flat_map(|(name, bounds)| {
            let ends = [("low", Some(bounds.low_ms)), ("high", bounds.high_ms)];
            ends.into_iter().filter_map(move |(bound, ms)| {
                Some((vec![name.to_owned(), bound.to_owned()], Value::Seconds(ms? / 1e3)))
            })
        })
        .collect()
}

fn lag_users(report: &LagReport) -> Points {
    if report.users + report.unseen == 0 {
        return Points::new();
    }
    let states = [
        ("seen", report.users.saturating_sub(report.censored)),
        ("censored", report.censored),
        ("unseen", report.unseen),
    ];
    states.map(|(state, users)| (vec![state.to_owned()], Value::Count(users))).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../../docs/live.md");

    #[test]
    fn every_metric_and_label_is_on_the_page() {
        for description in DESCRIBED {
            let name = description.full_name();
            let row = PAGE.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
            let row = row.unwrap_or_else(|| panic!("docs/live.md has no row for {name}"));
            for label in description.labels {
                assert!(row.contains(&format!("`{label}`")), "{name}: {label}");
            }
        }
    }

    #[test]
    fn names_are_unique_and_in_base_units() {
        let mut names: Vec<String> = DESCRIBED.iter().map(Description::full_name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        assert!(names.iter().all(|name| !name.contains("milli") && !name.contains("_ms")));
    }

    #[test]
    fn an_answer_is_told_by_phase_class_verdict_and_fault() {
        use crate::outcome::{Class, Verdict};

        let answer = (Class::UserNotFound, Verdict::FalseReject);
        let phase = PhaseTally {
            name: "steady".to_owned(),
            answers: [(("store-outage".to_owned(), answer.0, answer.1), 4)].into(),
            ..PhaseTally::default()
        };
        let tally = Tally { phases: vec![Arc::new(phase)], ..Tally::default() };
        let all = families(&tally);
        let family = all.iter().find(|family| family.description.name == "substorm_responses");
        let wanted = [
            ("phase", "steady"),
            ("class", "user_not_found"),
            ("verdict", "false_reject"),
            ("fault", "store-outage"),
        ];
        let labels = wanted.map(|(name, value)| (name, value.to_owned())).to_vec();
        assert_eq!(family.unwrap().points, [(labels, Value::Count(4))]);
    }

    #[test]
    fn every_description_has_an_arm() {
        let lag = LagReport {
            users: 1,
            p50: Some(crate::report::model::LagBounds { low_ms: 250.0, high_ms: Some(750.0) }),
            ..LagReport::default()
        };
        let mut report = crate::report::RunReport {
            scenario: "steady".to_owned(),
            revocation_lag: lag.clone(),
            provisioning_lag: lag,
            ..Default::default()
        };
        report.changes.insert("delete".to_owned(), 3);
        report.thresholds.push(crate::report::model::ThresholdReport::default());
        let times = Buckets { count: 1, sum_us: 5, up_to: vec![1; BOUNDS_US.len()] };
        let (class, verdict) = (crate::outcome::Class::ALL[0], crate::outcome::Verdict::ALL[0]);
        let phase = PhaseTally {
            name: "steady".to_owned(),
            answers: [((String::new(), class, verdict), 4)].into(),
            response: vec![(class, times.clone())],
            service: vec![(class, times.clone())],
            send_lag: times.clone(),
            connect: times,
            ..PhaseTally::default()
        };
        let tally = Tally {
            phases: vec![Arc::new(phase)],
            kinds: ["churn"].into(),
            hits: [("churn".to_owned(), 2)].into(),
            lookups: Some(7),
            finished: true,
            report: Arc::new(report),
            ..Tally::default()
        };
        for family in families(&tally) {
            assert!(!family.points.is_empty(), "{}", family.description.name);
            for (labels, value) in &family.points {
                assert_eq!(labels.len(), family.description.labels.len());
                let is_times = matches!(value, Value::Times(_));
                assert_eq!(is_times, family.description.kind == Kind::Histogram);
            }
        }
    }
}
