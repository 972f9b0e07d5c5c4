//! The generator's process had no file descriptor left for a connection.

use super::super::findings::Context;
use super::super::model::RunReport;
use super::super::wording::{counted, percent};
use super::port_exhaustion::MOST_LACKING;
use super::{Diagnosis, Found};
use crate::units::grouped;

pub(super) static DIAGNOSIS: Diagnosis = Diagnosis {
    name: "descriptor-exhaustion",
    about: "Connections could not be made because this process had no free file descriptor.",
    find,
};

/// What the process has open beside the connections of its load: its own files, timers and sockets.
const BESIDE_CONNECTIONS: u64 = 64;

fn find(report: &RunReport, context: &Context) -> Option<Found> {
    let (lacking, due) = (report.connections.descriptor_exhausted, report.requests.due);
    let connections = context.connections.map(u64::from);
    let wanted = connections.map(|connections| connections + BESIDE_CONNECTIONS);
    // Where there should have been enough, something else has them: links, a stack.
    let wanted = match (wanted, context.open_files) {
        (Some(wanted), Some(limit)) => Some(wanted.max(limit.saturating_mul(2))),
        (wanted, _) => wanted,
    };
    let limit = context.open_files.map(|limit| format!(" of {}", grouped(limit)));
    let needs = connections.zip(wanted).map(|(connections, wanted)| {
        format!(", {} for {}", grouped(wanted), counted(connections, "connection", "connections"))
    });
    let text = format!(
        "{} no file descriptor left in this process ({}), and never left: raise the hard limit on \
         open files{} (ulimit -Hn{}), or lower load.connections",
        counted(lacking, "request found", "requests found"),
        percent(lacking, due),
        limit.unwrap_or_default(),
        needs.unwrap_or_default(),
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

    #[test]
    fn the_remedy_has_a_number() {
        let mut report = super::super::super::sample::correct();
        report.connections.descriptor_exhausted = 5;
        let sentence = |connections, open_files| {
            let context = Context { open_files, connections, ..Context::default() };
            find(&report, &context).unwrap().sentence
        };
        let text = sentence(Some(256), Some(20));
        assert!(text.contains("open files of 20 (ulimit -Hn, 320 for 256 connections)"), "{text}");
        assert!(sentence(Some(256), Some(400)).contains("(ulimit -Hn, 800 for 256"));
        assert!(sentence(None, None).contains("open files (ulimit -Hn), or"));
    }
}
