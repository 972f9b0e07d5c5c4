//! A closed phase whose throughput is the generator's own.

use super::super::findings::Context;
use super::super::model::{RunReport, Severity};
use super::super::wording::share;
use super::saturation::busiest;
use super::{Diagnosis, Found};

pub(super) static DIAGNOSIS: Diagnosis = Diagnosis {
    name: "closed-saturation",
    about: "Requests took most of a core on one worker in a closed phase.",
    find,
};

fn find(report: &RunReport, _: &Context) -> Option<Found> {
    let phase = busiest(report, true)?;
    let text = format!(
        "In the closed phase {} requests took {} of a core on the busiest worker: the generator, not \
         the target, sets this throughput; add workers (load.workers) or cores to load the target \
         more",
        phase.name,
        share(phase.busy_share),
    );
    Some(Found::new(Severity::Note, text))
}

#[cfg(test)]
mod tests {
    use super::super::super::model::PhaseReport;
    use super::super::trial::about;
    use super::*;

    #[test]
    fn it_is_worth_knowing_and_no_doubt() {
        let busy = |busy_share, closed| {
            about(&DIAGNOSIS, |report| {
                let name = "flat out".to_owned();
                report.phases = vec![PhaseReport { name, closed, busy_share, ..<_>::default() }];
            })
        };
        assert_eq!((busy(0.84, true), busy(0.99, false)), (None, None));
        let (text, invalid) = busy(0.97, true).unwrap();
        assert!(text.contains("closed phase flat out requests took 97%") && !invalid, "{text}");
    }
}
