//! Other threads had the core while a worker was ready to run.

use super::super::findings::Context;
use super::super::model::{RunReport, Severity};
use super::super::wording::share;
use super::{Diagnosis, Found};

pub(super) static DIAGNOSIS: Diagnosis = Diagnosis {
    name: "run-queue",
    about: "A worker was ready and did not run for more than 3 % of the load.",
    find,
};

/// The share of the time that is worth telling.
pub(super) const WORTH_TELLING: f64 = 0.03;

/// The share of the time above which most percentiles contain it.
pub(super) const DOUBTFUL: f64 = 0.1;

/// How serious it is that a share of the time was withheld, if it is.
pub(super) fn severity(withheld: f64) -> Option<Severity> {
    match withheld {
        part if part > DOUBTFUL => Some(Severity::Doubt),
        part if part > WORTH_TELLING => Some(Severity::Note),
        _ => None,
    }
}

fn find(report: &RunReport, _: &Context) -> Option<Found> {
    let workers = report.generator.workers.iter();
    let worst = workers.filter_map(|worker| worker.run_delay_share).max_by(f64::total_cmp)?;
    let text = format!(
        "A worker was ready and did not run for {} of the load, because other threads had its core: \
         leave the generator a core (fewer load.workers, nothing else on the machine), or let it \
         raise its priority (CAP_SYS_NICE)",
        share(worst),
    );
    Some(Found::new(severity(worst)?, text))
}

#[cfg(test)]
mod tests {
    use super::super::super::model::WorkerUse;
    use super::super::trial::about;
    use super::*;

    #[test]
    fn the_worst_worker_counts_and_what_is_not_known_does_not() {
        let delayed = |shares: &[Option<f64>]| {
            about(&DIAGNOSIS, |report| {
                let worker = |&run_delay_share| WorkerUse { run_delay_share, ..<_>::default() };
                report.generator.workers = shares.iter().map(worker).collect();
            })
        };
        assert_eq!((delayed(&[None]), delayed(&[Some(0.03), None])), (None, None));
        let (text, invalid) = delayed(&[Some(0.01), Some(0.041), None]).unwrap();
        assert!(text.contains("did not run for 4.1% of the load") && !invalid, "{text}");
        assert_eq!(severity(0.11), Some(Severity::Doubt));
        assert_eq!((severity(0.1), severity(0.03)), (Some(Severity::Note), None));
    }
}
