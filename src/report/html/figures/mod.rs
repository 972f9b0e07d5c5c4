//! The tables of figures, folded until somebody asks for them: one file a subject.

mod answers;
mod changes;
mod recordings;
mod times;

use maud::{Markup, html};

use super::super::model::RunReport;

pub(super) use times::{percentiles, with_percentiles};

pub(super) fn figures(report: &RunReport) -> Markup {
    html! {
        (answers::verdicts(report))
        (answers::matrix(report))
        (times::latency(report))
        (times::stages(report))
        (times::routes(report))
        (changes::lags(report))
        (changes::faults(report))
        (answers::mutations(report))
        (recordings::replays(report))
        (answers::unexpected(report))
    }
}
