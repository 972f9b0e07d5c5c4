//! A worker that had next to no time left while requests were due whatever the answers.

use super::super::findings::Context;
use super::super::model::{PhaseReport, RunReport};
use super::super::wording::share;
use super::{Diagnosis, Found};

pub(super) static DIAGNOSIS: Diagnosis = Diagnosis {
    name: "saturation",
    about: "Requests took most of a core on one worker in an open phase.",
    find,
};

/// The share of a core above which requests queue up inside the generator. Time spent spinning is
/// not part of it: a spinning worker is free.
pub(super) const SATURATED: f64 = 0.85;

/// The phase outside warm-up, open or closed, in which a worker was the busiest, if it was too busy.
pub(super) fn busiest(report: &RunReport, closed: bool) -> Option<&PhaseReport> {
    let judged = report.phases.iter().filter(|phase| !phase.warm_up && phase.closed == closed);
    let busy = judged.filter(|phase| phase.busy_share >= SATURATED);
    busy.max_by(|a, b| a.busy_share.total_cmp(&b.busy_share))
}

fn find(report: &RunReport, _: &Context) -> Option<Found> {
    let phase = busiest(report, false)?;
    let text = format!(
        "The generator was saturated: in phase {} requests took {} of a core on the busiest worker, \
         so latencies contain waiting for it; add workers (load.workers) or cores, or lower the rate",
        phase.name,
        share(phase.busy_share),
    );
    Some(Found::doubt(false, text))
}

#[cfg(test)]
mod tests {
    use super::super::trial::about;
    use super::*;

    #[test]
    fn only_open_phases_outside_warm_up_count() {
        let busy = |busy_share, warm_up, closed| {
            about(&DIAGNOSIS, |report| {
                let name = "peak".to_owned();
                let phase = PhaseReport { name, warm_up, closed, busy_share, ..<_>::default() };
                report.phases = vec![PhaseReport::default(), phase];
            })
        };
        assert_eq!(busy(0.849, false, false), None);
        let (text, invalid) = busy(0.85, false, false).unwrap();
        assert!(text.contains("in phase peak requests took 85% of a core") && !invalid, "{text}");
        assert_eq!((busy(0.99, true, false), busy(0.99, false, true)), (None, None));
    }
}
