//! What was done when, what it was done with, and the scenario itself.

use maud::{Markup, html};

use crate::units::grouped;

use super::super::events::Event;
use super::super::model::{Percentiles, RunReport};
use super::super::visible::visible;
use super::super::wording::{counted, memory, rate, ratio, retold, share, span};
use super::figures::{percentiles, with_percentiles};
use super::fold;
use super::table::{Cell, Table};

/// Rows of the log of events.
const MOST_EVENTS: usize = 200;

pub(super) fn setup(report: &RunReport, events: &[Event]) -> Markup {
    html! {
        (phases(report))
        (log(events))
        (generator(report))
        (manifest(report))
        (scenario(report))
    }
}

fn phases(report: &RunReport) -> Markup {
    if report.phases.is_empty() {
        return html! {};
    }
    let rows = report.phases.iter().map(|phase| {
        let kind = match (phase.warm_up, phase.closed) {
            (true, _) => "warm-up",
            (_, true) => "closed",
            _ => "open",
        };
        let requests = &phase.requests;
        let length = phase.until - phase.at;
        let a_second = (length > 0.0).then(|| requests.done as f64 / length);
        vec![
            Cell::text(&phase.name),
            Cell::text(kind),
            Cell::instant(phase.at),
            Cell::instant(phase.until),
            Cell::count(requests.due),
            Cell::count(requests.sent),
            Cell::count(requests.done),
            Cell::maybe(a_second.map(|done| Cell::Figure(rate(done), Some(done)))),
            Cell::count(requests.unsent),
            Cell::count(requests.censored),
            Cell::count(requests.probes),
            Cell::count(requests.retries),
        ]
    });
    let table = Table {
        caption: "Phases and what became of their requests, times from the start of load",
        columns: &[
            "Phase",
            "Kind",
            "At, s",
            "Until, s",
            "Due",
            "Sent",
            "Done",
            "Done a second",
            "Unsent",
            "Censored",
            "Probes",
            "Retries",
        ],
        rows: rows.collect(),
    };
    let summary = counted(report.phases.len() as u64, "phase", "phases");
    fold("phases", "Phases", &summary, &table.markup())
}

/// Changes of single users are left to their lags, unless they failed.
fn log(events: &[Event]) -> Markup {
    let told = events.iter().filter_map(|event| {
        Some(match event {
            Event::FaultBegan { at, kind, text, .. } => (*at, "fault began", kind, retold(text)),
            Event::FaultEnded { at, kind, hits, trouble, .. } => {
                let trouble = trouble.as_ref().map(|why| format!("; {why}")).unwrap_or_default();
                let hits = counted(*hits, "hit", "hits");
                (*at, "fault ended", kind, format!("{hits}{trouble}"))
            }
            Event::ChangeFailed { at, user, change, reason } => {
                let text = format!("user {user}: {} failed: {reason}", change.name());
                return Some(row(*at, "change failed", "", &text));
            }
            Event::Note { at, text } => return Some(row(*at, "note", "", text)),
            Event::Changed { .. } => return None,
        })
        .map(|(at, what, kind, text)| row(at, what, kind, &text))
    });
    let rows: Vec<Vec<Cell>> = told.take(MOST_EVENTS).collect();
    if rows.is_empty() {
        return html! {};
    }
    let summary = counted(rows.len() as u64, "event", "events");
    let table = Table {
        caption: "Faults, failed changes and notes as they happened, times from the start of load",
        columns: &["At, s", "Event", "Fault", "What"],
        rows,
    };
    fold("events", "Events", &summary, &table.markup())
}

fn row(at: f64, what: &str, kind: &str, text: &str) -> Vec<Cell> {
    vec![Cell::number(at, 2), Cell::text(what), Cell::text(kind), Cell::text(text)]
}

fn generator(report: &RunReport) -> Markup {
    let connections = &report.connections;
    let times = [
        ("Send lag", &report.send_lag),
        ("Own part of the send lag", &report.own_lag),
        ("Read lag", &report.read_lag),
        ("Set-up of a connection", &connections.connect),
        ("TLS handshake", &connections.tls),
        ("First request of a connection", &connections.first_request),
        ("Send lag of those that waited", &connections.waited_lag),
    ];
    let row = |(name, p): (&str, &Percentiles)| {
        let mut cells = vec![Cell::text(name), Cell::count(p.count)];
        cells.extend(percentiles(p));
        cells
    };
    let rows: Vec<Vec<Cell>> = times.into_iter().filter(|(_, p)| p.count > 0).map(row).collect();
    let table = Table {
        caption: "What sending and connecting took",
        columns: &with_percentiles(&["Time", "Count"]),
        rows,
    };
    let workers = &report.generator.workers;
    let used = workers.iter().enumerate().map(|(n, worker)| {
        let portion = |share_of: f64| Cell::Figure(share(share_of), Some(share_of));
        vec![
            Cell::number(n as f64 + 1.0, 0),
            Cell::count(worker.sent),
            portion(worker.cpu_share),
            portion(worker.spin_share),
            Cell::maybe(worker.run_delay_share.map(portion)),
        ]
    });
    let used = Table {
        caption: "Workers of the generator, shares of a core",
        columns: &["Worker", "Sent", "CPU", "Of it spinning", "Ready and not run"],
        rows: used.collect(),
    };
    let facts = [
        ("Connections opened", connections.opened),
        ("Connections that failed", connections.failed),
        ("Connections lost", connections.lost),
        ("Requests that waited for one", connections.waited),
        ("Requests sent again", connections.resent),
        ("Requests without a port", connections.port_exhausted),
        ("Requests without a descriptor", connections.descriptor_exhausted),
    ];
    let own_memory = report.generator.peak_memory_bytes;
    let body = html! {
        dl.facts {
            @for (name, count) in facts { @if count > 0 { dt { (name) } dd { (grouped(count)) } } }
            @if own_memory > 0 { dt { "Peak memory of the generator" } dd { (memory(own_memory)) } }
            @if let Some(stack) = &report.stack {
                dt { "Embedded stack" }
                dd { (share(stack.cpu_share)) " of a core, " (memory(stack.peak_memory_bytes)) }
            }
            @if let Some(lookups) = &report.lookups {
                dt { "Lookups" }
                dd {
                    (grouped(lookups.total)) ", " (ratio(lookups.per_request)) " per request"
                    @if let Some(hits) = lookups.cache_hit_share { ", cache hits " (share(hits)) }
                }
            }
        }
        @if !table.rows.is_empty() { (table.markup()) }
        @if !used.rows.is_empty() { (used.markup()) }
    };
    fold("generator", "Generator and connections", "Whether this side was the bottleneck", &body)
}

fn manifest(report: &RunReport) -> Markup {
    let (build, machine) = (&report.build, &report.machine);
    let installed = match machine.memory_bytes {
        0 => String::new(),
        bytes => memory(bytes),
    };
    let cores = if machine.cores == 0 { String::new() } else { machine.cores.to_string() };
    let debug = if build.debug { ", a debug build" } else { "" };
    let version =
        if build.version.is_empty() { String::new() } else { format!("{}{debug}", build.version) };
    let users = match (report.population.users, report.population.spare) {
        (0, 0) => String::new(),
        (users, 0) => grouped(users),
        (users, spare) => format!("{}, and {} kept for creation", grouped(users), grouped(spare)),
    };
    let facts = [
        ("Scenario", report.scenario.clone()),
        ("Seed", report.seed.to_string()),
        ("Plan", report.plan_digest.clone()),
        ("Target", report.target.clone()),
        ("Reached over", report.approach.clone()),
        ("Profile", report.profile.clone()),
        ("Users", users),
        ("Tokens", report.population.tokens_from.clone()),
        ("Started", report.started_at.clone()),
        ("Load", span(report.load_s * 1e3)),
        ("From start to end", span(report.wall_s * 1e3)),
        ("Substorm", version),
        ("System", machine.system.clone()),
        ("Kernel", machine.kernel.clone()),
        ("Processor", machine.processor.clone()),
        ("Cores", cores),
        ("Memory", installed),
    ];
    let body = html! {
        dl.facts {
            @for (name, value) in facts { @if !value.is_empty() { dt { (name) } dd { bdi { (visible(&value)) } } } }
        }
    };
    fold("setup", "Set-up", "Where and with what it was measured", &body)
}

fn scenario(report: &RunReport) -> Markup {
    if report.scenario_text.is_empty() {
        return html! {};
    }
    let lines = counted(report.scenario_text.lines().count() as u64, "line", "lines");
    let text = in_lines(&report.scenario_text);
    let body = html! {
        div.frame {
            pre tabindex="0" role="region" aria-label="The scenario file" { code { (text) } }
        }
    };
    fold("scenario", "Scenario", &format!("The file as it was read, {lines}"), &body)
}

/// A text with nothing hidden in it but the ends of its lines and its tabs.
fn in_lines(text: &str) -> String {
    let line = |line: &str| line.split('\t').map(visible).collect::<Vec<_>>().join("\t");
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
