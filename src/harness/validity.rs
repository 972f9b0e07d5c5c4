//! Whether a run proves anything. One sentence for each reason why it does not.
//!
//! What the generator finds wrong with itself is `report::diagnosis`; here is what only the harness
//! knows: faults, changes of users, tokens, and tasks of its own.

use crate::measure::PhaseRecord;
use crate::outcome::Truth;
use crate::units::grouped;

/// What validity depends on.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// Everything outside warm-up phases.
    pub measured: &'a PhaseRecord,
    /// Faults of the plan: name, hits, and what went wrong with each.
    pub faults: &'a [(String, u64, Option<String>)],
    /// Tasks of ours that panicked where it could look like a quiet network.
    pub panics: u64,
    /// Answers about changed users that found no room.
    pub sightings_lost: u64,
    /// Times that users had expired tokens, because renewal came too late.
    pub late_renewals: u64,
    /// Changes of users that failed, and why the first of them did.
    pub failed_changes: (u64, &'a [String]),
    /// A signal ended the run before its time: faults that never began are no reason then.
    pub interrupted: bool,
}

/// Why the run is invalid; empty if it is valid.
pub fn reasons(evidence: &Evidence<'_>) -> Vec<String> {
    let measured = evidence.measured;
    let mut reasons = Vec::new();
    if measured.done == 0 {
        reasons.push("no request was answered outside the warm-up, so nothing was measured".into());
    }
    let grey: u64 = measured.matrix[Truth::Grey.index()].iter().sum();
    if grey * 2 > measured.done {
        reasons.push(format!(
            "{} of {} answers are grey, more than half: changes were under way most of the time, \
             so little was judged; change fewer users or more slowly",
            grouped(grey),
            grouped(measured.done),
        ));
    }
    for (name, hits, trouble) in evidence.faults {
        match trouble {
            Some(trouble) => reasons.push(format!("fault {name} failed: {trouble}")),
            None if *hits == 0 && !evidence.interrupted => reasons.push(format!(
                "fault {name} had no hit: nothing was there for it to bite, so the run does not \
                 show what it does"
            )),
            None => {}
        }
    }
    if let (failed @ 1.., why) = evidence.failed_changes {
        let why = why.first().map_or("", String::as_str);
        reasons.push(format!(
            "{} changes of users failed, so what those users are is not known: {why}",
            grouped(failed)
        ));
    }
    if evidence.late_renewals > 0 {
        reasons.push(
            "tokens expired before they were renewed, so good tokens were bad for a while; raise \
             token.lifetime"
                .into(),
        );
    }
    if evidence.panics > 0 {
        reasons.push(format!(
            "{} tasks of a link panicked, which may look like a fault: please report this",
            evidence.panics
        ));
    }
    if evidence.sightings_lost > 0 {
        reasons.push(format!(
            "{} answers about changed users found no room, so lags are incomplete",
            grouped(evidence.sightings_lost)
        ));
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Recorder, Shape};

    fn record() -> PhaseRecord {
        let mut recorder = Recorder::new(&Shape { phases: 1, ..Shape::default() });
        let record = recorder.phase(0);
        (record.due, record.sent, record.done) = (1_000, 1_000, 1_000);
        record.matrix[Truth::MustAccept.index()][0] = 1_000;
        record.clone()
    }

    fn check(measured: &PhaseRecord, faults: &[(String, u64, Option<String>)]) -> Vec<String> {
        reasons(&Evidence {
            measured,
            faults,
            panics: 0,
            sightings_lost: 0,
            late_renewals: 0,
            failed_changes: (0, &[]),
            interrupted: false,
        })
    }

    #[test]
    fn a_sound_run_has_no_reason() {
        assert!(check(&record(), &[("store-outage".into(), 3, None)]).is_empty());
    }

    #[test]
    fn each_reason_is_found_and_named() {
        let mut grey = record();
        grey.matrix[Truth::Grey.index()][0] = 501;
        assert!(check(&grey, &[])[0].contains("501 of 1,000 answers are grey"));
        let hitless = check(&record(), &[("cache-flush".into(), 0, None)]);
        assert!(hitless[0].contains("cache-flush had no hit"));
        let failed = check(&record(), &[("churn".into(), 0, Some("no directory".into()))]);
        assert!(failed[0].contains("no directory"));
        assert!(check(&PhaseRecord { done: 0, ..record() }, &[])[0].contains("no request"));
    }
}
