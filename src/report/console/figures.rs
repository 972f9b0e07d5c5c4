//! The tables of figures: requests, verdict matrix, latency, lags, faults.

use crate::measure::LatencyKind;
use crate::outcome::{Class, Truth, Verdict};
use crate::units::grouped;

use super::super::model::{ALL, LagBounds, LagReport, Percentiles, RunReport};
use super::super::overview::{self, wrong_of};
use super::super::wording::{instant, interval, millis, ratio, share, whole_millis};
use super::paint::{Colour, Style, WIDTH};
use super::table::{Cell, NONE, Table, cut, plain, wrapped};

const MOST_CLASSES: usize = 8;
/// The first column of service times.
const SERVICE: usize = 7;
const MOST_FAULTS: usize = 6;
const MOST_ROUTES: usize = 6;
const MOST_STAGES: usize = 8;
/// Columns of the longest route that is shown whole.
const WIDEST_ROUTE: usize = 30;
/// Columns of what a fault does, on a wide screen and at least.
const WIDEST_FAULT: usize = 44;
const NARROWEST_FAULT: usize = 20;

/// What became of the requests, and the verdicts, in a few lines.
pub(super) fn requests(report: &RunReport, style: Style, lines: &mut Vec<String>) {
    lines.push(String::new());
    let r = &report.requests;
    let mut facts = vec![
        format!("due {}", grouped(r.due)),
        format!("sent {}", grouped(r.sent)),
        format!("done {}", grouped(r.done)),
        format!("unsent {}", grouped(r.unsent)),
        format!("censored {}", grouped(r.censored)),
    ];
    if r.probes > 0 {
        facts.push(format!("of these probes {}", grouped(r.probes)));
    }
    if r.retries > 0 {
        let unsent = match r.retries_unsent {
            0 => String::new(),
            n => format!(", cut off by the end {}", grouped(n)),
        };
        facts.push(format!(
            "of these retries {} (let in {}, given up {}{unsent})",
            grouped(r.retries),
            grouped(r.retries_recovered),
            grouped(r.retries_exhausted)
        ));
    }
    if r.checks_failed > 0 {
        facts.push(format!("checks failed {}", grouped(r.checks_failed)));
    }
    if let Some(lookups) = &report.lookups {
        let hits = lookups.cache_hit_share.map(|hits| format!(" (cache hits {})", share(hits)));
        facts.push(format!(
            "lookups/request {}{}",
            ratio(lookups.per_request),
            hits.unwrap_or_default()
        ));
    }
    lines.extend(wrapped(&format!("Requests: {}", facts.join(", ")), 10, style));
    if let Some(verdicts) = overview::verdicts(report) {
        lines.extend(wrapped(&format!("Verdicts: {verdicts}"), 10, style));
    }
}

/// Answers by class (down) and truth (across). Coloured where an answer is surely right or wrong.
pub(super) fn matrix(report: &RunReport, style: Style, lines: &mut Vec<String>) {
    let heads = ["must accept", "reject: absent", "reject: disabled", "reject: token", "grey"];
    let mut table = Table::new("Answers by truth", &heads, MOST_CLASSES);
    for class in Class::ALL {
        let count = |truth: Truth| {
            report.matrix.get(truth.name()).and_then(|row| row.get(class.name())).copied()
        };
        let counts = Truth::ALL.map(|truth| (truth, count(truth).unwrap_or(0)));
        if counts.iter().any(|(_, count)| *count > 0) {
            let mut row = vec![plain(class.name())];
            row.extend(counts.map(|(truth, count)| matrix_cell(truth, class, count)));
            table.row(row);
        }
    }
    table.draw(style, lines);
}

fn matrix_cell(truth: Truth, class: Class, count: u64) -> Cell {
    if count == 0 {
        return plain(NONE);
    }
    let accepts = class == Class::Accepted;
    let colour = match truth {
        Truth::MustAccept if accepts => Colour::Green,
        Truth::MustAccept if class.is_reject() => Colour::Red,
        Truth::MustAccept | Truth::Grey => Colour::Plain,
        _ if accepts => Colour::Red,
        _ if class.is_reject() => Colour::Green,
        _ => Colour::Plain,
    };
    (grouped(count), colour)
}

/// Response and service times of all phases but warm-up, by class.
pub(super) fn latency(report: &RunReport, style: Style, lines: &mut Vec<String>) {
    let heads = [
        "count", "resp p50", "p90", "p99", "p99.9", "max", "serv p50", "p90", "p99", "p99.9", "max",
    ];
    let mut table = Table::new("Latency, ms", &heads, MOST_CLASSES + 1).parted_at(SERVICE);
    for name in Class::ALL.iter().map(|class| class.name()).chain([ALL]) {
        let response = report.times(name, LatencyKind::Response);
        let service = report.times(name, LatencyKind::Service);
        let Some(count) = response.or(service).map(|times| times.count) else { continue };
        let title = if name == ALL { "all" } else { name };
        let mut row = vec![plain(title), plain(grouped(count))];
        row.extend(places(response).chain(places(service)).map(plain));
        table.row(row);
    }
    table.draw(style, lines);
}

fn places(percentiles: Option<Percentiles>) -> impl Iterator<Item = String> {
    let p = percentiles.filter(|p| p.count > 0);
    let places = p.map(|p| [p.p50, p.p90, p.p99, p.p999, p.max]);
    (0..5).map(move |n| places.map_or_else(|| NONE.to_owned(), |places| millis(places[n])))
}

/// The routes, where there are several.
pub(super) fn routes(report: &RunReport, style: Style, lines: &mut Vec<String>) {
    if report.routes.len() < 2 {
        return;
    }
    let heads = ["done", "wrong", "unavailable", "checks failed", "resp p50", "p99"];
    let mut table = Table::new("Routes, ms", &heads, MOST_ROUTES);
    for route in &report.routes {
        let bad = |count: u64| match count {
            0 => plain(NONE),
            _ => (grouped(count), Colour::Red),
        };
        let mut row = vec![
            plain(cut(&route.request, WIDEST_ROUTE)),
            plain(grouped(route.done)),
            bad(wrong_of(&route.verdicts)),
            plain(some(route.verdicts.get(Verdict::Unavailable.name()).copied().unwrap_or(0))),
            bad(route.checks_failed),
        ];
        let times = Some(route.response).filter(|times| times.count > 0);
        let place = |at: fn(Percentiles) -> u64| times.map_or(NONE.to_owned(), |p| millis(at(p)));
        row.extend([place(|p| p.p50), place(|p| p.p99)].map(plain));
        table.row(row);
    }
    table.draw(style, lines);
}

/// A count; a dot in place of 0.
fn some(count: u64) -> String {
    if count == 0 { NONE.to_owned() } else { grouped(count) }
}

/// Stages of the target's work, all phases but warm-up.
pub(super) fn stages(report: &RunReport, style: Style, lines: &mut Vec<String>) {
    let heads = ["told", "p50", "p90", "p99", "p99.9", "max"];
    let mut table = Table::new("Lookup path, ms", &heads, MOST_STAGES);
    for stage in report.stages.iter().filter(|stage| stage.phase == ALL) {
        let times = stage.percentiles;
        let mut row = vec![plain(stage.stage.as_str()), plain(grouped(times.count))];
        row.extend(places(Some(times)).map(plain));
        table.row(row);
    }
    table.draw(style, lines);
    let left_out = grouped(report.stages_left_out);
    match (report.stages_left_out, report.stages.is_empty()) {
        (0, _) => {}
        (_, false) => lines.push(format!("  left out: {left_out}")),
        (_, true) => {
            lines.push(format!("Lookup path: none that could be read, {left_out} left out"));
        }
    }
}

/// Lags of changed users.
pub(super) fn lags(report: &RunReport, style: Style, lines: &mut Vec<String>) {
    let heads = ["users", "open", "flaps", "p50", "p95", "p99", "max", "resolution"];
    let mut table = Table::new("Lag, ms", &heads, 4);
    for (name, lag) in
        [("revocation", &report.revocation_lag), ("provisioning", &report.provisioning_lag)]
    {
        if lag.users > 0 {
            table.row(lag_row(name, lag));
        }
        if let Some(quiet) = lag.quiet.as_ref().filter(|quiet| quiet.users > 0) {
            table.row(lag_row("  quiet cohort", quiet));
        }
    }
    table.draw(style, lines);
}

fn lag_row(name: &str, lag: &LagReport) -> Vec<Cell> {
    let open = if lag.censored > 0 { Colour::Red } else { Colour::Plain };
    let mut row = vec![
        plain(name),
        plain(grouped(lag.users)),
        (grouped(lag.censored), open),
        plain(grouped(lag.flaps)),
    ];
    let shown = |bounds: Option<LagBounds>| bounds.map_or_else(|| NONE.to_owned(), interval);
    row.extend([lag.p50, lag.p95, lag.p99, lag.max].map(|bounds| plain(shown(bounds))));
    row.push(plain(whole_millis(lag.resolution_ms)));
    row
}

/// Faults with what they hit.
pub(super) fn faults(report: &RunReport, style: Style, lines: &mut Vec<String>) {
    let mut table = Table::new("Faults", &["at, s", "until, s", "hits", ""], MOST_FAULTS);
    let room = WIDEST_FAULT.saturating_sub(WIDTH - style.width()).max(NARROWEST_FAULT);
    for (fault, name) in report.faults.iter().zip(report.fault_names()) {
        let hits = if fault.hits == 0 { Colour::Red } else { Colour::Plain };
        let text = cut(&fault.told(), room);
        let what = format!("{:<12}{text:<room$}", fault.hit_unit);
        let until = fault.until.map_or_else(|| NONE.to_owned(), instant);
        table.row(vec![
            plain(cut(&name, 18)),
            plain(instant(fault.at)),
            plain(until),
            (grouped(fault.hits), hits),
            plain(what),
        ]);
    }
    table.draw(style, lines);
}
