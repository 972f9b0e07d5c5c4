//! What was changed and how long that took to show: lags of users, faults.

use maud::{Markup, html};

use super::super::super::model::{LagBounds, LagReport, RunReport};
use super::super::super::wording::{counted, interval, ranked, whole_millis};
use super::super::fold;
use super::super::table::{Cell, Table};

/// Sorted by the end that is known to be reached.
fn bounds(bounds: Option<LagBounds>) -> Cell {
    Cell::maybe(bounds.map(|bounds| {
        Cell::Figure(interval(bounds), Some(bounds.high_ms.unwrap_or(bounds.low_ms)))
    }))
}

pub(super) fn lags(report: &RunReport) -> Markup {
    let row = |name: &str, lag: &LagReport| {
        vec![
            Cell::text(name),
            Cell::count(lag.users),
            Cell::count(lag.wrong_users),
            Cell::count(lag.censored),
            Cell::count(lag.unseen),
            Cell::count(lag.flaps),
            bounds(lag.p50),
            bounds(lag.p95),
            bounds(lag.p99),
            bounds(lag.max),
            Cell::Figure(whole_millis(lag.resolution_ms), Some(lag.resolution_ms)),
        ]
    };
    let mut rows = Vec::new();
    for (name, lag) in
        [("Revocation", &report.revocation_lag), ("Provisioning", &report.provisioning_lag)]
    {
        if lag.users + lag.unseen > 0 {
            rows.push(row(name, lag));
        }
        if let Some(quiet) = &lag.quiet {
            rows.push(row(&format!("{name}, quiet cohort"), quiet));
        }
    }
    if rows.is_empty() {
        return html! {};
    }
    let users: u64 =
        [&report.revocation_lag, &report.provisioning_lag].iter().map(|lag| lag.users).sum();
    let table = Table {
        caption: "How long changes of users took to show, each figure an interval",
        columns: &[
            "Lag",
            "Users",
            "Wrong",
            "Open",
            "Unseen",
            "Flaps",
            "p50, ms",
            "p95, ms",
            "p99, ms",
            "max, ms",
            "Resolution, ms",
        ],
        rows,
    };
    let body = html! {
        p.note {
            "From the acknowledgement of a change until it showed: the truth lies between two answers. \
             The quiet cohort was asked for once, late, so that asking could not keep an entry alive."
        }
        (table.markup())
    };
    fold("lags", "Lags", &counted(users, "changed user", "changed users"), &body)
}

pub(super) fn faults(report: &RunReport) -> Markup {
    if report.faults.is_empty() {
        return html! {};
    }
    let rows = report.faults.iter().zip(report.fault_names()).map(|(fault, name)| {
        vec![
            Cell::name(&name),
            Cell::instant(fault.at),
            Cell::maybe(fault.until.map(Cell::instant)),
            Cell::count(fault.hits),
            Cell::text(&fault.hit_unit),
            Cell::text(fault.told()),
            Cell::text(ranked(fault.verdicts.iter().map(|(name, n)| (name, *n)), 5)),
        ]
    });
    let table = Table {
        caption: "Faults with their hits and the verdicts of requests under way, times from the start of load",
        columns: &[
            "Fault",
            "At, s",
            "Until, s",
            "Hits",
            "Unit",
            "What was done",
            "Verdicts during it",
        ],
        rows: rows.collect(),
    };
    let summary = counted(report.faults.len() as u64, "fault", "faults");
    fold("faults", "Faults", &summary, &table.markup())
}
