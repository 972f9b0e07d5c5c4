//! Times: of answers by class, of the target's stages, of routes.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::outcome::Verdict;

use super::super::super::model::{ALL, LatencyRow, Percentiles, RunReport};
use super::super::super::overview::wrong_of;
use super::super::super::wording::counted;
use super::super::fold;
use super::super::table::{Cell, Table};

/// The columns of [`percentiles`].
const PERCENTILES: [&str; 5] = ["p50, ms", "p90, ms", "p99, ms", "p99.9, ms", "max, ms"];

/// These columns, and those of [`percentiles`] after them.
pub(in super::super) fn with_percentiles<'a>(columns: &[&'a str]) -> Vec<&'a str> {
    [columns, &PERCENTILES[..]].concat()
}

/// Places in a distribution; none where it is empty.
pub(in super::super) fn percentiles(p: &Percentiles) -> [Cell; 5] {
    let is_empty = p.count == 0;
    let cell = |us| Cell::maybe((!is_empty).then(|| Cell::micros(us)));
    [p.p50, p.p90, p.p99, p.p999, p.max].map(cell)
}

pub(super) fn latency(report: &RunReport) -> Markup {
    if report.latency.iter().all(|row| row.percentiles.count == 0) {
        return html! {};
    }
    let all = |name: &str| if name == ALL { "all".to_owned() } else { name.to_owned() };
    let row = |row: &LatencyRow| {
        let mut cells = vec![
            Cell::name(all(&row.class)),
            Cell::text(row.kind.name()),
            Cell::text(all(&row.phase)),
            Cell::count(row.percentiles.count),
        ];
        cells.extend(percentiles(&row.percentiles));
        cells
    };
    let columns = with_percentiles(&["Class", "Time", "Phase", "Count"]);
    let of = |over_all: bool| -> Vec<Vec<Cell>> {
        let rows = report.latency.iter().filter(|row| row.percentiles.count > 0);
        rows.filter(|row| (row.phase == ALL) == over_all).map(row).collect()
    };
    let caption = "Response and service times by class, all phases but warm-up";
    let whole = Table { caption, columns: &columns, rows: of(true) };
    let caption = "Response and service times by phase and class";
    let phases = Table { caption, columns: &columns, rows: of(false) };
    let body = html! {
        p.note { "Response time counts from when a request was due, service time from when it was sent." }
        (whole.markup())
        @if !phases.rows.is_empty() { (phases.markup()) }
    };
    let n = report.latency.iter().map(|row| &row.phase).collect::<BTreeSet<_>>().len() as u64;
    let summary = format!(
        "Percentiles by class, over all and in {}",
        counted(n.saturating_sub(1), "phase", "phases")
    );
    fold("latency", "Latency", &summary, &body)
}

pub(super) fn stages(report: &RunReport) -> Markup {
    if report.stages.is_empty() {
        return html! {};
    }
    let rows = report.stages.iter().map(|stage| {
        let mut row = vec![
            Cell::name(&stage.stage),
            Cell::text(if stage.phase == ALL { "all" } else { &stage.phase }),
            Cell::count(stage.percentiles.count),
        ];
        row.extend(percentiles(&stage.percentiles));
        row
    });
    let table = Table {
        caption: "Stages of the target's work, as its answers tell (Server-Timing)",
        columns: &with_percentiles(&["Stage", "Phase", "Count"]),
        rows: rows.collect(),
    };
    let names = report.stages.iter().map(|stage| &stage.stage).collect::<BTreeSet<_>>();
    let summary = counted(names.len() as u64, "stage", "stages");
    fold("stages", "Stages", &summary, &table.markup())
}

pub(super) fn routes(report: &RunReport) -> Markup {
    if report.routes.is_empty() {
        return html! {};
    }
    let rows = report.routes.iter().map(|route| {
        let unavailable = route.verdicts.get(Verdict::Unavailable.name()).copied().unwrap_or(0);
        let mut row = vec![
            Cell::name(&route.request),
            Cell::count(route.due),
            Cell::count(route.done),
            Cell::count(wrong_of(&route.verdicts)),
            Cell::count(unavailable),
            Cell::count(route.checks_failed),
        ];
        row.extend(percentiles(&route.response));
        row
    });
    let table = Table {
        caption: "Requests and response times by route, warm-up left out",
        columns: &with_percentiles(&[
            "Route",
            "Due",
            "Done",
            "Wrong",
            "Unavailable",
            "Checks failed",
        ]),
        rows: rows.collect(),
    };
    let summary = counted(report.routes.len() as u64, "route", "routes");
    fold("routes", "Routes", &summary, &table.markup())
}
