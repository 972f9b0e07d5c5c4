//! The summary at the end of a run: a screen of 100 columns and 50 lines, or of fewer columns and more
//! lines.
//!
//! A pure function of the report. Tables are cut where they would not fit, and say so; everything
//! is in `run.json`.

mod figures;
mod paint;
mod table;

pub use paint::{Colour, Style};

use crate::units::grouped;

use super::model::{RunReport, SCHEMA_VERSION, SamplesReport, Severity, ThresholdReport};
use super::overview::{self, Outcome};
use super::visible::visible;
use super::wording::{counted, memory, micros, share, span};

/// The whole summary, ending with a line break.
pub fn summary(report: &RunReport, style: Style) -> String {
    let mut lines = Vec::new();
    head(report, style, &mut lines);
    validity(report, style, &mut lines);
    thresholds(report, style, &mut lines);
    figures::requests(report, style, &mut lines);
    figures::matrix(report, style, &mut lines);
    figures::latency(report, style, &mut lines);
    figures::routes(report, style, &mut lines);
    figures::stages(report, style, &mut lines);
    figures::lags(report, style, &mut lines);
    figures::faults(report, style, &mut lines);
    findings(report, style, &mut lines);
    resources(report, style, &mut lines);
    let mut text = String::new();
    for line in lines {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Opens a part: one empty line, then its title.
fn part(lines: &mut Vec<String>, style: Style, title: &str) {
    lines.push(String::new());
    lines.push(style.bold(title));
}

fn head(report: &RunReport, style: Style, lines: &mut Vec<String>) {
    let digest: String = report.plan_digest.chars().take(12).collect();
    let mut facts = vec![visible(&report.scenario).into_owned(), format!("seed {}", report.seed)];
    if !digest.is_empty() {
        facts.push(format!("plan {}", visible(&digest)));
    }
    if !report.started_at.is_empty() {
        facts.push(visible(&report.started_at).into_owned());
    }
    facts.push(format!("load {} of {}", span(report.load_s * 1e3), span(report.wall_s * 1e3)));
    let target = match report.target.as_str() {
        "" => String::new(),
        "embedded" => "embedded stack".to_owned(),
        url => visible(url).into_owned(),
    };
    if !target.is_empty() {
        facts.push(target);
    }
    lines.extend(side_by_side(&facts, style));
    // What everybody speaks need not be said.
    if !matches!(report.approach.as_str(), "" | "HTTP/1.1") {
        lines.extend(table::wrapped(&report.approach, 0, style));
    }
    if report.schema_version > SCHEMA_VERSION {
        let text = format!(
            "This report has version {}, this build knows up to {SCHEMA_VERSION}: some figures may \
             be missing.",
            report.schema_version
        );
        let text = table::wrapped(&text, 0, style).into_iter();
        lines.extend(text.map(|line| style.paint(Colour::Yellow, &line)));
    }
}

/// As many facts in a line as fit; the first one bold.
fn side_by_side(facts: &[String], style: Style) -> Vec<String> {
    let (mut lines, mut used) = (Vec::<String>::new(), 0);
    for (n, fact) in facts.iter().enumerate() {
        let fact = table::cut(fact, style.width());
        let wide = fact.chars().count();
        let shown = if n == 0 { style.bold(&fact) } else { fact };
        match lines.last_mut() {
            Some(line) if used + 2 + wide <= style.width() => {
                line.push_str("  ");
                line.push_str(&shown);
                used += 2 + wide;
            }
            _ => {
                lines.push(shown);
                used = wide;
            }
        }
    }
    lines
}

fn validity(report: &RunReport, style: Style, lines: &mut Vec<String>) {
    if report.partial {
        let text = format!(
            "PARTIAL: the run did not end; this is what there was after {} of load.",
            span(report.load_s * 1e3)
        );
        let text = table::wrapped(&text, 0, style).into_iter();
        lines.extend(text.map(|line| style.paint(Colour::Yellow, &line)));
    } else {
        lines.extend(ending(report, style));
    }
    for reason in &report.reasons {
        lines.extend(table::wrapped(&format!("  {reason}"), 4, style));
    }
}

/// `FAILED: 2 of 4 thresholds hold, valid, exit code 1`.
fn ending(report: &RunReport, style: Style) -> Vec<String> {
    let outcome = Outcome::of(report);
    let colour = if outcome == Outcome::Passed { Colour::Green } else { Colour::Red };
    let word = outcome.word().to_uppercase();
    let thresholds = overview::holding(report).unwrap_or_else(|| "no thresholds".to_owned());
    let valid = match (report.valid, outcome) {
        (true, _) => ", valid",
        // The word has said so.
        (false, Outcome::Invalid) => "",
        (false, _) => ", invalid",
    };
    let exit = report.exit_code.map(|code| format!(", exit code {code}")).unwrap_or_default();
    let mut lines = table::wrapped(&format!("{word}: {thresholds}{valid}{exit}"), 2, style);
    // It is never so long as to be broken.
    lines[0] = lines[0].replacen(&word, &style.paint(colour, &word), 1);
    lines
}

/// Thresholds that are shown; those that do not hold come first where there are more.
const MOST_THRESHOLDS: usize = 8;

fn thresholds(report: &RunReport, style: Style, lines: &mut Vec<String>) {
    if report.thresholds.is_empty() {
        return;
    }
    part(lines, style, "Thresholds");
    let mut shown: Vec<&ThresholdReport> = report.thresholds.iter().collect();
    if shown.len() > MOST_THRESHOLDS {
        shown.sort_by_key(|threshold| threshold.pass);
    }
    shown.truncate(MOST_THRESHOLDS);
    let wide = shown.iter().map(|threshold| visible(&threshold.text).chars().count());
    let wide = wide.max().unwrap_or(0);
    let wide = wide.min(style.width() / 2);
    for threshold in shown {
        let (mark, said) = if report.partial && threshold.value.is_none() {
            ("skip".to_owned(), threshold.why())
        } else if report.partial {
            // What it would have come to in the end, nobody knows.
            ("skip".to_owned(), format!("measured {} so far", threshold.measured()))
        } else if threshold.pass {
            (style.paint(Colour::Green, "pass"), format!("measured {}", threshold.measured()))
        } else {
            (style.paint(Colour::Red, "FAIL"), threshold.why())
        };
        let text = table::cut(&threshold.text, wide);
        let said = visible(&said);
        if said.chars().count() <= style.width() - wide - 10 {
            lines.push(format!("  {mark}  {text:<wide$}  {said}"));
        } else {
            lines.push(format!("  {mark}  {}", table::cut(&threshold.text, style.width() - 8)));
            lines.extend(table::wrapped(&format!("        {said}"), 8, style));
        }
    }
    table::more(lines, report.thresholds.len(), MOST_THRESHOLDS);
}

/// Findings that are shown; the less serious are left out first.
const MOST_FINDINGS: usize = 8;

fn findings(report: &RunReport, style: Style, lines: &mut Vec<String>) {
    if report.findings.is_empty() {
        return;
    }
    part(lines, style, "Findings");
    for finding in report.findings.iter().take(MOST_FINDINGS) {
        let (colour, mark) = match finding.severity {
            Severity::Critical => (Colour::Red, "!!"),
            Severity::Wrong => (Colour::Red, " !"),
            Severity::Doubt => (Colour::Yellow, " ?"),
            Severity::Note => (Colour::Plain, " -"),
            Severity::Good => (Colour::Green, "ok"),
        };
        let mut wrapped = table::wrapped(&format!("     {}", finding.text()), 5, style).into_iter();
        let first = wrapped.next().unwrap_or_default();
        lines.push(format!("  {} {}", style.paint(colour, mark), first.trim_start()));
        lines.extend(wrapped);
    }
    table::more(lines, report.findings.len(), MOST_FINDINGS);
}

/// What the connections cost, and what the generator and the stack took.
fn resources(report: &RunReport, style: Style, lines: &mut Vec<String>) {
    let connections = connections(report);
    let generator = generator(report);
    let samples = report.samples.as_ref().map(samples);
    if !(connections.is_empty() && generator.is_empty() && samples.is_none()) {
        lines.push(String::new());
    }
    if !connections.is_empty() {
        lines.extend(table::wrapped(
            &format!("Connections: {}", connections.join("; ")),
            13,
            style,
        ));
    }
    if !generator.is_empty() {
        lines.extend(table::wrapped(&format!("Generator: {}", generator.join("; ")), 11, style));
    }
    if let Some(samples) = samples {
        lines.extend(table::wrapped(&format!("Samples: {samples}"), 9, style));
    }
}

fn samples(samples: &SamplesReport) -> String {
    let SamplesReport { file, written, lost, trouble, .. } = samples;
    let lost = if *lost > 0 { format!(", {} lost", grouped(*lost)) } else { String::new() };
    let trouble = trouble.as_ref().map(|why| format!("; {why}")).unwrap_or_default();
    format!("{} in {file}{lost}{trouble}", counted(*written, "request", "requests"))
}

fn connections(report: &RunReport) -> Vec<String> {
    let connections = &report.connections;
    let mut facts = Vec::new();
    if connections.opened > 0 {
        facts.push(format!("{} opened", grouped(connections.opened)));
    }
    for (count, what) in [
        (connections.failed, "failed"),
        (connections.lost, "lost"),
        (connections.waited, "waited for"),
    ] {
        if count > 0 {
            facts.push(format!("{} {what}", grouped(count)));
        }
    }
    if connections.resent > 0 {
        facts.push(format!("{} sent again", counted(connections.resent, "request", "requests")));
    }
    for (name, times) in [
        ("set-up", &connections.connect),
        ("TLS", &connections.tls),
        ("first request", &connections.first_request),
    ] {
        if times.count > 0 {
            facts.push(format!("{name} p50 {}, p99 {}", micros(times.p50), micros(times.p99)));
        }
    }
    facts
}

/// Below this share, spinning and hiccups are not worth a word.
const WORTH_A_WORD: f64 = 0.001;

fn generator(report: &RunReport) -> Vec<String> {
    let mut facts = Vec::new();
    if report.send_lag.count > 0 {
        let lag = &report.send_lag;
        facts.push(format!("send lag p50 {}, p99 {}", micros(lag.p50), micros(lag.p99)));
    }
    if report.read_lag.count > 0 {
        let lag = &report.read_lag;
        facts.push(format!("read lag p50 {}, p99 {}", micros(lag.p50), micros(lag.p99)));
    }
    let workers = &report.generator.workers;
    if !workers.is_empty() {
        let cpu: f64 = workers.iter().map(|worker| worker.cpu_share).sum();
        let spun: f64 = workers.iter().map(|worker| worker.spin_share).sum();
        let spinning = match spun {
            spun if spun < WORTH_A_WORD => String::new(),
            spun => format!(", of which {} spinning,", share(spun)),
        };
        facts.push(format!(
            "{} at {} of a core{spinning}{}",
            counted(workers.len() as u64, "worker", "workers"),
            share(cpu),
            and_memory(report.generator.peak_memory_bytes)
        ));
    }
    let delay = workers.iter().filter_map(|worker| worker.run_delay_share).max_by(f64::total_cmp);
    if let Some(delay) = delay.filter(|delay| *delay >= WORTH_A_WORD) {
        facts.push(format!("ready but not run {} of the time", share(delay)));
    }
    if let Some(steal) = report.generator.steal_share.filter(|steal| *steal >= WORTH_A_WORD) {
        facts.push(format!("steal {}", share(steal)));
    }
    if let Some(stack) = &report.stack {
        let cpu = share(stack.cpu_share);
        facts.push(format!("stack {cpu}{}", and_memory(stack.peak_memory_bytes)));
    }
    facts
}

fn and_memory(bytes: u64) -> String {
    if bytes == 0 { String::new() } else { format!(" and {}", memory(bytes)) }
}

#[cfg(test)]
mod tests {
    use super::super::model::{ALL, FaultReport, Finding, Percentiles, RouteReport, StageReport};
    use super::super::sample;
    use super::paint::WIDTH;
    use super::*;

    fn plain(report: &RunReport) -> String {
        summary(report, Style::plain())
    }

    /// Every line fits, and so does the whole.
    fn fits(text: &str) {
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH, "{} columns: {line}", line.chars().count());
        }
        assert!(text.lines().count() <= 50, "{} lines\n{text}", text.lines().count());
    }

    #[test]
    fn a_run_with_deleted_users() {
        let text = plain(&sample::deleted_users());
        fits(&text);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_run_on_a_narrow_screen() {
        let text = summary(&sample::deleted_users(), Style::plain().within(80));
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_run_without_a_flaw() {
        let mut report = sample::correct();
        report.findings = super::super::findings::findings(&report, &sample::context());
        let text = plain(&report);
        fits(&text);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_run_with_trouble_on_this_side() {
        let mut report = sample::strained();
        report.findings = super::super::findings::findings(&report, &sample::context());
        report.reasons = super::super::diagnosis::reasons(&report, &sample::context());
        report.valid = false;
        let text = plain(&report);
        fits(&text);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_run_that_was_killed_says_so() {
        let mut report = sample::deleted_users();
        report.partial = true;
        report.exit_code = None;
        let text = plain(&report);
        assert!(text.contains("PARTIAL: the run did not end"), "{text}");
        assert!(!text.contains("PASS") && !text.contains("FAIL"), "{text}");
        assert!(
            text.contains("skip  false_accept == 0 after 5s           measured 0 so far"),
            "{text}"
        );
    }

    #[test]
    fn an_empty_report_is_no_reason_to_panic() {
        let text = plain(&RunReport::default());
        assert!(text.contains("INVALID"), "{text}");
    }

    #[test]
    fn an_invalid_run_gives_its_reasons() {
        let mut report = sample::correct();
        report.valid = false;
        report.reasons = vec!["the generator was behind: ".to_owned() + &"so ".repeat(60)];
        let text = plain(&report);
        assert!(text.contains("INVALID: no thresholds") && text.contains("  the generator"));
        fits(&text);
    }

    #[test]
    fn however_much_there_is_it_fits_and_tells_of_the_rest() {
        let mut report = sample::deleted_users();
        let crowd = report.thresholds.iter().cycle().take(20).cloned().collect();
        report.thresholds = crowd;
        report.findings = report.findings.iter().cycle().take(30).cloned().collect();
        report.faults = vec![FaultReport::default(); 40];
        let request = "GET /".to_owned() + &"so-on/".repeat(40);
        let (due, done, checks_failed) = (123_456_789, 123_456_789, 123_456_789);
        let verdicts = [("error".to_owned(), 123_456_789)].into();
        let most = 123_456_789;
        let most =
            Percentiles { count: most, p50: most, p90: most, p99: most, p999: most, max: most };
        let route =
            RouteReport { request, due, done, verdicts, checks_failed, ..RouteReport::default() };
        report.routes = vec![route; 30];
        let stage = StageReport { stage: "s".repeat(32), phase: ALL.into(), percentiles: most };
        report.stages = vec![stage; 16];
        report.stages_left_out = 123_456_789;
        for truth in report.matrix.values_mut() {
            for class in crate::outcome::Class::ALL {
                truth.insert(class.name().into(), 123_456_789);
            }
        }
        let text = plain(&report);
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
        (report.interrupted, report.valid, report.exit_code) = (true, false, Some(130));
        report.target = "http://".to_owned() + &"so-on.".repeat(40);
        for width in [60, 80, 99] {
            for line in summary(&report, Style::plain().within(width)).lines() {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
        assert!(text.contains("and 12 more in run.json"), "{text}");
        assert!(text.contains("and 24 more in run.json"), "{text}");
        assert!(text.lines().count() <= 96, "{}", text.lines().count());
    }

    #[test]
    fn no_text_of_others_acts_on_the_terminal() {
        let mut report = sample::strained();
        let hostile = "a\u{1b}[2J\u{202e}\r\u{9b}5m".to_owned();
        report.scenario.clone_from(&hostile);
        report.target.clone_from(&hostile);
        report.approach.clone_from(&hostile);
        report.started_at.clone_from(&hostile);
        report.plan_digest.clone_from(&hostile);
        (report.valid, report.reasons) = (false, vec![hostile.clone()]);
        report.routes[0].request.clone_from(&hostile);
        report.findings = vec![Finding {
            severity: Severity::Note,
            sentence: hostile.clone() + ", body: \\x1bc",
        }];
        report.faults = vec![FaultReport { text: hostile.clone(), ..FaultReport::default() }];
        let threshold =
            ThresholdReport { text: hostile.clone(), reason: hostile, ..<_>::default() };
        report.thresholds = vec![threshold];
        let text = plain(&report);
        let hidden = |c: char| c != '\n' && super::super::visible::is_hidden(c);
        assert!(!text.contains(hidden), "{text:?}");
        assert!(text.matches("␛[2J<U+202E>").count() >= 9, "{text}");
        assert!(text.contains("body: ␛c"), "{text}");
    }

    #[test]
    fn colours_change_nothing_but_colours() {
        let report = sample::deleted_users();
        let painted = summary(&report, Style::coloured());
        assert!(painted.contains("\u{1b}["));
        let mut stripped = String::new();
        let mut rest = painted.as_str();
        while let Some((before, after)) = rest.split_once("\u{1b}[") {
            stripped.push_str(before);
            rest = after.split_once('m').unwrap().1;
        }
        stripped.push_str(rest);
        assert_eq!(stripped, plain(&report));
    }
}
