//! What a reader asks first: did the run pass, may it be believed, what went wrong, for how long and
//! for whom.
//!
//! Derived from the report and from the course of the run, without a judgement of its own: pass and
//! validity are the report's, verdicts the oracle's. HTML and Markdown are written from it, so that
//! both say the same.

mod answers;
mod verdicts;
mod whom;

pub use answers::{
    Answers, When, about_unavailable, meaning, unavailable, unavailable_is_honest, without_fault,
    wrong, wrong_of,
};

pub use verdicts::verdicts;

use super::model::{RunReport, Severity, ThresholdReport};
use super::wording::{counted, form, span};

/// How a run ended, in the order in which one reason outweighs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has not ended, or was killed.
    Partial,
    /// Something could not be undone.
    NotUndone,
    /// A signal ended it.
    Interrupted,
    /// Its figures cannot be believed.
    Invalid,
    /// A threshold does not hold.
    Failed,
    /// Every threshold holds, or there was none.
    Passed,
}

impl Outcome {
    /// How the run of this report ended.
    pub fn of(report: &RunReport) -> Self {
        match report.exit_code {
            _ if report.partial => Self::Partial,
            Some(5) => Self::NotUndone,
            _ if report.interrupted => Self::Interrupted,
            _ if !report.valid => Self::Invalid,
            Some(1) => Self::Failed,
            _ if report.thresholds.iter().any(|threshold| !threshold.pass) => Self::Failed,
            _ => Self::Passed,
        }
    }

    /// One word, as on a label.
    pub fn word(self) -> &'static str {
        match self {
            Self::Partial => "partial",
            Self::NotUndone => "not undone",
            Self::Interrupted => "interrupted",
            Self::Invalid => "invalid",
            Self::Failed => "failed",
            Self::Passed => "passed",
        }
    }
}

/// How many thresholds hold, or would if the run counted: `2 of 4 thresholds hold`; `None` without any.
pub fn holding(report: &RunReport) -> Option<String> {
    let all = report.thresholds.len() as u64;
    let held = report.thresholds.iter().filter(|threshold| threshold.pass).count() as u64;
    let verb = match Outcome::of(report) {
        Outcome::Passed | Outcome::Failed => form(held, "holds", "hold"),
        _ => "would hold",
    };
    match (all, held) {
        (0, _) => None,
        (1, 0) if verb != "would hold" => Some("the threshold does not hold".to_owned()),
        (1, 0) => Some("the threshold would not hold".to_owned()),
        (1, _) => Some(format!("the threshold {verb}")),
        _ => Some(format!("{held} of {all} thresholds {verb}")),
    }
}

/// Why a threshold does not hold. Of a run that did not end only that it was never measured: whether
/// it would have held is not known.
pub fn why(report: &RunReport, threshold: &ThresholdReport) -> String {
    match threshold.value {
        Some(_) if report.partial => String::new(),
        _ => threshold.why(),
    }
}

/// Whether the run passed, in a sentence.
pub fn passed(report: &RunReport) -> String {
    let all = report.thresholds.len() as u64;
    let missed = report.thresholds.iter().filter(|threshold| !threshold.pass).count() as u64;
    let no = |why: &str| {
        let holding = holding(report).map(|holding| format!(" ({holding})")).unwrap_or_default();
        format!("No: {why}{holding}.")
    };
    match Outcome::of(report) {
        Outcome::Partial => format!(
            "Not decided: the run did not end. This is what there was after {} of load.",
            span(report.load_s * 1e3)
        ),
        Outcome::NotUndone => no("something that was changed could not be undone"),
        Outcome::Interrupted => no("a signal ended the run"),
        Outcome::Invalid => no("the measurement is invalid"),
        Outcome::Failed if missed == 0 => no("the run ended as failed"),
        Outcome::Failed if all == 1 => "No: the one threshold does not hold.".to_owned(),
        Outcome::Failed => format!(
            "No: {missed} of {} {} not hold.",
            counted(all, "threshold", "thresholds"),
            form(missed, "does", "do")
        ),
        Outcome::Passed => match all {
            0 => "Nothing was asked of it: the scenario has no thresholds.".to_owned(),
            1 => "Yes: the one threshold holds.".to_owned(),
            all => format!("Yes: all {all} thresholds hold."),
        },
    }
}

/// Why a run passed that has findings of what is wrong; `None` for every other.
pub fn tolerated(report: &RunReport) -> Option<String> {
    let of = |severity| report.findings.iter().filter(|f| f.severity == severity).count() as u64;
    let (critical, wrong) = (of(Severity::Critical), of(Severity::Wrong));
    let all = critical + wrong;
    if all == 0 || Outcome::of(report) != Outcome::Passed {
        return None;
    }
    let what = match (critical, wrong) {
        (0, n) => counted(n, "finding of what is wrong", "findings of what is wrong"),
        (n, 0) => counted(n, "critical finding", "critical findings"),
        (n, wrong) => {
            format!(
                "{} and {wrong} of what is wrong",
                counted(n, "critical finding", "critical findings")
            )
        }
    };
    Some(format!("{what} {} it: only thresholds do.", form(all, "does not fail", "do not fail")))
}

/// Whether the figures may be believed, in a sentence.
pub fn valid(report: &RunReport) -> String {
    match (report.partial, report.valid, report.reasons.len()) {
        (true, ..) => "Not decided: validity is judged at the end of a run.".to_owned(),
        (_, true, _) if report.faults.is_empty() => "Yes: the generator kept up.".to_owned(),
        (_, true, _) => "Yes: the generator kept up, and every fault bit.".to_owned(),
        (_, false, 0) => "No, and the report does not say why.".to_owned(),
        (_, false, 1) => "No, for one reason:".to_owned(),
        (_, false, n) => format!("No, for {n} reasons:"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::Finding;
    use super::super::model::ThresholdReport;
    use super::super::sample;
    use super::*;

    #[test]
    fn one_reason_outweighs_another() {
        let mut report = sample::correct();
        assert_eq!(Outcome::of(&report), Outcome::Passed);
        report.thresholds.push(ThresholdReport::default());
        assert_eq!(Outcome::of(&report), Outcome::Failed);
        assert_eq!(passed(&report), "No: the one threshold does not hold.");
        report.valid = false;
        assert_eq!(Outcome::of(&report), Outcome::Invalid);
        let invalid = "No: the measurement is invalid (the threshold would not hold).";
        assert_eq!(passed(&report), invalid);
        report.interrupted = true;
        assert_eq!(Outcome::of(&report), Outcome::Interrupted);
        report.thresholds[0].pass = true;
        assert_eq!(passed(&report), "No: a signal ended the run (the threshold would hold).");
        report.exit_code = Some(5);
        assert_eq!(Outcome::of(&report), Outcome::NotUndone);
        assert!(passed(&report).starts_with("No: something"), "{}", passed(&report));
        report.partial = true;
        assert_eq!(Outcome::of(&report), Outcome::Partial);
        assert!(passed(&report).starts_with("Not decided"), "{}", passed(&report));
    }

    #[test]
    fn a_run_that_passed_says_why_critical_findings_do_not_fail_it() {
        let mut report = sample::correct();
        assert_eq!(tolerated(&report), None);
        let sentence = "somebody was let in".to_owned();
        report.findings.push(Finding { severity: Severity::Critical, sentence });
        let one = "1 critical finding does not fail it: only thresholds do.";
        assert_eq!(tolerated(&report).as_deref(), Some(one));
        let sentence = "somebody was turned away".to_owned();
        report.findings.push(Finding { severity: Severity::Wrong, sentence });
        let both = "1 critical finding and 1 of what is wrong do not fail it: only thresholds do.";
        assert_eq!(tolerated(&report).as_deref(), Some(both));
        report.valid = false;
        assert_eq!(tolerated(&report), None);
    }

    #[test]
    fn no_fault_is_said_to_have_bitten_where_there_was_none() {
        assert_eq!(valid(&sample::correct()), "Yes: the generator kept up.");
        assert!(valid(&sample::deleted_users()).ends_with("and every fault bit."));
        assert_eq!(valid(&RunReport::default()), "No, and the report does not say why.");
    }
}
