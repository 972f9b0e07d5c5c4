//! The first screen: did it pass, is it valid, what went wrong, for how long, for whom.

use maud::{Markup, html};

use crate::units::grouped;

use super::super::formats::Input;
use super::super::model::{RunReport, Severity};
use super::super::overview::{self, Outcome, When, Wrong};
use super::super::wording::ranked;
use super::heading;
use super::table::{Cell, Table};

/// How an outcome is coloured; the word says it too.
pub(super) fn tone(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "good",
        Outcome::Failed | Outcome::NotUndone | Outcome::Invalid => "bad",
        Outcome::Partial | Outcome::Interrupted => "doubt",
    }
}

pub(super) fn answers(input: &Input<'_>) -> Markup {
    let report = input.report;
    let wrongs = overview::wrongs(report, input.course);
    let outcome = Outcome::of(report);
    let (valid, validity) = match (report.partial, report.valid) {
        (true, _) => ("Not decided", "doubt"),
        (_, true) => ("Valid", "good"),
        (_, false) => ("Invalid", "bad"),
    };
    html! {
        section aria-labelledby="answers" {
            (heading("answers", "At a glance"))
            div.cards {
                div class={ "card " (tone(outcome)) } {
                    h3 { "Did it pass?" }
                    p.verdict { (outcome.word()) }
                    p { (overview::passed(report)) }
                    @if let Some(why) = overview::tolerated(report) { p { (why) } }
                    @if let Some(code) = report.exit_code { p.note { "Exit code " (code) } }
                }
                div class={ "card " (validity) } {
                    h3 { "May it be believed?" }
                    p.verdict { (valid) }
                    p { (overview::valid(report)) }
                    @if !report.reasons.is_empty() {
                        ul { @for reason in &report.reasons { li { bdi { (reason) } } } }
                    }
                }
                div.card {
                    h3 { "What was asked of it?" }
                    p.verdict { (grouped(report.requests.done)) " answers" }
                    p {
                        (grouped(report.requests.due)) " requests were due, "
                        (grouped(report.requests.sent)) " sent, "
                        (grouped(report.requests.unsent)) " never sent, "
                        (grouped(report.requests.censored)) " not answered in time."
                    }
                }
            }
            @if wrongs.is_empty() {
                @if report.verdicts.sum() > 0 {
                    p.calm { "No answer was wrong, of those that could be judged." }
                }
            } @else {
                h3 { "What went wrong, for how long, for whom" }
                div.cards.wrongs { @for wrong in &wrongs { (card(wrong)) } }
            }
        }
        (findings(report))
        (thresholds(report))
    }
}

fn card(wrong: &Wrong) -> Markup {
    let tone = if wrong.severity <= Severity::Wrong { "bad" } else { "doubt" };
    let fact = |name: &str, text: String| {
        html! { @if !text.is_empty() { dt { (name) } dd { bdi { (text) } } } }
    };
    let rank =
        |counts: &[(String, u64)]| ranked(counts.iter().map(|(name, n)| (name.as_str(), *n)), 4);
    html! {
        div class={ "card " (tone) } {
            h4 { (grouped(wrong.answers)) " " code { (wrong.verdict) } " (" (wrong.share) ")" }
            p { (overview::meaning(wrong.verdict)) }
            dl {
                (fact("For how long", wrong.when.map(When::text).unwrap_or_default()))
                (fact("For whom", wrong.whom.join("; ")))
                (fact("Defects", rank(&wrong.mutations)))
                (fact("During", rank(&wrong.faults)))
                (fact("Phases", rank(&wrong.phases)))
                (fact("Routes", rank(&wrong.routes)))
            }
        }
    }
}

fn findings(report: &RunReport) -> Markup {
    let label = |severity| match severity {
        Severity::Critical => ("critical", "bad"),
        Severity::Wrong => ("wrong", "bad"),
        Severity::Doubt => ("doubt", "doubt"),
        Severity::Note => ("note", "plain"),
        Severity::Good => ("good", "good"),
    };
    html! {
        @if !report.findings.is_empty() {
            section aria-labelledby="findings" {
                (heading("findings", "Findings"))
                ul.findings {
                    @for finding in &report.findings {
                        @let (word, tone) = label(finding.severity);
                        li { span class={ "label " (tone) } { (word) } " " bdi { (finding.sentence) } }
                    }
                }
            }
        }
    }
}

fn thresholds(report: &RunReport) -> Markup {
    if report.thresholds.is_empty() {
        return html! {};
    }
    let row = |threshold: &super::super::model::ThresholdReport| {
        let (word, tone) = match (report.partial, threshold.pass) {
            (true, _) => ("not judged", "doubt"),
            (_, true) => ("holds", "good"),
            (_, false) => ("missed", "bad"),
        };
        let samples = threshold.samples.map(Cell::count);
        vec![
            Cell::name(&threshold.text),
            Cell::Own(html! { span class={ "label " (tone) } { (word) } }),
            Cell::Figure(overview::spaced(&threshold.shown), threshold.value),
            Cell::maybe(samples),
            Cell::text(overview::spaced(&threshold.reason)),
        ]
    };
    let table = Table {
        caption: "Each threshold, the figure it was held against, and why it was missed",
        columns: &["Threshold", "Held?", "Measured", "Samples", "Why not"],
        rows: report.thresholds.iter().map(row).collect(),
    };
    html! {
        section aria-labelledby="thresholds" {
            (heading("thresholds", "Thresholds"))
            (table.markup())
        }
    }
}
