//! What holds for every page, whatever the run was.

use proptest::prelude::*;

use super::super::course::Course;
use super::super::formats::Input;
use super::super::model::{Finding, RouteReport, Severity, UnexpectedAnswer};
use super::super::sample;
use super::*;

fn text(report: &RunReport) -> String {
    page(&Material::new(Input { report, course: &Course::default(), events: &[] })).unwrap()
}

#[test]
fn the_first_screen_answers() {
    let page = text(&sample::deleted_users());
    for wanted in [
        "<title>failed: deleted-users, seed 7</title>",
        "No: 2 of 4 thresholds do not hold.",
        "Exit code 1",
        "1,204 <code>false_accept</code> (1.7%)",
        "41 removed users, each for up to 2.1 s",
        "1,150 <code>unavailable</code> (1.6%)",
        "store-outage 1,150",
    ] {
        assert!(page.contains(wanted), "{wanted}\n{page}");
    }
    let partial = sample::deleted_users();
    assert!(text(&RunReport { partial: true, ..partial }).contains("the run did not end"));
}

#[test]
fn what_a_target_said_is_readable_and_apart() {
    let mut report = sample::correct();
    let body = b"{\"error\":\"`a|b` <script>\"}\n\x1b[31m\xe2\x80\xae".escape_ascii().to_string();
    let sentence = format!("status 401 on GET /me, body: {body}");
    report.findings = vec![Finding { severity: Severity::Note, sentence }];
    report.unexpected = vec![UnexpectedAnswer { body, ..<_>::default() }];
    let page = text(&report);
    let shown =
        "<code>{&quot;error&quot;:&quot;`a|b` &lt;script&gt;&quot;}␊␛[31m&lt;U+202E&gt;</code>";
    assert_eq!(page.matches(shown).count(), 2, "in the finding and in the table: {page}");
    assert!(page.contains("status 401 on GET /me, body: "), "{page}");
}

#[test]
fn a_scenario_hides_nothing_and_keeps_its_lines() {
    let mut report = sample::correct();
    report.scenario_text = "a = 1 # \u{202e}\r\n\tb = 2\n".to_owned();
    let page = text(&report);
    assert!(page.contains("<code>a = 1 # &lt;U+202E&gt;\n\tb = 2</code>"), "{page}");
}

#[test]
fn no_run_passes_that_is_invalid_or_interrupted() {
    let mut report = sample::deleted_users();
    report.thresholds.iter_mut().for_each(|threshold| threshold.pass = true);
    (report.valid, report.exit_code) = (false, Some(4));
    let page = text(&report);
    let invalid = "No: the measurement is invalid (4 of 4 thresholds would hold).";
    assert!(page.contains(invalid) && !page.contains("Yes: all"), "{page}");
    (report.interrupted, report.exit_code) = (true, Some(130));
    assert!(text(&report).contains("No: a signal ended the run (4 of 4"), "{page}");
    (report.valid, report.interrupted, report.exit_code) = (true, false, Some(0));
    let page = text(&report);
    assert!(page.contains("Yes: all 4") && page.contains("only thresholds do."), "{page}");
}

#[test]
fn nothing_is_asked_of_a_network() {
    let page = text(&sample::deleted_users());
    for forbidden in ["http://", "https://", "src=", "url(", "@import", "style=\"", " onclick"] {
        let found =
            page.replace("http://www.w3.org/", "").replace("url(#", "").matches(forbidden).count();
        assert_eq!(found, 0, "{forbidden}");
    }
}

/// The second of two attributes of a name is passed over by a browser.
#[test]
fn no_element_has_an_attribute_twice() {
    let page = text(&sample::deleted_users());
    for tag in page.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag) {
        assert!(tag.matches(" class=").count() < 2, "{tag}");
    }
}

#[test]
fn the_policy_names_the_style_and_the_script_of_the_page() {
    let page = text(&sample::correct());
    let between = |open: &str, close: &str| -> String {
        let (_, rest) = page.split_once(open).unwrap();
        rest.split_once(close).unwrap().0.to_owned()
    };
    let policy = between("http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    let (style, script) =
        (digest(&between("<style>", "</style>")), digest(&between("<script>", "</script>")));
    assert_eq!(
        policy.split("; ").collect::<Vec<_>>(),
        [
            "default-src 'none'",
            &format!("style-src '{style}'"),
            &format!("script-src '{script}'"),
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    );
}

proptest! {
    /// Every text of a report, set to the same hostile one: no tag of it is in the page.
    #[test]
    fn no_text_becomes_markup(tail in "[<>\"'&/a-z=\u{0}\u{202e}]{0,30}") {
        let hostile = format!("<script>evil()</script><img src=x onerror=evil()>{tail}");
        let mut report = sample::strained();
        report.scenario.clone_from(&hostile);
        report.about.clone_from(&hostile);
        report.scenario_text.clone_from(&hostile);
        report.target.clone_from(&hostile);
        report.approach.clone_from(&hostile);
        report.plan_digest.clone_from(&hostile);
        report.started_at.clone_from(&hostile);
        report.build.version.clone_from(&hostile);
        report.machine.processor.clone_from(&hostile);
        report.valid = false;
        report.reasons = vec![hostile.clone()];
        report.findings = vec![Finding { severity: Severity::Wrong, sentence: hostile.clone() }];
        report.routes = vec![RouteReport { request: hostile.clone(), ..<_>::default() }];
        report.unexpected = vec![UnexpectedAnswer {
            kind: hostile.clone(), class: hostile.clone(), route: hostile.clone(), why: hostile.clone(), body: hostile.clone(), status: 200,
        }];
        report.verdicts.by_phase.insert(hostile.clone(), [("error".to_owned(), 3)].into());
        report.verdicts.total.insert("error".into(), 3);
        report.mutations.insert(hostile.clone(), [("error".to_owned(), 3)].into());
        let page = text(&report);
        prop_assert!(!page.contains("<script>evil") && !page.contains("<img"), "{}", page);
        prop_assert_eq!(page.matches("<script>").count(), 1);
    }
}
