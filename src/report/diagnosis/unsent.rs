//! Requests that were due and never sent.

use super::super::findings::Context;
use super::super::model::RunReport;
use super::super::wording::{counted, percent};
use super::{Diagnosis, Found};

pub(super) static DIAGNOSIS: Diagnosis = Diagnosis {
    name: "unsent",
    about: "Requests found neither a connection nor room to wait for one.",
    find,
};

fn find(report: &RunReport, context: &Context) -> Option<Found> {
    // What this machine lacked has diagnoses of its own.
    let lacking = report.connections.port_exhausted + report.connections.descriptor_exhausted;
    let unsent = report.requests.unsent.saturating_sub(lacking);
    let due = report.requests.due;
    if unsent == 0 {
        return None;
    }
    let limit = context.unsent_limit;
    let told = limit.map(|limit| format!(", limit {limit}")).unwrap_or_default();
    let text = format!(
        "{} never sent ({}{told}), because no connection was free in time; raise load.connections or \
         lower the rate",
        counted(unsent, "request was", "requests were"),
        percent(unsent, due),
    );
    let part = unsent as f64 / due.max(1) as f64;
    Some(Found::doubt(limit.is_some_and(|limit| part > limit.fraction()), text))
}

#[cfg(test)]
mod tests {
    use super::super::trial::about;
    use super::*;

    #[test]
    fn some_are_a_doubt_and_more_than_the_limit_make_the_run_invalid() {
        let unsent = |n| about(&DIAGNOSIS, |report| report.requests.unsent = n);
        assert_eq!(unsent(0), None);
        let (text, invalid) = unsent(10).unwrap();
        assert!(text.starts_with("10 requests were never sent (1.0%, limit 1%)"), "{text}");
        assert!(!invalid);
        assert!(unsent(11).unwrap().1);
        let lacking = |n| {
            about(&DIAGNOSIS, |report| {
                report.requests.unsent = 20;
                report.connections.descriptor_exhausted = n;
            })
        };
        assert_eq!(lacking(20), None);
        assert!(lacking(19).unwrap().0.starts_with("1 request was never sent"));
    }
}
