//! What came of the run: thresholds, what went wrong, findings.

use crate::outcome::Verdict;
use crate::units::grouped;

use super::super::super::markdown::{Cell, Table, code, escaped_within};
use super::super::super::model::{Finding, RunReport, Severity};
use super::super::super::overview::{self, Answers, When};
use super::super::super::wording;
use super::super::Input;
use super::{LONGEST_SENTENCE, figure, list, rows};

pub(super) fn thresholds(report: &RunReport) -> String {
    let mut all: Vec<_> = report.thresholds.iter().collect();
    all.sort_by_key(|threshold| threshold.pass);
    // Cells beyond the columns are left out.
    let columns = ["", "threshold", "measured", "why not"];
    let columns =
        if all.iter().any(|t| !t.reason.is_empty()) { &columns[..] } else { &columns[..3] };
    let table = rows(columns, &all, |table, threshold| {
        let mark = match (report.partial, threshold.pass) {
            (true, _) => "–",
            (false, true) => "✅",
            (false, false) => "❌",
        };
        table.row(&[
            Cell::Own(mark),
            Cell::Text(&threshold.text),
            Cell::Own(&figure(&threshold.measured())),
            Cell::Text(&overview::why(report, threshold)),
        ]);
    });
    if table.is_empty() { table } else { format!("### Thresholds\n\n{table}") }
}

/// Wrong answers, and below them those by which the gateway said that it could not find out.
pub(super) fn went_wrong(input: &Input<'_>) -> String {
    let wrong = overview::wrong(input.report, input.course);
    let unavailable = overview::unavailable(input.report, input.course);
    let mut text = String::new();
    if !wrong.is_empty() {
        text.extend(["### What went wrong\n\n", &table(&wrong)]);
    }
    if let Some(unavailable) = unavailable {
        let gap = if text.is_empty() { "" } else { "\n" };
        let words = overview::about_unavailable(unavailable.severity);
        text.extend([gap, "### Not available\n\n", words, "\n\n", &table(&[unavailable])]);
    }
    text
}

fn table(all: &[Answers]) -> String {
    let columns = ["what", "answers>", "share>", "for how long", "for whom", "during", "where"];
    let mut table = Table::new(&columns);
    for answers in all {
        let name = match answers.verdict {
            // Said above its table.
            Verdict::Unavailable => answers.verdict.to_string(),
            verdict => format!("{verdict}: {}", overview::meaning(verdict)),
        };
        let when = answers.when.map(When::text).unwrap_or_default();
        let joined = |parts: &[&str]| {
            let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
            parts.join("; ")
        };
        table.row(&[
            Cell::Text(&name),
            Cell::Own(&grouped(answers.answers)),
            Cell::Own(&figure(&answers.share)),
            Cell::Text(&when),
            Cell::Text(&joined(&[&answers.whom.join("; "), &ranked(&answers.mutations)])),
            Cell::Text(&ranked(&answers.faults)),
            Cell::Text(&joined(&[&ranked(&answers.phases), &ranked(&answers.routes)])),
        ]);
    }
    table.text()
}

/// `name 3, other 2`, at most three.
fn ranked(counts: &[(String, u64)]) -> String {
    wording::ranked(counts.iter().map(|(name, n)| (name, *n)), 3)
}

pub(super) fn findings(report: &RunReport) -> String {
    if report.findings.is_empty() {
        return String::new();
    }
    let item = |finding: &Finding| {
        let mark = match finding.severity {
            Severity::Critical => "🟥 **critical**: ",
            Severity::Wrong => "🟧 **wrong**: ",
            Severity::Doubt => "❔ doubt: ",
            Severity::Note => "",
            Severity::Good => "✅ ",
        };
        let (told, body) = finding.parts();
        let body = body.as_deref().map(code).unwrap_or_default();
        format!("{mark}{}{body}", escaped_within(&told, LONGEST_SENTENCE))
    };
    let mut text = "### Findings\n\n".to_owned();
    list(&mut text, report.findings.iter().map(item).collect());
    text
}
