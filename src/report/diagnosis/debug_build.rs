//! The generator was built without optimisation.

use super::super::findings::Context;
use super::super::model::{RunReport, Severity};
use super::{Diagnosis, Found};

pub(super) static DIAGNOSIS: Diagnosis =
    Diagnosis { name: "debug-build", about: "This build is not optimised.", find };

fn find(report: &RunReport, _: &Context) -> Option<Found> {
    let text = "This build is not optimised: latencies are those of the build, use --release";
    report.build.debug.then(|| Found::new(Severity::Note, text))
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;

    #[test]
    fn only_debug_builds_are_told_of() {
        let mut report = sample::correct();
        assert_eq!(find(&report, &Context::default()), None);
        report.build.debug = true;
        assert!(find(&report, &Context::default()).is_some());
    }
}
