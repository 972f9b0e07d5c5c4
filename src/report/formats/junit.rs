//! `junit.xml`: the run as test cases, for what reads test results.
//!
//! Three suites: whether the run ended and its measurement is valid, the thresholds, the findings. A run
//! that did not end is an error, an invalid one an error for each reason, a threshold that does not hold
//! a failure, and what could not be judged is skipped. Findings inform and never fail, for nothing but
//! thresholds and validity decides a run: the file is red exactly when the run is. Names of cases hold
//! no figure and, of findings, only what they say first, so that a history of runs has one line for each. Elements and attributes are those that
//! the schema of Jenkins' xUnit plugin (`junit-10.xsd`) allows, which GitLab and the readers for GitHub
//! take too.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::super::finding::BODY;
use super::super::folder::JUNIT_XML;
use super::super::model::{Finding, RunReport, Severity, ThresholdReport};
use super::super::overview::Outcome;
use super::super::visible::visible;
use super::{Format, Input, Make, RenderError};
use crate::measure::LatencyKind;

pub(super) const FORMAT: Format = Format {
    name: "junit",
    file: JUNIT_XML,
    about: "Thresholds, validity and findings as test cases, for CI systems.",
    make: Make::Text(|material| junit(&material.input)),
};

/// What became of one case.
enum Became {
    Passed,
    Failed { kind: &'static str, message: String },
    Errors { kind: &'static str, reasons: Vec<String> },
    Skipped(String),
}

struct Case {
    name: String,
    became: Became,
    /// What else is known of it.
    said: String,
    /// Seconds.
    took: f64,
}

struct Suite {
    name: &'static str,
    cases: Vec<Case>,
}

impl Suite {
    fn count(&self, of: impl Fn(&Became) -> bool) -> usize {
        self.cases.iter().filter(|case| of(&case.became)).count()
    }

    fn failures(&self) -> usize {
        self.count(|became| matches!(became, Became::Failed { .. }))
    }

    fn errors(&self) -> usize {
        self.count(|became| matches!(became, Became::Errors { .. }))
    }

    fn skipped(&self) -> usize {
        self.count(|became| matches!(became, Became::Skipped(_)))
    }
}

fn junit(input: &Input<'_>) -> Result<String, RenderError> {
    let report = input.report;
    let suites = [validity(report), thresholds(report), findings(report)];
    let sum = |of: fn(&Suite) -> usize| suites.iter().map(of).sum::<usize>().to_string();
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let name = format!("substorm.{}", clean(&report.scenario));
    writer
        .create_element("testsuites")
        .with_attribute(("name", name.as_str()))
        .with_attribute(("tests", sum(|suite| suite.cases.len()).as_str()))
        .with_attribute(("failures", sum(Suite::failures).as_str()))
        .with_attribute(("errors", sum(Suite::errors).as_str()))
        .with_attribute(("time", seconds(report.wall_s).as_str()))
        .write_inner_content(|inner| {
            suites.iter().try_for_each(|suite| write_suite(inner, suite, report, &name))
        })?;
    let mut text = String::from_utf8(writer.into_inner()).map_err(io::Error::other)?;
    text.push('\n');
    Ok(text)
}

fn ended(report: &RunReport) -> Case {
    let error = |kind, reason: &str| Became::Errors { kind, reasons: vec![reason.to_owned()] };
    let became = if report.partial {
        error("partial", "the run did not end; the figures are those of its last checkpoint")
    } else if report.interrupted {
        error("interrupted", "a signal ended the run")
    } else {
        Became::Passed
    };
    let name = "run was carried out to its end".to_owned();
    Case { name, became, said: String::new(), took: 0.0 }
}

fn validity(report: &RunReport) -> Suite {
    let errors = |reasons| Became::Errors { kind: "invalid", reasons };
    let became = match (Outcome::of(report), report.valid) {
        (Outcome::Partial, _) => {
            Became::Skipped("the run did not end, and validity is judged at its end".to_owned())
        }
        (_, true) => Became::Passed,
        (_, false) if report.reasons.is_empty() => {
            errors(vec!["the run is invalid, and does not say why".to_owned()])
        }
        (_, false) => errors(report.reasons.clone()),
    };
    let valid = Case {
        name: "the measurement is valid".to_owned(),
        became,
        said: String::new(),
        took: report.wall_s,
    };
    let mut cases = vec![ended(report), valid];
    if report.exit_code == Some(5) {
        let message = "something could not be undone; journal.jsonl says what".to_owned();
        let became = Became::Errors { kind: "not-undone", reasons: vec![message] };
        cases.push(Case {
            name: "what was changed is undone".to_owned(),
            became,
            said: String::new(),
            took: 0.0,
        });
    }
    Suite { name: "validity", cases }
}

fn thresholds(report: &RunReport) -> Suite {
    let case = |threshold: &ThresholdReport| {
        let became = match (report.partial, threshold.pass) {
            (true, _) => Became::Skipped("the run did not end".to_owned()),
            (false, true) => Became::Passed,
            (false, false) => Became::Failed { kind: "threshold", message: threshold.why() },
        };
        let value = threshold.value.map(|value| format!("value={value} unit={}", threshold.unit));
        let samples = threshold.samples.map(|samples| format!("samples={samples}"));
        let shown = Some(format!("measured {}", threshold.measured()));
        let shown = shown.filter(|_| !threshold.shown.is_empty());
        let said: Vec<String> = [shown, value, samples].into_iter().flatten().collect();
        Case { name: threshold.text.clone(), became, said: said.join("\n"), took: 0.0 }
    };
    Suite { name: "thresholds", cases: report.thresholds.iter().map(case).collect() }
}

fn findings(report: &RunReport) -> Suite {
    let mut seen = BTreeMap::<String, u64>::new();
    let case = |finding: &Finding| {
        let became = match finding.severity {
            Severity::Doubt => Became::Skipped("the run cannot tell".to_owned()),
            _ => Became::Passed,
        };
        let severity = finding.severity.word();
        let mut name = format!("finding, {severity}: {}", stable(&finding.sentence));
        let times = seen.entry(name.clone()).or_default();
        *times += 1;
        if *times > 1 {
            name = format!("{name} ({times})");
        }
        Case { name, became, said: finding.text(), took: 0.0 }
    };
    Suite { name: "findings", cases: report.findings.iter().map(case).collect() }
}

/// What a finding says first, the same in every run that finds the same: `N` for each number with its
/// unit, `…` for what it quotes, and nouns as there are several. Where it goes on with figures, names or
/// reasons that change from run to run, the name ends.
fn stable(sentence: &str) -> String {
    let told = sentence.split_once(BODY).map_or(sentence, |(told, _)| told);
    let mut text = String::with_capacity(told.len());
    for (n, part) in told.split('"').enumerate() {
        // Every other part stands within quotation marks.
        text.push_str(if n % 2 == 1 { "\"…\"" } else { part });
    }
    let ends = [", ", ": ", "; ", ". ", " ("].into_iter().filter_map(|end| text.find(end));
    let end = ends.min().unwrap_or(text.len());
    without_numbers(text[..end].trim_end_matches('.'))
}

fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_one = false;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        // A small share is told as less than another.
        let before = rest[..start].trim_end_matches('<');
        out.push_str(&if is_one { in_plural(before) } else { before.to_owned() });
        out.push('N');
        let mut number = rest[start..].char_indices().peekable();
        let mut end = rest.len();
        while let Some((at, c)) = number.next() {
            let is_within = matches!(c, '.' | ',')
                && number.peek().is_some_and(|(_, next)| next.is_ascii_digit());
            if !c.is_ascii_digit() && !is_within {
                end = start + at;
                break;
            }
        }
        let after = without_unit(&rest[end..]);
        is_one = &rest[start..end] == "1" && after.len() == rest.len() - end;
        rest = after;
    }
    out + &if is_one { in_plural(rest) } else { rest.to_owned() }
}

/// What follows the unit of a number, which hangs on its size.
fn without_unit(text: &str) -> &str {
    const UNITS: [&str; 9] = ["ns", "µs", "us", "ms", "s", "min", "h", "MiB", "GiB"];
    let word = text.strip_prefix(' ').unwrap_or(text);
    let after = |unit: &&str| {
        word.strip_prefix(unit).filter(|after| !after.starts_with(char::is_alphanumeric))
    };
    UNITS.iter().find_map(after).unwrap_or(text)
}

/// What findings say of one, as they say it of several.
fn in_plural(text: &str) -> String {
    const FORMS: [(&str, &str); 12] = [
        ("answer", "answers"),
        ("change", "changes"),
        ("connection", "connections"),
        ("core", "cores"),
        ("line", "lines"),
        ("request", "requests"),
        ("second", "seconds"),
        ("time", "times"),
        ("user", "users"),
        ("has", "have"),
        ("is", "are"),
        ("was", "were"),
    ];
    let word = |word| FORMS.into_iter().find(|(one, _)| *one == word).map_or(word, |form| form.1);
    let words: Vec<&str> = text.split(' ').map(word).collect();
    words.join(" ").replace(" a live users", " live users")
}

/// Figures that stand beside the cases, equal to those of `run.json`.
fn properties(report: &RunReport) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = [
        ("seed", report.seed.to_string()),
        ("plan_digest", report.plan_digest.clone()),
        ("target", report.target.clone()),
        ("build.version", report.build.version.clone()),
        ("load_s", report.load_s.to_string()),
        ("requests.due", report.requests.due.to_string()),
        ("requests.sent", report.requests.sent.to_string()),
        ("requests.done", report.requests.done.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    if let Some(code) = report.exit_code {
        all.push(("exit_code".to_owned(), code.to_string()));
    }
    for (name, count) in &report.verdicts.total {
        all.push((format!("verdicts.{name}"), count.to_string()));
    }
    for kind in [LatencyKind::Response, LatencyKind::Service] {
        let Some(times) = report.overall(kind) else { continue };
        for (name, us) in [("p50", times.p50), ("p99", times.p99)] {
            all.push((format!("latency.{}.{name}_us", kind.name()), us.to_string()));
        }
    }
    all
}

fn write_suite<W: Write>(
    writer: &mut Writer<W>,
    suite: &Suite,
    report: &RunReport,
    run: &str,
) -> io::Result<()> {
    // Ant and Jenkins read an instant without a zone, in UTC.
    let timestamp = report.started_at.trim_end_matches('Z');
    let mut element = writer
        .create_element("testsuite")
        .with_attribute(("name", format!("{run}.{}", suite.name).as_str()))
        .with_attribute(("tests", suite.cases.len().to_string().as_str()))
        .with_attribute(("failures", suite.failures().to_string().as_str()))
        .with_attribute(("errors", suite.errors().to_string().as_str()))
        .with_attribute(("skipped", suite.skipped().to_string().as_str()));
    if !timestamp.is_empty() {
        element = element.with_attribute(("timestamp", clean(timestamp).as_str()));
    }
    let took: f64 = suite.cases.iter().map(|case| case.took).sum();
    element.with_attribute(("time", seconds(took).as_str())).write_inner_content(|inner| {
        if suite.name == "validity" {
            write_properties(inner, report)?;
        }
        let class = format!("{run}.{}", suite.name);
        suite.cases.iter().try_for_each(|case| write_case(inner, case, &class))
    })?;
    Ok(())
}

fn write_properties<W: Write>(writer: &mut Writer<W>, report: &RunReport) -> io::Result<()> {
    writer.create_element("properties").write_inner_content(|inner| {
        for (name, value) in properties(report) {
            inner
                .create_element("property")
                .with_attribute(("name", clean(&name).as_str()))
                .with_attribute(("value", clean(&value).as_str()))
                .write_empty()?;
        }
        Ok::<(), io::Error>(())
    })?;
    Ok(())
}

fn write_case<W: Write>(writer: &mut Writer<W>, case: &Case, class: &str) -> io::Result<()> {
    let element = writer
        .create_element("testcase")
        .with_attribute(("name", clean(&case.name).as_str()))
        .with_attribute(("classname", class))
        .with_attribute(("time", seconds(case.took).as_str()));
    if matches!(case.became, Became::Passed) && case.said.is_empty() {
        element.write_empty()?;
        return Ok(());
    }
    element.write_inner_content(|inner| {
        match &case.became {
            Became::Passed => {}
            Became::Skipped(why) => write_outcome(inner, "skipped", None, why)?,
            Became::Failed { kind, message } => {
                write_outcome(inner, "failure", Some(kind), message)?;
            }
            Became::Errors { kind, reasons } => {
                for reason in reasons {
                    write_outcome(inner, "error", Some(kind), reason)?;
                }
            }
        }
        if !case.said.is_empty() {
            let said = clean(&case.said);
            inner.create_element("system-out").write_text_content(BytesText::new(&said))?;
        }
        Ok::<(), io::Error>(())
    })?;
    Ok(())
}

fn write_outcome<W: Write>(
    writer: &mut Writer<W>,
    element: &str,
    kind: Option<&str>,
    message: &str,
) -> io::Result<()> {
    let message = clean(message);
    let mut element = writer.create_element(element);
    if let Some(kind) = kind {
        element = element.with_attribute(("type", kind));
    }
    // Some readers show the attribute, others the text.
    let element = element.with_attribute(("message", message.as_str()));
    element.write_text_content(BytesText::new(&message))?;
    Ok(())
}

fn seconds(seconds: f64) -> String {
    format!("{:.3}", seconds.max(0.0))
}

/// The text with nothing hidden in it, and without what no XML document may hold (XML 1.0 §2.2),
/// whatever way it is escaped. Its lines stay apart.
fn clean(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(visible).collect();
    lines.join("\n").replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::super::super::course::Course;
    use super::super::super::sample;
    use super::*;

    fn text(report: &RunReport) -> String {
        junit(&Input { report, course: &Course::default(), events: &[] }).unwrap()
    }

    #[test]
    fn thresholds_fail_and_findings_inform() {
        insta::assert_snapshot!(text(&sample::deleted_users()));
    }

    #[test]
    fn an_invalid_run_has_an_error_for_each_reason() {
        let mut report = sample::correct();
        report.valid = false;
        report.reasons = vec!["the generator was behind".into(), "no fault bit".into()];
        let xml = text(&report);
        assert!(xml.contains(r#"tests="2" failures="0" errors="1""#), "{xml}");
        assert_eq!(xml.matches("<error ").count(), 2, "{xml}");
    }

    #[test]
    fn of_a_run_that_did_not_end_nothing_is_judged() {
        let mut report = sample::deleted_users();
        report.partial = true;
        report.exit_code = None;
        let xml = text(&report);
        let doubts = report.findings.iter().filter(|f| f.severity == Severity::Doubt).count();
        let skipped = 1 + report.thresholds.len() + doubts;
        assert_eq!(xml.matches("<skipped ").count(), skipped, "{xml}");
        assert!(!xml.contains("<failure"), "{xml}");
        assert_eq!(xml.matches("<error ").count(), 1, "it is not green: {xml}");
        (report.partial, report.interrupted) = (false, true);
        assert_eq!(text(&report).matches("<error ").count(), 1, "nor is an interrupted one");
    }

    #[test]
    fn names_of_findings_are_the_same_in_every_run() {
        for (sentence, wanted) in [
            (
                "1,270 deleted users were still let in, for up to 2.3 s (cache TTL 2 s)",
                "N deleted users were still let in",
            ),
            (
                "1 deleted user was still let in, for up to 850 ms",
                "N deleted users were still let in",
            ),
            ("24 requests failed (<0.01%): timeout 24; at 3.", "N requests failed"),
            ("1 request failed (1.5%): timeout 1", "N requests failed"),
            ("no header \"X-1, é\" on GET /me, body: 12\"3", "no header \"…\" on GET /me"),
            ("1 of 30 answers (3.3%) was not judged", "N of N answers"),
            (
                "1 request of a live user was turned away: unknown_user 1",
                "N requests of live users were turned away",
            ),
            (
                "2 requests of live users were turned away",
                "N requests of live users were turned away",
            ),
            ("The store was asked 1 time, 0.5 for each", "The store was asked N times"),
            ("1 second of 2 min and 1,001 users", "N seconds of N and N users"),
            ("a lag of 1.5 s after 3 starts", "a lag of N after N starts"),
            ("a lag of 850 ms after 1 second", "a lag of N after N seconds"),
            ("waited up to 1 s more", "waited up to N more"),
            ("é <0.01 ms 6", "é N N"),
            ("5µs.", "N"),
        ] {
            assert_eq!(stable(sentence), wanted);
        }
        let mut report = sample::correct();
        let finding =
            |n: u32| Finding { severity: Severity::Critical, sentence: format!("{n} were let in") };
        report.findings = vec![finding(3), finding(4)];
        let names: Vec<_> = findings(&report).cases.into_iter().map(|case| case.name).collect();
        let one = "finding, critical: N were let in";
        assert_eq!(names, [one.to_owned(), format!("{one} (2)")]);
    }

    #[test]
    fn texts_cannot_leave_their_place() {
        let mut report = sample::deleted_users();
        report.scenario = "\"><script>".into();
        report.thresholds[2].reason = "]]></failure><x a=\"\u{0}\u{1b}[31m\u{ffff}&'".into();
        let xml = text(&report);
        assert!(!xml.contains("<script") && !xml.contains("<x "), "{xml}");
        assert!(!xml.contains(['\u{0}', '\u{1b}', '\u{ffff}']), "{xml}");
        assert!(xml.contains("␀␛[31m"), "{xml}");
    }

    #[test]
    fn what_a_target_said_stands_as_it_said_it() {
        let mut report = sample::correct();
        let body = b"{\"error\":\"\x1b[31m`a|b`</system-out>\"}\n".escape_ascii();
        let sentence = format!("status 401 on GET /me{BODY}{body}");
        report.findings = vec![Finding { severity: Severity::Note, sentence }];
        let xml = text(&report);
        let wanted = "status 401 on GET /me, body: {&quot;error&quot;:&quot;␛[31m`a|b`&lt;/system-out&gt;\
                      &quot;}␊</system-out>";
        assert!(xml.contains(wanted), "{xml}");
        assert!(xml.contains("note: status N on GET /me\""), "{xml}");
    }
}
