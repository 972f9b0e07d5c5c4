//! What holds for every summary.

use super::super::super::course::Course;
use super::super::super::model::{FaultReport, Finding, RouteReport, Severity};
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
    assert_eq!(first(&report), "## ⏹️ deleted-users: partial, the run did not end; 35 s of load");
}

#[test]
fn where_every_threshold_holds_no_column_asks_why_not() {
    let mut report = sample::deleted_users();
    assert!(text(&report).contains("| why not |"));
    report.thresholds.retain(|threshold| threshold.pass);
    let text = text(&report);
    assert!(text.contains("|  | threshold | measured |\n| --- | --- | --- |\n| ✅ | "), "{text}");
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
