//! Certificates were not checked.

use super::super::findings::Context;
use super::super::model::{RunReport, Severity};
use super::super::wording::counted;
use super::{Diagnosis, Found};

pub(super) static DIAGNOSIS: Diagnosis =
    Diagnosis { name: "insecure-tls", about: "The target's certificate was not checked.", find };

fn find(report: &RunReport, context: &Context) -> Option<Found> {
    let text = format!(
        "The certificates of {} were not checked (insecure): anybody could have answered; name the CA \
         in target.tls instead",
        counted(report.connections.opened, "connection", "connections"),
    );
    context.insecure_tls.then(|| Found::new(Severity::Note, text))
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;

    #[test]
    fn it_is_told_whenever_it_was_so() {
        let context = Context { insecure_tls: true, ..sample::context() };
        let found = find(&sample::correct(), &context).unwrap();
        assert!(found.sentence.contains("0 connections were not checked"), "{found:?}");
        assert_eq!(find(&sample::correct(), &sample::context()), None);
    }
}
