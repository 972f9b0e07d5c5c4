//! Figures in tables: requests and latency, which stand open, and those that fold.

use crate::measure::LatencyKind;
use crate::outcome::{Class, Truth, Verdict};
use crate::units::grouped;

use super::super::super::markdown::{Cell, Table, escaped_within};
use super::super::super::model::{ALL, LagBounds, LagReport, Percentiles, RunReport};
use super::super::super::overview::{self, wrong_of};
use super::super::super::wording::{self, instant, interval, millis, ratio, share};
use super::{LONGEST_SENTENCE, rows};

pub(super) fn requests(report: &RunReport) -> String {
    let requests = &report.requests;
    let mut text = format!(
        "### Figures\n\n{} due, {} sent, {} done, {} unsent, {} censored; seed {}\n",
        grouped(requests.due),
        grouped(requests.sent),
        grouped(requests.done),
        grouped(requests.unsent),
        grouped(requests.censored),
        report.seed
    );
    if let Some(verdicts) = overview::verdicts(report) {
        text.extend(["\n", &escaped_within(&verdicts, LONGEST_SENTENCE), "\n"]);
    }
    if let Some(lookups) = &report.lookups {
        let hits = lookups.cache_hit_share.map(|hits| format!(", cache hits {}", share(hits)));
        let per_request = ratio(lookups.per_request);
        text.extend(["\n", &per_request, " lookups per request", &hits.unwrap_or_default(), "\n"]);
    }
    let classes = Class::ALL.iter().map(|class| class.name()).chain([ALL]);
    let mut table = Table::new(&[
        "latency, ms",
        "count>",
        "response p50>",
        "p99>",
        "p99.9>",
        "max>",
        "service p50>",
        "p99>",
    ]);
    let mut shown = 0;
    for class in classes {
        let Some(response) = report.times(class, LatencyKind::Response) else { continue };
        let service = report.times(class, LatencyKind::Service).unwrap_or_default();
        latency_row(&mut table, if class == ALL { "all" } else { class }, response, service);
        shown += 1;
    }
    if shown > 0 {
        text.extend(["\n", &table.text()]);
    }
    text
}

fn latency_row(table: &mut Table, name: &str, response: Percentiles, service: Percentiles) {
    let cells = [
        grouped(response.count),
        millis(response.p50),
        millis(response.p99),
        millis(response.p999),
        millis(response.max),
        millis(service.p50),
        millis(service.p99),
    ];
    let mut row = vec![Cell::Text(name)];
    row.extend(cells.iter().map(|cell| Cell::Own(cell)));
    table.row(&row);
}

pub(super) fn matrix(report: &RunReport) -> String {
    let truths: Vec<&str> = Truth::ALL
        .iter()
        .map(|truth| truth.name())
        .filter(|truth| report.matrix.get(*truth).is_some_and(|row| row.values().sum::<u64>() > 0))
        .collect();
    if truths.is_empty() {
        return String::new();
    }
    let right: Vec<String> = truths.iter().map(|truth| format!("{truth}>")).collect();
    let mut columns = vec!["class"];
    columns.extend(right.iter().map(String::as_str));
    let mut table = Table::new(&columns);
    for class in Class::ALL.map(Class::name) {
        let count = |truth: &&str| report.matrix[*truth].get(class).copied().unwrap_or(0);
        let counts: Vec<u64> = truths.iter().map(count).collect();
        if counts.iter().sum::<u64>() == 0 {
            continue;
        }
        let counts: Vec<String> = counts.into_iter().map(grouped).collect();
        let mut row = vec![Cell::Own(class)];
        row.extend(counts.iter().map(|count| Cell::Own(count)));
        table.row(&row);
    }
    table.text()
}

pub(super) fn lags(report: &RunReport) -> String {
    let mut table = Table::new(&["lag, ms", "users>", "open>", "p50>", "p99>", "max>"]);
    let mut shown = 0;
    let mut row = |name: &str, lag: &LagReport| {
        if lag.users + lag.unseen == 0 {
            return;
        }
        let place = |bounds: Option<LagBounds>| bounds.map(interval).unwrap_or_default();
        let cells = [
            grouped(lag.users),
            grouped(lag.censored),
            place(lag.p50),
            place(lag.p99),
            place(lag.max),
        ];
        let mut row = vec![Cell::Own(name)];
        row.extend(cells.iter().map(|cell| Cell::Own(cell)));
        table.row(&row);
        shown += 1;
    };
    for (name, lag) in
        [("revocation", &report.revocation_lag), ("provisioning", &report.provisioning_lag)]
    {
        row(name, lag);
        if let Some(quiet) = &lag.quiet {
            row(&format!("{name}, quiet cohort"), quiet);
        }
    }
    if shown == 0 { String::new() } else { table.text() }
}

pub(super) fn faults(report: &RunReport) -> String {
    let columns = ["fault", "at, s>", "until, s>", "hits>", "what was done"];
    let all: Vec<_> = report.faults.iter().zip(report.fault_names()).collect();
    rows(&columns, &all, |table, (fault, name)| {
        let hits = wording::hits(fault.hits, &fault.hit_unit);
        table.row(&[
            Cell::Text(name),
            Cell::Own(&instant(fault.at)),
            Cell::Own(&fault.until.map(instant).unwrap_or_default()),
            Cell::Text(&hits),
            Cell::Text(&fault.told()),
        ]);
    })
}

pub(super) fn routes(report: &RunReport) -> String {
    let columns =
        ["route", "done>", "wrong>", "unavailable>", "checks failed>", "p50, ms>", "p99, ms>"];
    rows(&columns, &report.routes, |table, route| {
        let unavailable = route.verdicts.get(Verdict::Unavailable.name()).copied().unwrap_or(0);
        let times = Some(route.response).filter(|times| times.count > 0);
        let place = |at: fn(Percentiles) -> u64| times.map(|p| millis(at(p))).unwrap_or_default();
        table.row(&[
            Cell::Text(&route.request),
            Cell::Own(&grouped(route.done)),
            Cell::Own(&grouped(wrong_of(&route.verdicts))),
            Cell::Own(&grouped(unavailable)),
            Cell::Own(&grouped(route.checks_failed)),
            Cell::Own(&place(|p| p.p50)),
            Cell::Own(&place(|p| p.p99)),
        ]);
    })
}
