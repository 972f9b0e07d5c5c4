//! The first screen: did it pass, is it valid, what went wrong, for how long, for whom.

use maud::{Markup, html};

use crate::outcome::Verdict;
use crate::units::grouped;

use super::super::formats::Input;
use super::super::model::{Finding, RunReport, Severity, ThresholdReport};
use super::super::overview::{self, Answers, Outcome, When};
use super::super::visible::visible;
use super::super::wording::{counted, ranked};
use super::table::{Cell, Table};
use super::{heading, subheading};

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
    let wrong = overview::wrong(report, input.course);
    let unavailable = overview::unavailable(report, input.course);
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
                        ul { @for reason in &report.reasons { li { bdi { (visible(reason)) } } } }
                    }
                }
                div.card {
                    h3 { "What was asked of it?" }
                    p.verdict { (counted(report.requests.done, "answer", "answers")) }
                    p {
                        (counted(report.requests.due, "request was", "requests were")) " due, "
                        (grouped(report.requests.sent)) " sent, "
                        (grouped(report.requests.unsent)) " never sent, "
                        (grouped(report.requests.censored)) " not answered in time."
                    }
                }
            }
            @if wrong.is_empty() {
                @if report.verdicts.sum() > 0 {
                    p.calm { "No answer was wrong, of those that could be judged." }
                }
            } @else {
                (subheading("wrong", "What went wrong, for how long, for whom"))
                div.cards.wrongs { @for answers in &wrong { (card(answers)) } }
            }
            @if let Some(unavailable) = &unavailable {
                (subheading("unavailable", "Not available, for how long, for whom"))
                p.note { (overview::about_unavailable(unavailable.severity)) }
                div.cards.wrongs { (card(unavailable)) }
            }
        }
        (findings(report))
        (thresholds(report))
    }
}

fn card(answers: &Answers) -> Markup {
    let tone = if answers.severity <= Severity::Wrong { "bad" } else { "" };
    let fact = |name: &str, text: String| {
        html! { @if !text.is_empty() { dt { (name) } dd { bdi { (visible(&text)) } } } }
    };
    let rank = |counts: &[(String, u64)]| ranked(counts.iter().map(|(name, n)| (name, *n)), 4);
    html! {
        div class={ "card " (tone) } {
            h4 { (grouped(answers.answers)) " " code { (answers.verdict) } " (" (answers.share) ")" }
            // Of these the note above the card tells more.
            @if answers.verdict != Verdict::Unavailable { p { (overview::meaning(answers.verdict)) } }
            dl {
                (fact("For how long", answers.when.map(When::text).unwrap_or_default()))
                (fact("For whom", answers.whom.join("; ")))
                (fact("Defects", rank(&answers.mutations)))
                (fact("During", rank(&answers.faults)))
                (fact("Phases", rank(&answers.phases)))
                (fact("Routes", rank(&answers.routes)))
            }
        }
    }
}

fn findings(report: &RunReport) -> Markup {
    let tone = |severity| match severity {
        Severity::Critical | Severity::Wrong => "bad",
        Severity::Doubt => "doubt",
        Severity::Note => "plain",
        Severity::Good => "good",
    };
    let sentence = |finding: &Finding| {
        let (told, body) = finding.parts();
        html! { bdi { (told) @if let Some(body) = body { code { (body) } } } }
    };
    html! {
        @if !report.findings.is_empty() {
            section aria-labelledby="findings" {
                (heading("findings", "Findings"))
                ul.findings {
                    @for finding in &report.findings {
                        li {
                            span class={ "label " (tone(finding.severity)) } { (finding.severity.word()) } " "
                            (sentence(finding))
                        }
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
    let row = |threshold: &ThresholdReport| {
        let (word, tone) = match (report.partial, threshold.pass) {
            (true, _) => ("not judged", "doubt"),
            (_, true) => ("holds", "good"),
            (_, false) => ("missed", "bad"),
        };
        let samples = threshold.samples.map(Cell::count);
        vec![
            Cell::name(&threshold.text),
            Cell::Own(html! { span class={ "label " (tone) } { (word) } }),
            Cell::Figure(threshold.measured(), threshold.value),
            Cell::maybe(samples),
            Cell::text(overview::why(report, threshold)),
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
