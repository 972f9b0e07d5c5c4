//! The generator's process had no file descriptor left for a connection.

use super::super::findings::Context;
use super::super::model::RunReport;
use super::super::wording::{counted, percent};
use super::port_exhaustion::MOST_LACKING;
use super::{Diagnosis, Found};

pub(super) static DIAGNOSIS: Diagnosis = Diagnosis {
    name: "descriptor-exhaustion",
    about: "Connections could not be made because this process had no free file descriptor.",
    find,
};

fn find(report: &RunReport, _: &Context) -> Option<Found> {
    let (lacking, due) = (report.connections.descriptor_exhausted, report.requests.due);
    let text = format!(
        "{} no file descriptor left in this process ({}): raise the hard limit on open files \
         (ulimit -Hn), or lower load.connections",
        counted(lacking, "request found", "requests found"),
        percent(lacking, due),
    );
    let beyond = lacking as f64 > due as f64 * MOST_LACKING;
    (lacking > 0).then(|| Found::doubt(beyond, text))
}

#[cfg(test)]
mod tests {
    use super::super::trial::about;
    use super::*;

    #[test]
    fn one_is_told_and_more_than_a_thousandth_make_the_run_invalid() {
        let lacking = |n| about(&DIAGNOSIS, |report| report.connections.descriptor_exhausted = n);
        assert_eq!(lacking(0), None);
        let (text, invalid) = lacking(1).unwrap();
        assert!(text.contains("ulimit -Hn") && !invalid, "{text}");
        assert!(lacking(2).unwrap().1);
    }
}
