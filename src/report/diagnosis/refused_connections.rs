//! Connections that the target refused while it took others.

use super::super::findings::Context;
use super::super::model::{RunReport, Severity};
use super::super::wording::{counted, form};
use super::{Diagnosis, Found};
use crate::outcome::Class;
use crate::units::grouped;

pub(super) static DIAGNOSIS: Diagnosis = Diagnosis {
    name: "refused-connections",
    about: "The target refused some connections while it accepted others.",
    find,
};

fn find(report: &RunReport, _: &Context) -> Option<Found> {
    let connections = &report.connections;
    // What this machine lacked is in the same class, and has diagnoses of its own.
    let own = connections.port_exhausted + connections.descriptor_exhausted;
    let refused = report.classes.of(Class::ConnectRefused.name()).saturating_sub(own);
    let text = format!(
        "{} refused while {} {} made: the target was at a limit on connections, or did not listen for \
         a while; raise its limits, or open connections ahead of the load (load.open_connections)",
        counted(refused, "connection was", "connections were"),
        grouped(connections.opened),
        form(connections.opened, "was", "were"),
    );
    (refused > 0 && connections.opened > 0).then(|| Found::new(Severity::Note, text))
}

#[cfg(test)]
mod tests {
    use super::super::trial::about;
    use super::*;

    #[test]
    fn what_this_machine_lacked_is_not_the_targets_refusal() {
        let refused = |refused, own, opened| {
            about(&DIAGNOSIS, |report| {
                report.classes.total.insert("connect_refused".into(), refused);
                report.connections.port_exhausted = own;
                report.connections.opened = opened;
            })
        };
        assert_eq!((refused(0, 0, 9), refused(7, 7, 9), refused(7, 0, 0)), (None, None, None));
        let (text, invalid) = refused(7, 4, 9).unwrap();
        assert!(text.starts_with("3 connections were refused while 9 were made"), "{text}");
        assert!(!invalid);
    }
}
