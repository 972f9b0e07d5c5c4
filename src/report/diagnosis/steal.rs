//! The hypervisor gave the machine's processors to others.

use super::super::findings::Context;
use super::super::model::RunReport;
use super::super::wording::share;
use super::run_queue::severity;
use super::{Diagnosis, Found};

pub(super) static DIAGNOSIS: Diagnosis = Diagnosis {
    name: "steal",
    about: "The hypervisor gave more than 3 % of the machine's time to others.",
    find,
};

fn find(report: &RunReport, _: &Context) -> Option<Found> {
    let stolen = report.generator.steal_share?;
    let text = format!(
        "The hypervisor gave {} of this machine's time to others (steal): every latency contains \
         pauses that are nobody's in this run; use a machine whose cores are its own",
        share(stolen),
    );
    Some(Found::new(severity(stolen)?, text))
}

#[cfg(test)]
mod tests {
    use super::super::trial::about;
    use super::*;

    #[test]
    fn a_few_percent_are_told() {
        let stolen = |share| about(&DIAGNOSIS, |report| report.generator.steal_share = share);
        assert_eq!((stolen(None), stolen(Some(0.0)), stolen(Some(0.03))), (None, None, None));
        let (text, invalid) = stolen(Some(0.052)).unwrap();
        assert!(text.contains("gave 5.2% of this machine's time") && !invalid, "{text}");
    }
}
