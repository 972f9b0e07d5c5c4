//! Why a run failed, by an example: an answer of each kind that was not what it should be.

use crate::outcome::{Class, Truth, Verdict};
use crate::units::grouped;

use super::super::finding::BODY;
use super::super::model::{Finding, RunReport, Severity, UnexpectedAnswer};
use super::super::overview::unavailable_is_honest;
use super::super::wording::counted;
use super::{Context, finding};

/// Examples of wrong classes that are told; all are in the file.
const MOST_EXAMPLES: usize = 4;

pub(super) fn findings(report: &RunReport, _: &Context) -> Vec<Finding> {
    let of_kind = |kind: &'static str| report.unexpected.iter().filter(move |a| a.kind == kind);
    let mut found: Vec<Finding> = nothing_right(report).into_iter().collect();
    found.extend(of_kind("no_identity").map(|answer| no_identity(report, answer)));
    found.extend(of_kind("check").map(|answer| check(report, answer)));
    // What is honest is not unexpected, and has a finding of its own.
    let is_honest = unavailable_is_honest(report);
    let expected = |answer: &&UnexpectedAnswer| {
        let classes = [Class::StoreUnavailable, Class::RateLimited];
        is_honest && classes.iter().any(|class| class.name() == answer.class)
    };
    let examples = of_kind("class").filter(|answer| !expected(answer));
    found.extend(examples.take(MOST_EXAMPLES).map(example));
    found
}

/// A run whose every request fails tells nothing.
fn nothing_right(report: &RunReport) -> Option<Finding> {
    let had_to = report.matrix.get(Truth::MustAccept.name())?.values().sum::<u64>();
    let text = format!(
        "NOT ONE ANSWER WAS RIGHT of {} that had to let their user in: something is set up wrongly, \
         or the target is down; until that is mended this run tells nothing",
        grouped(had_to),
    );
    let right = report.verdicts.of(Verdict::CorrectAccept.name());
    (had_to > 0 && right == 0).then(|| finding(Severity::Wrong, text))
}

fn no_identity(report: &RunReport, answer: &UnexpectedAnswer) -> Finding {
    let n = report.classes.of(Class::Unclassified.name());
    let text = format!(
        "Answers let users in without showing as whom; they are among {} (set target.identity to where \
         the answer shows the user, or identity = \"none\"): status {} on {} with {}{}",
        counted(n, "unclassified answer", "unclassified answers"),
        answer.status,
        place(answer),
        answer.why,
        body(answer),
    );
    finding(Severity::Wrong, text)
}

fn check(report: &RunReport, answer: &UnexpectedAnswer) -> Finding {
    let text = format!(
        "{} a check of [route.expect]: on {} {}{}",
        counted(report.requests.checks_failed, "answer failed", "answers failed"),
        place(answer),
        answer.why,
        body(answer),
    );
    finding(Severity::Wrong, text)
}

fn example(answer: &UnexpectedAnswer) -> Finding {
    let UnexpectedAnswer { class, status, .. } = answer;
    let text = format!(
        "The first unexpected {class}: status {status} on {}{}",
        place(answer),
        body(answer)
    );
    finding(Severity::Note, text)
}

fn place(answer: &UnexpectedAnswer) -> &str {
    if answer.route.is_empty() { "a recorded request" } else { &answer.route }
}

/// Always at the end, where [`Finding::parts`] looks for it.
fn body(answer: &UnexpectedAnswer) -> String {
    if answer.body.is_empty() { String::new() } else { format!("{BODY}{}", answer.body) }
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;

    fn answer(kind: &str, why: &str, body: &str) -> UnexpectedAnswer {
        UnexpectedAnswer {
            kind: kind.into(),
            class: "unclassified".into(),
            route: "GET /me".into(),
            status: 200,
            why: why.into(),
            body: body.into(),
        }
    }

    #[test]
    fn a_missing_identity_and_a_failed_check_are_named_with_an_example() {
        let mut report = sample::correct();
        report.requests.checks_failed = 12;
        report.classes.total.insert("unclassified".into(), 9);
        report.unexpected = vec![
            answer("class", "", "oops"),
            answer("check", "the status is 200, wanted 201", ""),
            answer("no_identity", "no header X-User-ID", "ok"),
        ];
        let found = findings(&report, &Context::default());
        let all: Vec<&str> = found.iter().map(|finding| finding.sentence.as_str()).collect();
        assert!(all[0].ends_with("status 200 on GET /me with no header X-User-ID, body: ok"));
        assert!(all[0].contains("among 9 unclassified answers"), "{all:?}");
        let wanted = "12 answers failed a check of [route.expect]: on GET /me the status is 200, \
                      wanted 201";
        assert_eq!(all[1], wanted);
        assert_eq!(all[2], "The first unexpected unclassified: status 200 on GET /me, body: oops");
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn an_answer_that_is_honest_during_a_fault_is_no_example_of_what_is_unexpected() {
        let mut report = sample::deleted_users();
        let class = "store_unavailable".to_owned();
        report.unexpected = vec![UnexpectedAnswer { class, ..answer("class", "", "") }];
        assert_eq!(findings(&report, &Context::default()), []);
        report.faults.clear();
        let found = findings(&report, &Context::default());
        assert!(found[0].sentence.contains("unexpected store_unavailable"), "{found:?}");
    }

    #[test]
    fn a_run_in_which_nothing_was_right_says_so_once_and_loudly() {
        let mut report = sample::correct();
        assert_eq!(findings(&report, &Context::default()), []);
        report.verdicts.total.insert("correct_accept".into(), 1);
        assert_eq!(findings(&report, &Context::default()), []);
        report.verdicts.total.insert("correct_accept".into(), 0);
        let found = findings(&report, &Context::default());
        assert!(found[0].sentence.starts_with("NOT ONE ANSWER WAS RIGHT of 1,000"), "{found:?}");
        // Where nobody had to be let in there was nothing to get right.
        report.matrix.clear();
        assert_eq!(findings(&report, &Context::default()), []);
    }
}
