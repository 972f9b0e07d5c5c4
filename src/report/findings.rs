//! What the figures come to: one sentence a finding, each standing on a figure.
//!
//! A pure function of the report and of a few facts about how the system under test was set up.
//! Each group of findings is a function in [`GROUPS`]; the order of the result is by severity.

mod changed_users;
mod doubts;
mod replays;
mod unexpected;
mod verdicts;

use std::time::Duration;

use super::diagnosis;
use super::model::{Finding, RunReport, Severity};
use crate::units::Share;

/// What is known of the set-up, for the words in brackets: "(cache TTL 2 s)".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    /// How long the gateway remembers a user; `None` if unknown or if it does not.
    pub cache_ttl: Option<Duration>,
    /// How long it remembers that a user is not there; `None` if unknown or if it does not.
    pub negative_ttl: Option<Duration>,
    /// Whether it drops what it remembers when a change is announced.
    pub invalidation: bool,
    /// The longest lag that the sync between the directories was given; `None` if unknown or none.
    pub sync_lag: Option<Duration>,
    /// Other switches worth naming, such as `mutant fails-open`.
    pub policies: Vec<String>,
    /// The p99 of the send lag beyond which the generator counts as behind.
    pub send_lag_limit: Option<Duration>,
    /// The most files that this process may have open; `None` if unknown or without end.
    pub open_files: Option<u64>,
    /// The grain in which requests are sent together; `None` if unknown.
    pub grain: Option<Duration>,
    /// The share of due requests that may stay unsent.
    pub unsent_limit: Option<Share>,
    /// The most connections to the gateway.
    pub connections: Option<u32>,
    /// The target's certificate is not checked.
    pub insecure_tls: bool,
}

type Group = fn(&RunReport, &Context) -> Vec<Finding>;

/// The groups, in the order in which findings of one severity are shown.
const GROUPS: [Group; 6] = [
    unexpected::findings,
    verdicts::findings,
    changed_users::findings,
    diagnosis::findings,
    doubts::findings,
    replays::findings,
];

/// Every finding, the most serious first.
pub fn findings(report: &RunReport, context: &Context) -> Vec<Finding> {
    let mut all: Vec<Finding> = GROUPS.iter().flat_map(|group| group(report, context)).collect();
    all.sort_by_key(|finding| finding.severity);
    all
}

fn finding(severity: Severity, sentence: impl Into<String>) -> Finding {
    Finding { severity, sentence: sentence.into() }
}

/// ` (cache TTL 2 s, mutant x)`, or nothing.
fn bracketed(facts: &[String]) -> String {
    if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) }
}

/// Answers of a class to requests of a truth.
fn cell(report: &RunReport, truth: &str, class: &str) -> u64 {
    report.matrix.get(truth).and_then(|row| row.get(class)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::model::{FaultReport, LagBounds, LagReport, Lookups};
    use super::super::sample;
    use super::*;

    fn sentences(report: &RunReport, context: &Context) -> Vec<String> {
        findings(report, context).into_iter().map(|finding| finding.sentence).collect()
    }

    fn one(report: &RunReport, wanted: &str) {
        let all = sentences(report, &sample::context());
        assert!(all.iter().any(|sentence| sentence == wanted), "{wanted}\nnot in {all:#?}");
    }

    #[test]
    fn deleted_users_are_told_of_with_number_span_and_cause() {
        one(
            &sample::deleted_users(),
            "41 deleted users were still let in, for up to 2.1 s (cache TTL 2 s)",
        );
        let mut report = sample::deleted_users();
        report.revocation_lag.wrong_users = 1;
        report.revocation_lag.max = Some(LagBounds { low_ms: 9_000.0, high_ms: None });
        one(&report, "1 deleted user was still let in, for at least 9.0 s (cache TTL 2 s)");
        report.faults[0].kind = "user-disable".into();
        report.changes = [("disable".to_owned(), 1)].into();
        one(&report, "1 disabled user was still let in, for at least 9.0 s (cache TTL 2 s)");
    }

    #[test]
    fn each_verdict_has_a_sentence_with_its_figure() {
        for (verdict, wanted) in [
            ("identity_swap", "3 requests were let in as somebody else"),
            ("false_reject", "3 requests of live users were turned away"),
            ("misblamed", "3 requests of live users were turned away while the store was faulted"),
            (
                "wrong_code",
                "3 requests were turned away rightly, but for a wrong reason or without the \
                 challenge",
            ),
            (
                "unavailable",
                "3 requests were told that the gateway could not find out (0.3%); no fault was \
                 under way",
            ),
            ("error", "3 requests failed (0.3%)"),
        ] {
            let mut report = sample::correct();
            *report.verdicts.total.get_mut("correct_accept").unwrap() -= 3;
            report.verdicts.total.insert(verdict.into(), 3);
            one(&report, wanted);
            let all = sentences(&report, &Context::default());
            assert!(!all.iter().any(|s| s.starts_with("All ")), "{all:?}");
        }
    }

    #[test]
    fn one_is_not_spoken_of_as_many() {
        for (verdict, wanted) in [
            ("identity_swap", "1 request was let in as somebody else"),
            ("false_reject", "1 request of a live user was turned away"),
            ("error", "1 request failed (0.1%)"),
        ] {
            let mut report = sample::correct();
            *report.verdicts.total.get_mut("correct_accept").unwrap() -= 1;
            report.verdicts.total.insert(verdict.into(), 1);
            one(&report, wanted);
        }
    }

    #[test]
    fn a_run_without_a_flaw_says_so_and_nothing_else() {
        let all = findings(&sample::correct(), &Context::default());
        let wanted = "All 1,000 answers that could be judged were correct";
        assert_eq!(all, [finding(Severity::Good, wanted)]);
        assert!(findings(&RunReport::default(), &Context::default()).is_empty());
    }

    #[test]
    fn doubts_are_told() {
        let mut report = sample::correct();
        report.requests.due += 5;
        report.requests.unsent = 5;
        report.faults = vec![FaultReport { kind: "churn".into(), at: 5.0, ..<_>::default() }];
        report.lookups = Some(Lookups {
            total: 1_100,
            per_request: 1.1,
            peak_per_request: Some(3.0),
            cache_hit_share: Some(0.5),
            cache_ttl_s: None,
        });
        for wanted in [
            "5 requests were never sent (0.5%, limit 1%), because no connection was free in time; \
             raise load.connections or lower the rate",
            "The fault churn at 5.0 s had 0 hits: nothing was tested by it",
            "The store was asked 1,100 times, 1.1 for each request, 50% of the gateway's cache \
             look-ups found an entry",
            "In the worst second the store was asked 3 times for each request, where once is enough: \
             it was asked again after errors, or by several for the same user",
        ] {
            one(&report, wanted);
        }
    }

    #[test]
    fn most_grey_is_a_doubt_and_some_grey_a_note() {
        for (grey, severity) in [(600, Severity::Doubt), (20, Severity::Note)] {
            let mut report = sample::correct();
            report.verdicts.total.insert("grey".into(), grey);
            report.verdicts.total.insert("correct_accept".into(), 1_000 - grey);
            let all = findings(&report, &Context::default());
            assert!(
                all.iter().any(|f| f.severity == severity && f.sentence.contains("not judged"))
            );
        }
    }

    #[test]
    fn a_target_that_was_not_ready_is_told_although_warm_up_counts_nowhere() {
        let mut report = sample::deleted_users();
        let phase = report.phases.iter().find(|phase| phase.warm_up).unwrap().name.clone();
        let of_phase = [("correct_accept", 900), ("grey", 5), ("unavailable", 12), ("error", 100)];
        let of_phase = of_phase.map(|(name, count)| (name.to_owned(), count)).into();
        report.verdicts.by_phase.insert(phase.clone(), of_phase);
        one(
            &report,
            "112 of 1,017 answers in warm-up were not right (error 100, unavailable 12): no total has \
             them, but the target may not have been ready for load",
        );
        let one_of = [("correct_accept".to_owned(), 900), ("error".to_owned(), 1)].into();
        report.verdicts.by_phase.insert(phase.clone(), one_of);
        one(
            &report,
            "1 of 901 answers in warm-up was not right (error 1): no total has it, but the target may \
             not have been ready for load",
        );
        let fine = [("correct_accept".to_owned(), 900), ("grey".to_owned(), 5)].into();
        report.verdicts.by_phase.insert(phase, fine);
        let all = sentences(&report, &sample::context());
        assert!(!all.iter().any(|sentence| sentence.contains("in warm-up")), "{all:?}");
    }

    #[test]
    fn the_quiet_cohort_shows_what_asking_does() {
        let mut report = sample::deleted_users();
        report.revocation_lag.censored = 200;
        report.revocation_lag.quiet = Some(Box::new(LagReport { users: 30, ..<_>::default() }));
        one(
            &report,
            "Asking kept entries alive: 200 of 300 users asked for often were never turned away, \
             none of 30 asked for once were let in",
        );
    }

    #[test]
    fn while_a_run_goes_on_nothing_is_said_of_its_end() {
        let mut report = sample::deleted_users();
        report.revocation_lag.censored = 67;
        report.revocation_lag.unseen = 2;
        report.provisioning_lag.censored = 1;
        report.revocation_lag.quiet = Some(Box::new(LagReport { users: 30, ..<_>::default() }));
        let ends = |sentence: &String| {
            ["when the run ended", "never turned away", "Nothing is known of"]
                .iter()
                .any(|words| sentence.contains(words))
        };
        let all = sentences(&report, &sample::context());
        assert_eq!(all.iter().filter(|sentence| ends(sentence)).count(), 5, "{all:#?}");
        report.partial = true;
        let all = findings(&report, &sample::context());
        assert!(!all.iter().any(|finding| ends(&finding.sentence)), "{all:#?}");
        for wanted in ["67 deleted users are not turned away yet", "1 new user is not let in yet"] {
            assert!(all.contains(&finding(Severity::Note, wanted)), "{wanted}\nnot in {all:#?}");
        }
    }

    #[test]
    fn the_most_serious_comes_first() {
        let all = findings(&sample::deleted_users(), &sample::context());
        assert!(all.is_sorted_by_key(|finding| finding.severity));
        assert_eq!(all[0].severity, Severity::Critical);
    }

    #[test]
    fn every_sentence_has_a_figure() {
        for finding in findings(&sample::deleted_users(), &sample::context()) {
            assert!(finding.sentence.contains(|c: char| c.is_ascii_digit()), "{finding:?}");
        }
    }
}
