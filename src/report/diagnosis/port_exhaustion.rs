//! The generator's machine had no local port left to connect from.

use super::super::findings::Context;
use super::super::model::RunReport;
use super::super::wording::{counted, percent};
use super::{Diagnosis, Found};

pub(super) static DIAGNOSIS: Diagnosis = Diagnosis {
    name: "port-exhaustion",
    about: "Connections could not be made because this machine had no free port.",
    find,
};

/// The share of due requests that may lack something on the generator's side: fewer than any
/// percentile that is shown would notice.
pub(super) const MOST_LACKING: f64 = 0.001;

fn find(report: &RunReport, _: &Context) -> Option<Found> {
    let (lacking, due) = (report.connections.port_exhausted, report.requests.due);
    let text = format!(
        "{} no free port on this machine ({}), and never left: widen net.ipv4.ip_local_port_range, or let \
         connections carry more requests (load.requests_per_connection)",
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
        let lacking = |n| about(&DIAGNOSIS, |report| report.connections.port_exhausted = n);
        assert_eq!(lacking(0), None);
        let (text, invalid) = lacking(1).unwrap();
        assert!(text.contains("1 request found no free port") && !invalid, "{text}");
        assert!(lacking(2).unwrap().1);
    }
}
