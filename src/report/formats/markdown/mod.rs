//! `summary.md`: the run for a pull request or the summary of a CI job.
//!
//! The first line is the verdict; what everybody needs stands open, the rest folds. It stays below
//! the length that GitHub allows a comment: long lists are cut and say so.

use crate::outcome::{Class, Truth};
use crate::units::grouped;

use super::super::folder::SUMMARY_MD;
use super::super::markdown::{Cell, LONGEST_COMMENT, Table, escaped, fold};
use super::super::model::{ALL, LagBounds, LagReport, Percentiles, RunReport, Severity};
use super::super::overview::{self, Outcome, Wrong};
use super::super::wording::{share, span};
use super::{Format, Input, Make};
use crate::measure::LatencyKind;

pub(super) const FORMAT: Format = Format {
    name: "markdown",
    file: SUMMARY_MD,
    about: "The run for a pull request: verdict, thresholds, findings, figures.",
    make: Make::Text(|input| Ok(markdown(input))),
};

/// The most rows of a table or a list.
const MOST: usize = 20;

fn markdown(input: &Input<'_>) -> String {
    let report = input.report;
    let wrongs = overview::wrongs(report, input.course);
    let foot = foot(report);
    let mut parts = vec![
        head(report),
        thresholds(report),
        went_wrong(&wrongs),
        findings(report),
        figures(report),
    ];
    parts.extend(details(report));
    let mut text = String::new();
    let mut room = LONGEST_COMMENT - foot.chars().count() - LEFT_OUT.len();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        let Some(rest) = room.checked_sub(part.chars().count() + 1) else {
            text.push_str(LEFT_OUT);
            break;
        };
        room = rest;
        text.extend([&part, "\n"]);
    }
    text + &foot
}

/// Stands in place of what no comment has room for.
const LEFT_OUT: &str = "The rest has no room here; it is in `report.html` and `run.json`.\n\n";

fn mark(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "✅",
        Outcome::Failed | Outcome::NotUndone => "❌",
        Outcome::Invalid => "⚠️",
        Outcome::Partial | Outcome::Interrupted => "⏹️",
    }
}

fn head(report: &RunReport) -> String {
    let outcome = Outcome::of(report);
    let thresholds = if report.partial {
        format!("the run did not end; {} of load", span(report.load_s * 1e3))
    } else {
        overview::holding(report).unwrap_or_else(|| "no thresholds".to_owned())
    };
    let mut text = format!(
        "## {} {}: {}, {thresholds}\n",
        mark(outcome),
        escaped(&report.scenario),
        outcome.word()
    );
    if !report.about.is_empty() {
        text.extend(["\n", &escaped(&report.about), "\n"]);
    }
    if !report.reasons.is_empty() {
        text.push_str("\n**The figures cannot be believed:**\n\n");
        let reasons = report.reasons.iter().map(|reason| escaped(reason));
        list(&mut text, reasons.collect());
    }
    text
}

/// A figure of our own: numbers with their units and signs, times and versions. They need no escape;
/// what is none of these is a text like any other.
fn figure(text: &str) -> String {
    let is_figure = |c: char| c.is_ascii_digit() || " .,+-–%/<≤≥TZnuµms:".contains(c);
    // Three digits between colons may name an emoji, letters do.
    let is_clock = |part: &str| {
        let digits = part.chars().take_while(char::is_ascii_digit).count();
        (1..=2).contains(&digits)
    };
    if text.chars().all(is_figure) && text.split(':').skip(1).all(is_clock) {
        text.replace('<', "&lt;")
    } else {
        escaped(text)
    }
}

/// A list with at most [`MOST`] items, which are Markdown.
fn list(text: &mut String, items: Vec<String>) {
    let rest = items.len().saturating_sub(MOST);
    for item in items.into_iter().take(MOST) {
        text.extend(["- ", &item, "\n"]);
    }
    if rest > 0 {
        text.extend(["- and ", &rest.to_string(), " more in `run.json`\n"]);
    }
}

fn more(text: &mut String, all: usize) {
    if all > MOST {
        text.extend(["\nand ", &(all - MOST).to_string(), " more in `run.json`\n"]);
    }
}

fn thresholds(report: &RunReport) -> String {
    if report.thresholds.is_empty() {
        return String::new();
    }
    let mut all: Vec<_> = report.thresholds.iter().collect();
    all.sort_by_key(|threshold| threshold.pass);
    let mut table = Table::new(&["", "threshold", "measured", "why not"]);
    for threshold in all.iter().take(MOST) {
        let mark = if report.partial {
            "–"
        } else if threshold.pass {
            "✅"
        } else {
            "❌"
        };
        table.row(&[
            Cell::Own(mark),
            Cell::Text(&threshold.text),
            Cell::Own(&figure(&overview::spaced(&threshold.shown))),
            Cell::Text(&overview::spaced(&threshold.reason)),
        ]);
    }
    let mut text = format!("### Thresholds\n\n{}", table.text());
    more(&mut text, all.len());
    text
}

/// `name 3, other 2`, at most three.
fn ranked(counts: &[(String, u64)]) -> String {
    super::super::wording::ranked(counts.iter().map(|(name, n)| (name.as_str(), *n)), 3)
}

fn went_wrong(wrongs: &[Wrong]) -> String {
    if wrongs.is_empty() {
        return String::new();
    }
    let mut table =
        Table::new(&["what", "answers>", "share>", "for how long", "for whom", "during", "where"]);
    for wrong in wrongs {
        let name = format!("{}: {}", wrong.verdict, overview::meaning(wrong.verdict));
        let when = wrong.when.map(overview::When::text).unwrap_or_default();
        let mutations = ranked(&wrong.mutations);
        let whom: Vec<String> = wrong
            .whom
            .iter()
            .cloned()
            .chain((!mutations.is_empty()).then_some(mutations))
            .collect();
        let place = [ranked(&wrong.phases), ranked(&wrong.routes)];
        let place: Vec<String> = place.into_iter().filter(|place| !place.is_empty()).collect();
        table.row(&[
            Cell::Text(&name),
            Cell::Own(&grouped(wrong.answers)),
            Cell::Own(&figure(&wrong.share)),
            Cell::Text(&when),
            Cell::Text(&whom.join("; ")),
            Cell::Text(&ranked(&wrong.faults)),
            Cell::Text(&place.join("; ")),
        ]);
    }
    format!("### What went wrong\n\n{}", table.text())
}

fn findings(report: &RunReport) -> String {
    if report.findings.is_empty() {
        return String::new();
    }
    let item = |finding: &super::super::model::Finding| {
        let mark = match finding.severity {
            Severity::Critical => "🟥 **critical**: ",
            Severity::Wrong => "🟧 **wrong**: ",
            Severity::Doubt => "❔ doubt: ",
            Severity::Note => "",
            Severity::Good => "✅ ",
        };
        format!("{mark}{}", escaped(&finding.sentence))
    };
    let mut text = "### Findings\n\n".to_owned();
    list(&mut text, report.findings.iter().map(item).collect());
    text
}

fn ms(us: u64) -> String {
    format!("{:.2}", us as f64 / 1e3)
}

fn figures(report: &RunReport) -> String {
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
    if let Some(lookups) = &report.lookups {
        let hits = lookups.cache_hit_share.map(|hits| format!(", cache hits {}", share(hits)));
        let per_request = format!("{:.3}", lookups.per_request);
        text.extend(["\n", &per_request, " lookups per request", &hits.unwrap_or_default(), "\n"]);
    }
    let rows = report.latency.iter().filter(|row| row.phase == ALL);
    let of = |class: &str, kind| {
        let mut rows = rows.clone();
        rows.find(|row| row.class == class && row.kind == kind).map(|row| row.percentiles)
    };
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
        let Some(response) = of(class, LatencyKind::Response).filter(|p| p.count > 0) else {
            continue;
        };
        let service = of(class, LatencyKind::Service).unwrap_or_default();
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
        ms(response.p50),
        ms(response.p99),
        ms(response.p999),
        ms(response.max),
        ms(service.p50),
        ms(service.p99),
    ];
    let mut row = vec![Cell::Text(name)];
    row.extend(cells.iter().map(|cell| Cell::Own(cell)));
    table.row(&row);
}

fn details(report: &RunReport) -> Vec<String> {
    let parts = [
        ("Answers by truth", matrix(report)),
        ("Lags", lags(report)),
        ("Faults", faults(report)),
        ("Routes", routes(report)),
    ];
    let parts = parts.into_iter().filter(|(_, body)| !body.is_empty());
    parts.map(|(title, body)| fold(title, &body)).collect()
}

fn matrix(report: &RunReport) -> String {
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

fn bounds(bounds: Option<LagBounds>) -> String {
    match bounds {
        None => String::new(),
        Some(LagBounds { low_ms, high_ms: Some(high) }) => format!("{low_ms:.0}–{high:.0}"),
        Some(LagBounds { low_ms, high_ms: None }) => format!("≥ {low_ms:.0}"),
    }
}

fn lags(report: &RunReport) -> String {
    let mut table = Table::new(&["lag, ms", "users>", "open>", "p50>", "p99>", "max>"]);
    let mut shown = 0;
    let mut row = |name: &str, lag: &LagReport| {
        if lag.users + lag.unseen == 0 {
            return;
        }
        let cells = [
            grouped(lag.users),
            grouped(lag.censored),
            bounds(lag.p50),
            bounds(lag.p99),
            bounds(lag.max),
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

fn faults(report: &RunReport) -> String {
    if report.faults.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["fault", "at, s>", "until, s>", "hits>", "what was done"]);
    for (fault, name) in report.faults.iter().zip(report.fault_names()).take(MOST) {
        let until = fault.until.map(|until| format!("{until:.1}")).unwrap_or_default();
        let hits = format!("{} {}", grouped(fault.hits), fault.hit_unit);
        table.row(&[
            Cell::Text(&name),
            Cell::Own(&format!("{:.1}", fault.at)),
            Cell::Own(&until),
            Cell::Text(&hits),
            Cell::Text(&fault.text),
        ]);
    }
    let mut text = table.text();
    more(&mut text, report.faults.len());
    text
}

fn routes(report: &RunReport) -> String {
    if report.routes.is_empty() {
        return String::new();
    }
    let columns = ["route", "done>", "not right>", "checks failed>", "p50, ms>", "p99, ms>"];
    let mut table = Table::new(&columns);
    for route in report.routes.iter().take(MOST) {
        let right = |name: &str| {
            crate::outcome::Verdict::named(name).is_some_and(crate::outcome::Verdict::is_correct)
        };
        let wrong: u64 =
            route.verdicts.iter().filter(|(name, _)| !right(name)).map(|(_, n)| n).sum();
        table.row(&[
            Cell::Text(&route.request),
            Cell::Own(&grouped(route.done)),
            Cell::Own(&grouped(wrong)),
            Cell::Own(&grouped(route.checks_failed)),
            Cell::Own(&ms(route.response.p50)),
            Cell::Own(&ms(route.response.p99)),
        ]);
    }
    let mut text = table.text();
    more(&mut text, report.routes.len());
    text
}

fn foot(report: &RunReport) -> String {
    let mut facts = Vec::new();
    if !report.started_at.is_empty() {
        facts.push(format!("started {}", figure(&report.started_at)));
    }
    facts.push(format!("load {}", span(report.load_s * 1e3)));
    if !report.target.is_empty() {
        facts.push(format!("target {}", escaped(&report.target)));
    }
    if !report.plan_digest.is_empty() {
        let digest: String = report.plan_digest.chars().take(12).collect();
        facts.push(format!("plan {}", escaped(&digest)));
    }
    if !report.build.version.is_empty() {
        let debug = if report.build.debug { ", a debug build" } else { "" };
        facts.push(format!("Substorm {}{debug}", figure(&report.build.version)));
    }
    format!("<sub>{}</sub>\n", facts.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::super::super::course::Course;
    use super::super::super::model::{FaultReport, Finding, RouteReport};
    use super::super::super::sample;
    use super::*;

    fn text(report: &RunReport) -> String {
        markdown(&Input { report, course: &Course::default(), events: &[] })
    }

    #[test]
    fn a_run_with_deleted_users() {
        insta::assert_snapshot!(text(&sample::deleted_users()));
    }

    #[test]
    fn the_first_line_is_the_verdict() {
        let first = |report: &RunReport| text(report).lines().next().unwrap().to_owned();
        assert_eq!(first(&sample::correct()), "## ✅ steady: passed, no thresholds");
        let mut report = sample::deleted_users();
        assert_eq!(first(&report), "## ❌ deleted-users: failed, 2 of 4 thresholds hold");
        report.partial = true;
        assert_eq!(
            first(&report),
            "## ⏹️ deleted-users: partial, the run did not end; 35 s of load"
        );
    }

    #[test]
    fn figures_of_our_own_stand_as_they_are() {
        for text in ["1.52 ms", "≤ 2.108 s", "2026-11-24T14:19:20Z", "0.1.0", "1.6%", "1,200"] {
            assert_eq!(figure(text), text);
        }
        for text in ["1:100:2", ":m:", "@n", "www.m", "|", "*m*"] {
            assert_eq!(figure(text), escaped(text));
        }
    }

    #[test]
    fn an_invalid_run_says_what_would_hold() {
        let mut report = sample::deleted_users();
        (report.valid, report.exit_code) = (false, Some(4));
        let text = text(&report);
        let first = "## ⚠️ deleted-users: invalid, 2 of 4 thresholds would hold";
        assert_eq!(text.lines().next(), Some(first));
    }

    #[test]
    fn however_much_there_is_it_fits_a_comment() {
        let mut report = sample::deleted_users();
        let long = "<b>|@x ".repeat(300);
        report.about.clone_from(&long);
        report.scenario.clone_from(&long);
        report.reasons = vec![long.clone(); 60];
        report.thresholds = report.thresholds.iter().cycle().take(90).cloned().collect();
        let finding = Finding { severity: Severity::Wrong, sentence: long.clone() };
        report.findings = vec![finding; 90];
        report.faults = vec![FaultReport { text: long.clone(), ..<_>::default() }; 90];
        report.routes = vec![RouteReport { request: long, ..<_>::default() }; 90];
        let text = text(&report);
        assert!(text.chars().count() <= LONGEST_COMMENT, "{}", text.chars().count());
        assert!(text.contains("and 70 more in `run.json`"), "{text}");
        assert!(text.contains(LEFT_OUT) && text.ends_with("</sub>\n"), "{text}");
    }
}
