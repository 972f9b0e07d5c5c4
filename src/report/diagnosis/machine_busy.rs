//! Generator and stack together used the machine up.

use super::super::findings::Context;
use super::super::model::{RunReport, Severity};
use super::super::wording::counted;
use super::{Diagnosis, Found};

pub(super) static DIAGNOSIS: Diagnosis = Diagnosis {
    name: "machine-busy",
    about: "Generator and embedded stack together used more than 90 % of the machine.",
    find,
};

/// Above this share of the machine, waiting for a core is part of every latency.
const BUSY: f64 = 0.9;

fn find(report: &RunReport, _: &Context) -> Option<Found> {
    let workers: f64 = report.generator.workers.iter().map(|w| w.cpu_share - w.spin_share).sum();
    let used = workers + report.stack.as_ref()?.cpu_share;
    let cores = report.machine.cores;
    let text = format!(
        "The machine was busy: generator and stack used {used:.1} of {}, so latencies include waiting \
         for one; lower the rate, or test a target on another machine",
        counted(cores, "core", "cores"),
    );
    (cores > 0 && used > BUSY * cores as f64).then(|| Found::new(Severity::Note, text))
}

#[cfg(test)]
mod tests {
    use super::super::super::model::{StackUse, WorkerUse};
    use super::super::trial::about;
    use super::*;

    #[test]
    fn spinning_is_no_load_and_a_target_elsewhere_is_not_seen() {
        let used = |cpu_share, spin_share, stack: Option<f64>| {
            about(&DIAGNOSIS, |report| {
                report.machine.cores = 2;
                report.generator.workers =
                    vec![WorkerUse { cpu_share, spin_share, ..WorkerUse::default() }];
                report.stack = stack.map(|cpu_share| StackUse { cpu_share, ..StackUse::default() });
            })
        };
        assert_eq!((used(0.9, 0.0, Some(0.9)), used(0.9, 0.0, None)), (None, None));
        let (text, _) = used(0.95, 0.0, Some(0.9)).unwrap();
        assert!(text.contains("generator and stack used 1.9 of 2 cores"), "{text}");
        assert_eq!(used(0.95, 0.5, Some(0.9)), None);
    }
}
