//! The tables of figures, folded until somebody asks for them.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::measure::LatencyKind;
use crate::outcome::{Class, Truth, Verdict};
use crate::units::grouped;

use super::super::model::{ALL, LagBounds, LagReport, LatencyRow, Percentiles, RunReport};
use super::super::overview::meaning;
use super::super::wording::counted;
use super::fold;
use super::table::{Cell, Table};

pub(super) fn figures(report: &RunReport) -> Markup {
    html! {
        (verdicts(report))
        (matrix(report))
        (latency(report))
        (stages(report))
        (routes(report))
        (lags(report))
        (faults(report))
        (mutations(report))
        (replays(report))
        (unexpected(report))
    }
}

fn verdicts(report: &RunReport) -> Markup {
    let mut phases: Vec<&String> = report.verdicts.by_phase.keys().collect();
    // As they followed one another; what no phase is called comes last.
    phases.sort_by_key(|name| {
        let at = report.phases.iter().position(|phase| phase.name == **name);
        at.unwrap_or(report.phases.len())
    });
    let mut columns = vec!["Verdict", "What it means", "All but warm-up"];
    columns.extend(phases.iter().map(|phase| phase.as_str()));
    let row = |verdict: Verdict| {
        let name = verdict.name();
        let mut row = vec![
            Cell::name(name),
            Cell::text(meaning(verdict)),
            Cell::count(report.verdicts.of(name)),
        ];
        row.extend(phases.iter().map(|phase| Cell::count(report.verdicts.in_phase(phase, name))));
        row
    };
    let caption = "Answers by verdict, of all phases but warm-up and of each phase";
    let table = Table { caption, columns: &columns, rows: Verdict::ALL.map(row).into() };
    let summary =
        format!("{} by verdict and phase", counted(report.verdicts.sum(), "answer", "answers"));
    fold("verdicts", "Verdicts", &summary, &table.markup())
}

fn matrix(report: &RunReport) -> Markup {
    if report.matrix.is_empty() {
        return html! {};
    }
    let title = |truth: &Truth| match truth {
        Truth::MustAccept => "Must accept",
        Truth::MustRejectAbsent => "Must reject: absent",
        Truth::MustRejectDisabled => "Must reject: disabled",
        Truth::MustRejectToken => "Must reject: token",
        Truth::Grey => "Grey",
    };
    let mut columns = vec!["Answer"];
    columns.extend(Truth::ALL.iter().map(title));
    let count = |truth: Truth, class: Class| {
        let row = report.matrix.get(truth.name());
        row.and_then(|row| row.get(class.name())).copied().unwrap_or(0)
    };
    let given = Class::ALL
        .into_iter()
        .filter(|class| Truth::ALL.into_iter().any(|truth| count(truth, *class) > 0));
    let rows = given.map(|class| {
        let mut row = vec![Cell::name(class.name())];
        row.extend(Truth::ALL.map(|truth| Cell::count(count(truth, class))));
        row
    });
    let caption = "What the answers said, by what the right answer was, warm-up left out";
    let table = Table { caption, columns: &columns, rows: rows.collect() };
    fold("matrix", "Answers by truth", "What was said against what was true", &table.markup())
}

fn percentiles(p: &Percentiles) -> Vec<Cell> {
    [p.p50, p.p90, p.p99, p.p999, p.max].map(Cell::micros).into()
}

fn latency(report: &RunReport) -> Markup {
    if report.latency.iter().all(|row| row.percentiles.count == 0) {
        return html! {};
    }
    let all = |name: &str| if name == ALL { "all".to_owned() } else { name.to_owned() };
    let row = |row: &LatencyRow| {
        let kind = match row.kind {
            LatencyKind::Response => "response",
            LatencyKind::Service => "service",
        };
        let mut cells = vec![
            Cell::name(all(&row.class)),
            Cell::text(kind),
            Cell::text(all(&row.phase)),
            Cell::count(row.percentiles.count),
        ];
        cells.extend(percentiles(&row.percentiles));
        cells
    };
    let columns = [
        "Class",
        "Time",
        "Phase",
        "Count",
        "p50, ms",
        "p90, ms",
        "p99, ms",
        "p99.9, ms",
        "max, ms",
    ];
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

fn stages(report: &RunReport) -> Markup {
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
        columns: &[
            "Stage",
            "Phase",
            "Count",
            "p50, ms",
            "p90, ms",
            "p99, ms",
            "p99.9, ms",
            "max, ms",
        ],
        rows: rows.collect(),
    };
    let names = report.stages.iter().map(|stage| &stage.stage).collect::<BTreeSet<_>>();
    let summary = counted(names.len() as u64, "stage", "stages");
    fold("stages", "Stages", &summary, &table.markup())
}

fn routes(report: &RunReport) -> Markup {
    if report.routes.is_empty() {
        return html! {};
    }
    let right = |name: &str| Verdict::named(name).is_some_and(Verdict::is_correct);
    let rows = report.routes.iter().map(|route| {
        let wrong = route.verdicts.iter().filter(|(name, _)| !right(name)).map(|(_, n)| n).sum();
        let mut row = vec![
            Cell::name(&route.request),
            Cell::count(route.due),
            Cell::count(route.done),
            Cell::count(wrong),
            Cell::count(route.checks_failed),
        ];
        row.extend(percentiles(&route.response));
        row
    });
    let table = Table {
        caption: "Requests and response times by route, warm-up left out",
        columns: &[
            "Route",
            "Due",
            "Done",
            "Not right",
            "Checks failed",
            "p50, ms",
            "p90, ms",
            "p99, ms",
            "p99.9, ms",
            "max, ms",
        ],
        rows: rows.collect(),
    };
    let summary = counted(report.routes.len() as u64, "route", "routes");
    fold("routes", "Routes", &summary, &table.markup())
}

fn bounds(bounds: Option<LagBounds>) -> Cell {
    Cell::maybe(bounds.map(|bounds| match bounds.high_ms {
        Some(high) => Cell::Figure(format!("{:.0}–{high:.0}", bounds.low_ms), Some(high)),
        None => Cell::Figure(format!("≥ {:.0}", bounds.low_ms), Some(bounds.low_ms)),
    }))
}

fn lags(report: &RunReport) -> Markup {
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
            Cell::number(lag.resolution_ms, 0),
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
        caption: "How long changes of users took to show, in milliseconds, each figure an interval",
        columns: &[
            "Lag",
            "Users",
            "Wrong",
            "Open",
            "Unseen",
            "Flaps",
            "p50",
            "p95",
            "p99",
            "max",
            "Resolution",
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

fn faults(report: &RunReport) -> Markup {
    if report.faults.is_empty() {
        return html! {};
    }
    let rows = report.faults.iter().zip(report.fault_names()).map(|(fault, name)| {
        let verdicts = fault.verdicts.iter().map(|(name, n)| (name.as_str(), *n));
        vec![
            Cell::name(&name),
            Cell::number(fault.at, 1),
            Cell::maybe(fault.until.map(|until| Cell::number(until, 1))),
            Cell::count(fault.hits),
            Cell::text(&fault.hit_unit),
            Cell::text(&fault.text),
            Cell::text(super::super::wording::ranked(verdicts, 5)),
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

fn mutations(report: &RunReport) -> Markup {
    if report.mutations.is_empty() {
        return html! {};
    }
    let rows = report.mutations.iter().map(|(kind, verdicts)| {
        let right = |name: &str| Verdict::named(name).is_some_and(Verdict::is_correct);
        let wrong = verdicts.iter().filter(|(name, _)| !right(name)).map(|(_, n)| n).sum();
        vec![
            Cell::name(kind),
            Cell::count(verdicts.values().sum()),
            Cell::count(wrong),
            Cell::text(super::super::wording::ranked(
                verdicts.iter().map(|(n, c)| (n.as_str(), *c)),
                6,
            )),
        ]
    });
    let table = Table {
        caption: "Answers to requests whose token or subject had a defect",
        columns: &["Defect", "Answers", "Not right", "Verdicts"],
        rows: rows.collect(),
    };
    let summary = counted(report.mutations.len() as u64, "kind of defect", "kinds of defects");
    fold("mutations", "Defects", &summary, &table.markup())
}

fn replays(report: &RunReport) -> Markup {
    if report.replays.is_empty() {
        return html! {};
    }
    let rows = report.replays.iter().map(|replay| {
        vec![
            Cell::text(&replay.file),
            Cell::text(&replay.phase),
            Cell::text(&replay.format),
            Cell::number(replay.speed, 2),
            Cell::count(replay.lines),
            Cell::count(replay.due),
            Cell::count(replay.users),
            Cell::count(replay.malformed),
            Cell::count(replay.without + replay.left_out + replay.unmapped),
            Cell::count(replay.late),
            Cell::text(&replay.ended),
        ]
    });
    let table = Table {
        caption: "Recordings that were replayed, counts over all laps",
        columns: &[
            "Recording",
            "Phase",
            "Format",
            "Speed",
            "Lines",
            "Due",
            "Users",
            "Malformed",
            "Left out",
            "Late",
            "Ended by",
        ],
        rows: rows.collect(),
    };
    let malformed = report
        .replays
        .iter()
        .flat_map(|replay| replay.first_malformed.iter().map(move |line| (&replay.file, line)));
    let body = html! {
        (table.markup())
        @if malformed.clone().next().is_some() {
            ul { @for (file, line) in malformed {
                li { bdi { (file) } ", line " (grouped(line.line)) ": " bdi { (line.reason) } }
            } }
        }
    };
    let summary = counted(report.replays.len() as u64, "recording", "recordings");
    fold("replays", "Replays", &summary, &body)
}

fn unexpected(report: &RunReport) -> Markup {
    if report.unexpected.is_empty() {
        return html! {};
    }
    let rows = report.unexpected.iter().map(|answer| {
        let kind = match answer.kind.as_str() {
            "no_identity" => "shows no identity",
            "check" => "not what the route expects",
            "class" => "the wrong class",
            other => other,
        };
        vec![
            Cell::name(&answer.class),
            Cell::text(kind),
            Cell::Figure(answer.status.to_string(), Some(f64::from(answer.status))),
            Cell::text(if answer.route.is_empty() { "a recorded request" } else { &answer.route }),
            Cell::text(&answer.why),
            Cell::name(&answer.body),
        ]
    });
    let table = Table {
        caption: "The first answer of each unexpected kind; tokens and subjects are replaced",
        columns: &["Class", "Kind", "Status", "Route", "Why", "Start of the body"],
        rows: rows.collect(),
    };
    let summary = counted(report.unexpected.len() as u64, "example", "examples");
    fold("unexpected", "Unexpected answers", &summary, &table.markup())
}
