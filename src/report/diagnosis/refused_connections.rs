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
    let refused = report.classes.of(Class::ConnectRefused.name());
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
    fn refusals_are_told_of_where_others_were_accepted() {
        let refused = |refused, opened| {
            about(&DIAGNOSIS, |report| {
                report.classes.total.insert("connect_refused".into(), refused);
                report.connections.opened = opened;
            })
        };
        assert_eq!((refused(0, 9), refused(7, 0)), (None, None));
        let (text, invalid) = refused(3, 9).unwrap();
        assert!(text.starts_with("3 connections were refused while 9 were made"), "{text}");
        assert!(!invalid);
    }
}
