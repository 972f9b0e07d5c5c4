//! Figures that contradict each other. Whatever the reason, nothing of such a report can be
//! believed.

use std::time::Duration;

use super::super::findings::Context;
use super::super::model::{Percentiles, RunReport};
use super::super::wording::exact;
use super::{Diagnosis, Found};
use crate::measure::LatencyKind;
use crate::units::grouped;

pub(super) static DIAGNOSIS: Diagnosis = Diagnosis {
    name: "impossible-figures",
    about: "Counts that do not add up, percentiles above the maximum, load that ended too early.",
    find,
};

/// Clocks and files are read one after the other: half a second is no contradiction.
const SLACK_S: f64 = 0.5;

fn find(report: &RunReport, _: &Context) -> Option<Found> {
    let found = counts(report).or_else(|| order(report)).or_else(|| time(report))?;
    let text =
        format!("Figures contradict each other ({found}): please report this, with run.json");
    Some(Found::doubt(true, text))
}

fn counts(report: &RunReport) -> Option<String> {
    let r = &report.requests;
    // They had a send lag before it showed that they could not leave.
    let lacking = report.connections.port_exhausted + report.connections.descriptor_exhausted;
    let of_all = |kind| report.overall(kind).map_or(0, |times| times.count);
    let no_more = [
        ("done and censored", r.done + r.censored, "sent", r.sent),
        ("sent and unsent", r.sent + r.unsent, "due", r.due),
        ("probes", r.probes, "due", r.due),
        ("retries", r.retries, "due", r.due),
        ("recovered retries", r.retries_recovered, "retries", r.retries),
        ("failed checks", r.checks_failed, "done", r.done),
    ];
    let equal = [
        ("verdicts", report.verdicts.sum(), "done", r.done),
        ("classes", report.classes.sum(), "done", r.done),
        ("send lags", report.send_lag.count, "sent", r.sent + lacking),
        ("response times", of_all(LatencyKind::Response), "done", r.done),
        ("service times", of_all(LatencyKind::Service), "done", r.done),
    ];
    let more = no_more.into_iter().find(|(_, part, _, whole)| part > whole);
    let unequal = equal.into_iter().find(|(_, one, _, other)| one != other);
    let (name, count, other_name, other) = more.or(unequal)?;
    Some(format!("{name} {}, {other_name} {}", grouped(count), grouped(other)))
}

fn order(report: &RunReport) -> Option<String> {
    let times = report.latency.iter().map(|row| (row.kind.name(), row.percentiles));
    let others = [
        ("send lag", report.send_lag),
        ("connection set-up", report.connections.connect),
        ("TLS handshake", report.connections.tls),
    ];
    let ascends = |p: &Percentiles| [p.p50, p.p90, p.p99, p.p999, p.max].is_sorted();
    let (name, p) = times.chain(others).find(|(_, p)| !ascends(p))?;
    let shown = |us| exact(Duration::from_micros(us));
    let figures = [p.p50, p.p90, p.p99, p.p999, p.max].map(shown).join(", ");
    Some(format!("{name} p50 to maximum {figures}"))
}

fn time(report: &RunReport) -> Option<String> {
    let last = report.phases.last().filter(|_| !report.partial && !report.interrupted)?;
    (report.load_s + SLACK_S < last.until)
        .then(|| format!("load took {:.2} s, its phases {:.2} s", report.load_s, last.until))
}

#[cfg(test)]
mod tests {
    use super::super::super::model::PhaseReport;
    use super::super::trial::about;
    use super::*;

    #[test]
    fn counts_that_do_not_add_up_make_a_run_invalid() {
        type Change = fn(&mut RunReport);
        let changes: [(Change, &str); 6] = [
            (|report| report.requests.done += 1, "done and censored 1,001, sent 1,000"),
            (|report| report.requests.unsent += 1, "sent and unsent 1,001, due 1,000"),
            (|report| report.requests.retries = 1_001, "retries 1,001, due 1,000"),
            (|report| report.send_lag.count += 1, "send lags 1,001, sent 1,000"),
            (|report| report.latency.clear(), "response times 0, done 1,000"),
            (
                |report| *report.verdicts.total.get_mut("correct_accept").unwrap() += 1,
                "verdicts 1,001, done 1,000",
            ),
        ];
        for (change, wanted) in changes {
            let (sentence, invalid) = about(&DIAGNOSIS, change).unwrap();
            assert!(sentence.contains(wanted) && invalid, "{sentence}");
        }
    }

    #[test]
    fn percentiles_ascend() {
        let above = |report: &mut RunReport| report.send_lag.p999 = report.send_lag.max + 1;
        assert!(about(&DIAGNOSIS, above).unwrap().0.contains("send lag p50 to maximum"));
        let at = |report: &mut RunReport| report.send_lag.p999 = report.send_lag.max;
        assert_eq!(about(&DIAGNOSIS, at), None);
    }

    #[test]
    fn load_takes_as_long_as_its_phases_unless_it_was_cut_short() {
        let ended = |load_s, interrupted| {
            about(&DIAGNOSIS, |report| {
                report.phases = vec![PhaseReport { until: 5.0, ..PhaseReport::default() }];
                (report.load_s, report.interrupted) = (load_s, interrupted);
            })
        };
        assert!(ended(1.25, false).unwrap().0.contains("load took 1.25 s, its phases 5.00 s"));
        assert_eq!((ended(1.25, true), ended(4.99, false)), (None, None));
    }
}
