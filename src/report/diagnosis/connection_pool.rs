//! Requests that waited because every connection was busy.

use super::super::findings::Context;
use super::super::model::{RunReport, Severity};
use super::super::wording::{counted, exact, micros, percent};
use super::send_lag::is_the_connections;
use super::{Diagnosis, Found};
use crate::measure::LatencyKind;
use crate::units::grouped;

pub(super) static DIAGNOSIS: Diagnosis = Diagnosis {
    name: "connection-pool",
    about: "More than 1 % of the requests waited because every connection was busy, or made the send lag.",
    find,
};

/// Above this share of the due requests it is worth telling.
const WORTH_TELLING: f64 = 0.01;

fn find(report: &RunReport, context: &Context) -> Option<Found> {
    let (waited, due) = (report.connections.waited, report.requests.due);
    let is_late = is_the_connections(report, context);
    if waited as f64 <= due as f64 * WORTH_TELLING && !is_late {
        return None;
    }
    let busy = match context.connections {
        Some(1) => "the only one was".to_owned(),
        Some(n) => format!("all {} were", grouped(n.into())),
        None => "all were".to_owned(),
    };
    let longest = match report.connections.waited_lag.max {
        0 => String::new(),
        max => format!(", up to {},", micros(max)),
    };
    let slowest = report.overall(LatencyKind::Service).map_or(0, |times| times.max);
    let text = format!(
        "{} ({}){longest} for a connection, because {busy} busy (the slowest answer took {}): \
         response times contain that wait, as they should; raise load.connections if the target's \
         clients would open more",
        counted(waited, "request waited", "requests waited"),
        percent(waited, due),
        micros(slowest),
    );
    let limit = context.send_lag_limit.filter(|_| is_late);
    let whose = limit.map(|limit| {
        let (all, own, limit) = (micros(report.send_lag.p99), micros(report.own_lag.p99), exact(limit));
        format!(
            ". That, and not the generator, is the send lag: p99 {all}, without it {own} (limit {limit})"
        )
    });
    let text = text + &whose.unwrap_or_default();
    Some(Found::new(Severity::Note, text))
}

#[cfg(test)]
mod tests {
    use super::super::trial::about;
    use super::*;

    #[test]
    fn a_frozen_target_is_told_of_with_its_figures() {
        let (text, invalid) = about(&DIAGNOSIS, |report| {
            report.connections.waited = 9;
            report.connections.waited_lag.max = 744_000;
            (report.send_lag.p99, report.own_lag.p99) = (730_000, 120);
            report.own_lag.count = 1_000;
        })
        .unwrap();
        for wanted in [
            "9 requests waited (0.9%), up to 744 ms, for a connection, because all 64 were busy",
            "(the slowest answer took 41 ms)",
            "is the send lag: p99 730 ms, without it 0.12 ms (limit 2 ms)",
        ] {
            assert!(text.contains(wanted) && !invalid, "{wanted}\nnot in {text}");
        }
    }

    #[test]
    fn one_connection_is_spoken_of_as_one() {
        let mut report = super::super::super::sample::correct();
        report.connections.waited = 880;
        let context = Context { connections: Some(1), ..Context::default() };
        let text = find(&report, &context).unwrap().sentence;
        assert!(text.contains("because the only one was busy"), "{text}");
    }

    #[test]
    fn a_hundredth_is_not_worth_telling() {
        let waited = |n| about(&DIAGNOSIS, |report| report.connections.waited = n);
        assert_eq!((waited(0), waited(10)), (None, None));
        let (text, invalid) = waited(11).unwrap();
        let told = "11 requests waited (1.1%) for a connection, because all 64 were busy";
        assert!(text.starts_with(told) && !invalid, "{text}");
    }
}
