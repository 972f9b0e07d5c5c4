//! Requests that waited because every connection was busy.

use super::super::findings::Context;
use super::super::model::{RunReport, Severity};
use super::super::wording::{counted, percent};
use super::{Diagnosis, Found};
use crate::units::grouped;

pub(super) static DIAGNOSIS: Diagnosis = Diagnosis {
    name: "connection-pool",
    about: "More than 1 % of the requests waited because every connection was busy.",
    find,
};

/// Above this share of the due requests it is worth telling.
const WORTH_TELLING: f64 = 0.01;

fn find(report: &RunReport, context: &Context) -> Option<Found> {
    let (waited, due) = (report.connections.waited, report.requests.due);
    let all = context.connections.map(|n| format!(" all {} were", grouped(n.into())));
    let text = format!(
        "{} ({}) for a connection, because{} busy: their response times contain that wait; raise \
         load.connections if the target's clients would open more",
        counted(waited, "request waited", "requests waited"),
        percent(waited, due),
        all.unwrap_or_else(|| " all were".to_owned()),
    );
    let worth_telling = waited as f64 > due as f64 * WORTH_TELLING;
    worth_telling.then(|| Found::new(Severity::Note, text))
}

#[cfg(test)]
mod tests {
    use super::super::trial::about;
    use super::*;

    #[test]
    fn a_hundredth_is_not_worth_telling() {
        let waited = |n| about(&DIAGNOSIS, |report| report.connections.waited = n);
        assert_eq!((waited(0), waited(10)), (None, None));
        let (text, invalid) = waited(11).unwrap();
        let told = "11 requests waited (1.1%) for a connection, because all 64 were busy";
        assert!(text.starts_with(told) && !invalid, "{text}");
    }
}
