//! What a job of GitHub Actions shows beside its log: an annotation for what failed.
//!
//! An annotation is a line `::error title=…::…` that the runner takes out of the output
//! (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions>). Text and title
//! come in part from the target and are escaped, so that they cannot give commands of their own.

use super::model::{RunReport, Severity};
use super::overview::Outcome;
use super::visible::visible;

/// Annotations of one kind that a step shows; the runner leaves out the others.
const MOST: usize = 10;

/// The annotations of a run, a line each: thresholds that do not hold, reasons of invalidity, then
/// findings, which are errors if the run did not pass. Empty where there is nothing to say.
pub fn annotations(report: &RunReport) -> String {
    let passed = Outcome::of(report) == Outcome::Passed;
    let mut all: Vec<(&str, &str, String)> = Vec::new();
    for threshold in report.thresholds.iter().filter(|threshold| !threshold.pass) {
        let text = format!("{}: {}", threshold.text, threshold.why());
        all.push(("error", "threshold", text));
    }
    all.extend(report.reasons.iter().map(|reason| ("error", "invalid", reason.clone())));
    for finding in &report.findings {
        let level = match (finding.severity, passed) {
            (Severity::Critical | Severity::Wrong, false) => "error",
            (Severity::Critical | Severity::Wrong, true) | (Severity::Doubt, _) => "warning",
            (Severity::Note | Severity::Good, _) => continue,
        };
        all.push((level, finding.severity.word(), finding.text()));
    }
    let mut text = String::new();
    for level in ["error", "warning"] {
        for (level, title, said) in all.iter().filter(|(of, ..)| *of == level).take(MOST) {
            let title = property(&format!("{}: {title}", report.scenario));
            text.extend(["::", level, " title=", &title, "::", &data(said), "\n"]);
        }
    }
    text
}

/// The text after the second `::`, on one line and with nothing hidden in it.
fn data(text: &str) -> String {
    visible(text).replace('%', "%25")
}

/// A value between the command's name and the second `::`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::model::{Finding, ThresholdReport};
    use super::super::sample;
    use super::*;

    #[test]
    fn what_failed_comes_first_and_notes_not_at_all() {
        let text = annotations(&sample::deleted_users());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "::error title=deleted-users%3A threshold::max(revocation_lag) < 2s: measured ≤ 2.108 s, \
             wanted < 2 s"
        );
        assert!(lines[2].starts_with("::error title=deleted-users%3A critical::41 deleted users"));
        assert!(!text.contains("The store was asked"), "{text}");
        assert_eq!(annotations(&sample::correct()), "");
    }

    #[test]
    fn a_run_that_passed_warns() {
        let mut report = sample::deleted_users();
        report.thresholds.clear();
        report.exit_code = Some(0);
        let text = annotations(&report);
        assert!(text.starts_with("::warning title="), "{text}");
        assert!(!text.contains("::error"), "{text}");
    }

    #[test]
    fn texts_give_no_commands() {
        let mut report = sample::correct();
        report.scenario = "a,b::c\n::stop".into();
        report.thresholds =
            vec![ThresholdReport { text: "100%\r\n::error::x".into(), ..<_>::default() }];
        report.findings =
            vec![Finding { severity: Severity::Wrong, sentence: "\n::add-mask::a".into() }; 30];
        let text = annotations(&report);
        assert!(
            text.lines().all(|line| line.starts_with("::error title=a%2Cb%3A%3Ac␊%3A%3Astop%3A "))
        );
        assert!(text.contains("100%25␍␊::error::x"), "{text}");
        assert_eq!(text.lines().count(), MOST);
    }
}
