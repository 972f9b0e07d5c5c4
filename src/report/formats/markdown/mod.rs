//! `summary.md`: the run for a pull request or the summary of a CI job.
//!
//! The first line is the verdict; what everybody needs stands open, the rest folds. It stays below
//! the length that GitHub allows a comment: long lists are cut and say so.

mod answers;
mod figures;

use super::super::folder::SUMMARY_MD;
use super::super::markdown::{LONGEST_COMMENT, Table, escaped, escaped_within, fold};
use super::super::model::RunReport;
use super::super::overview::{self, Outcome};
use super::super::wording::span;
use super::{Format, Input, Make};

pub(super) const FORMAT: Format = Format {
    name: "markdown",
    file: SUMMARY_MD,
    about: "The run for a pull request: verdict, thresholds, findings, figures.",
    make: Make::Text(|material| Ok(markdown(&material.input))),
};

/// The most rows of a table or a list.
const MOST: usize = 20;
/// Characters of a finding, or of a reason why figures cannot be believed: what to do about it comes last.
const LONGEST_SENTENCE: usize = 900;

fn markdown(input: &Input<'_>) -> String {
    let report = input.report;
    let foot = foot(report);
    let mut parts = vec![
        head(report),
        answers::thresholds(report),
        answers::went_wrong(input),
        answers::findings(report),
        figures::requests(report),
    ];
    parts.extend(details(report));
    let mut text = String::new();
    let mut is_whole = true;
    let mut room = LONGEST_COMMENT - foot.chars().count() - LEFT_OUT.len();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        match room.checked_sub(part.chars().count() + 1) {
            Some(rest) => {
                room = rest;
                text.extend([&part, "\n"]);
            }
            None => is_whole = false,
        }
    }
    if !is_whole {
        text.push_str(LEFT_OUT);
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
        let reasons = report.reasons.iter().map(|reason| escaped_within(reason, LONGEST_SENTENCE));
        list(&mut text, reasons.collect());
    }
    text
}

/// The tables that fold.
fn details(report: &RunReport) -> Vec<String> {
    let parts = [
        ("Answers by truth", figures::matrix(report)),
        ("Lags", figures::lags(report)),
        ("Faults", figures::faults(report)),
        ("Routes", figures::routes(report)),
    ];
    let parts = parts.into_iter().filter(|(_, body)| !body.is_empty());
    parts.map(|(title, body)| fold(title, &body)).collect()
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

/// A table of at most [`MOST`] rows, and how many there are more; nothing where there is none.
fn rows<T>(columns: &[&str], all: &[T], mut row: impl FnMut(&mut Table, &T)) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut table = Table::new(columns);
    all.iter().take(MOST).for_each(|one| row(&mut table, one));
    let mut text = table.text();
    if all.len() > MOST {
        text.extend(["\nand ", &(all.len() - MOST).to_string(), " more in `run.json`\n"]);
    }
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
mod tests;
