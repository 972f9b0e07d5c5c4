//! The parts of the page that change: each a piece of HTML with a name.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use maud::{Markup, html};

use super::super::moment::{End, EntryKind, Moment, Standing};
use super::charts;
use crate::live::feed::step_text;
use crate::measure::LatencyKind;
use crate::outcome::Verdict;
use crate::report::model::{Finding, Percentiles, Severity, ThresholdReport};
use crate::report::overview::unavailable_is_honest;
use crate::report::wording::{hits, micros, percent};
use crate::report::{ActiveFault, RunReport};
use crate::units::grouped;

/// The most entries of the log on the page.
const MOST_ENTRIES: usize = 40;

/// The parts of a moment.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The moment's number.
    pub number: u64,
    /// All of them, in no order: the page's frame has their places.
    pub all: Vec<Part>,
    /// What a screen reader should say when it changes: phase, faults, wrong answers.
    pub spoken: String,
    /// Whether the run is over: the page becomes the report.
    pub over: bool,
}

/// One part.
#[derive(Clone, Debug)]
pub struct Part {
    /// The `id` of the element that it stands in.
    pub name: String,
    /// What stands in it.
    pub html: String,
    /// Equal for equal texts.
    pub digest: u64,
}

impl Part {
    fn new(name: &str, markup: Markup) -> Self {
        let html = markup.into_string();
        let mut hasher = DefaultHasher::new();
        html.hash(&mut hasher);
        Self { name: name.to_owned(), html, digest: hasher.finish() }
    }
}

impl Parts {
    /// The parts of a moment.
    pub fn of(moment: &Moment) -> Self {
        let mut all = vec![Part::new("state", state(moment)), Part::new("log", log(moment))];
        if let Some(standing) = &moment.standing {
            all.extend([
                Part::new("progress", progress(standing)),
                Part::new("answers", answers(standing)),
                Part::new("rates", rates(standing)),
                Part::new("times", times(standing)),
                Part::new("verdicts", verdicts(standing)),
                Part::new("faults", faults(standing)),
                Part::new("findings", findings(&standing.report.findings)),
            ]);
            if let Some(course) = &moment.course {
                let drawn = charts::drawn(standing, course).into_iter();
                all.extend(drawn.map(|(name, markup)| Part::new(&name, markup)));
            }
        }
        Self { number: moment.number, all, spoken: spoken(moment), over: moment.end.is_some() }
    }

    /// The HTML of a part; empty where there is none.
    pub fn html(&self, name: &str) -> &str {
        self.all.iter().find(|part| part.name == name).map_or("", |part| &part.html)
    }
}

/// What the run is doing, as the label beside its name.
fn state(moment: &Moment) -> Markup {
    let (tone, text) = match (&moment.end, &moment.standing, moment.step) {
        (Some(End::Finished { report, .. }), ..) => match (report.valid, report.exit_code) {
            (true, Some(0)) => ("good", "Passed".to_owned()),
            (true, _) => ("bad", "Ended".to_owned()),
            (false, _) => ("doubt", "Invalid".to_owned()),
        },
        (Some(End::GaveUp), ..) => ("bad", "Could not be carried out".to_owned()),
        (None, Some(standing), _) if standing.row.phase.is_empty() => ("", "Draining".to_owned()),
        (None, Some(standing), _) => ("", standing.row.phase.clone()),
        (None, None, Some(step)) => ("", step_text(&step)),
        (None, None, None) => ("", "Preparing".to_owned()),
    };
    html! { span class={ "label " (tone) } { (text) } }
}

/// How far it is.
fn progress(standing: &Standing) -> Markup {
    let (now, all) = (standing.elapsed.as_secs_f64(), standing.length.as_secs_f64());
    html! {
        progress max=(format!("{all:.0}")) value=(format!("{:.0}", now.min(all))) aria-label="Load" {}
        p.note { (format!("{now:.0} of {all:.0} s of load")) " · seed " (standing.report.seed) }
    }
}

/// What went wrong so far, in numbers that are wrong if they are not 0.
fn answers(standing: &Standing) -> Markup {
    // Warm-up is left out, as in the report that the page becomes.
    let count = |verdict: Verdict| standing.report.verdicts.of(verdict.name());
    let wrong = [
        (Verdict::FalseAccept, "let in who must not be"),
        (Verdict::IdentitySwap, "let in as somebody else"),
        (Verdict::FalseReject, "turned away live users"),
        (Verdict::Misblamed, "blamed live users for an outage"),
        (Verdict::WrongCode, "turned away rightly, for a wrong reason"),
        (Verdict::Error, "failed"),
    ];
    let met: Vec<_> = wrong.into_iter().filter(|(verdict, _)| count(*verdict) > 0).collect();
    let thresholds = &standing.report.thresholds;
    // One without a figure, such as of a phase to come, is neither held nor missed yet.
    let open = thresholds.iter().filter(|threshold| threshold.value.is_none()).count();
    let is_missed = |judged: &&ThresholdReport| !judged.pass && judged.value.is_some();
    let missed: Vec<_> = thresholds.iter().filter(is_missed).collect();
    let judged = thresholds.len() - open;
    let unavailable = count(Verdict::Unavailable);
    let tone = match (met.is_empty(), unavailable) {
        (false, _) => "bad",
        (true, 0) => "good",
        // Honest as it may be, nobody was served.
        _ if unavailable_is_honest(&standing.report) => "",
        _ => "doubt",
    };
    html! {
        div.card.(tone) {
            h3 { "Wrong so far" }
            @if met.is_empty() {
                p.verdict { "nothing" }
                p.note { "of " (grouped(standing.report.requests.done)) " answers" }
            } @else {
                p.verdict { (grouped(met.iter().map(|(verdict, _)| count(*verdict)).sum())) " answers" }
                ul { @for (verdict, words) in met { li { (grouped(count(verdict))) " " (words) } } }
            }
            @if unavailable > 0 {
                p.note { "besides, " (grouped(unavailable)) " told that the gateway could not find out" }
            }
        }
        div.card.(if missed.is_empty() { "good" } else { "doubt" }) {
            h3 { "Thresholds so far" }
            @if thresholds.is_empty() {
                p.verdict { "none set" }
            } @else {
                p.verdict { (judged - missed.len()) " of " (judged) " hold" }
                @if open > 0 { p.note { (open) " not measured yet" } }
                ul { @for threshold in missed { li { code { (threshold.text) } ": " (threshold.measured()) } } }
            }
        }
        div.card {
            h3 { "Faults under way" }
            @let under_way: Vec<_> = standing.faults.iter().filter(|fault| !fault.over).collect();
            @if under_way.is_empty() { p.verdict { "none" } }
            @for fault in under_way {
                p.verdict.kind { (fault.name) }
                p.note { (left(fault, standing)) }
                p.note { (hits(fault.hits, fault.hit_unit)) " hit so far" }
            }
        }
    }
}

fn left(fault: &ActiveFault, standing: &Standing) -> String {
    match fault.until {
        _ if fault.over => "ended".to_owned(),
        None => "at an instant".to_owned(),
        Some(until) => {
            let left = until.saturating_sub(standing.elapsed).as_secs_f64();
            format!("{left:.0} s left: {}", fault.text)
        }
    }
}

fn rates(standing: &Standing) -> Markup {
    let row = &standing.row;
    let rows = [
        ("offered", row.due, standing.due),
        ("sent", row.sent, standing.sent),
        ("done", row.done, standing.done),
    ];
    html! {
        table {
            caption { "Requests: " (grouped(row.in_flight)) " in flight" }
            thead { tr { th scope="col" { "" } th.figure scope="col" { "a second" } th.figure scope="col" { "so far" } } }
            tbody {
                @for (name, now, all) in rows {
                    tr { th scope="row" { (name) } td.figure { (grouped(now)) } td.figure { (grouped(all)) } }
                }
            }
        }
    }
}

fn times(standing: &Standing) -> Markup {
    let overall = standing.report.overall(LatencyKind::Response);
    let now: Option<Percentiles> = standing.now.map(Into::into);
    let lag = standing.row.send_lag_p99_us;
    let rows = [("last second", now), ("overall", overall)];
    html! {
        table {
            caption {
                "Response time. The generator's own send lag, p99: " (lag.map_or_else(|| "none".to_owned(), micros))
            }
            thead { tr {
                th scope="col" { "" }
                @for head in ["p50", "p90", "p99", "p99.9", "max"] { th.figure scope="col" { (head) } }
            } }
            tbody {
                @for (name, times) in rows {
                    tr {
                        th scope="row" { (name) }
                        @match times.filter(|times| times.count > 0) {
                            Some(p) => {
                                @for us in [p.p50, p.p90, p.p99, p.p999, p.max] { td.figure { (micros(us)) } }
                            }
                            None => { td colspan="5" { "no answer yet" } }
                        }
                    }
                }
            }
        }
    }
}

fn verdicts(standing: &Standing) -> Markup {
    let met = Verdict::ALL.into_iter().filter(|verdict| standing.verdicts[verdict.index()] > 0);
    html! {
        table {
            caption { "Verdicts of all phases" }
            thead { tr {
                th scope="col" { "verdict" } th.figure scope="col" { "a second" }
                th.figure scope="col" { "so far" } th.figure scope="col" { "share" }
            } }
            tbody {
                @for verdict in met {
                    @let count = standing.verdicts[verdict.index()];
                    tr {
                        th scope="row" { code { (verdict.name()) } }
                        td.figure { (grouped(standing.row.verdicts[verdict.index()])) }
                        td.figure { (grouped(count)) }
                        td.figure { (percent(count, standing.done)) }
                    }
                }
            }
        }
    }
}

fn faults(standing: &Standing) -> Markup {
    let report: &RunReport = &standing.report;
    html! {
        @if report.faults.is_empty() { p.note { "None has begun." } } @else {
            table {
                thead { tr {
                    th scope="col" { "fault" } th scope="col" { "what" } th.figure scope="col" { "from" }
                    th.figure scope="col" { "to" } th.figure scope="col" { "hits" }
                } }
                tbody {
                    @for (fault, name) in report.faults.iter().zip(report.fault_names()) {
                        tr {
                            th scope="row" { (name) }
                            td { bdi { (fault.told()) } }
                            td.figure { (format!("{:.1} s", fault.at)) }
                            td.figure { (fault.until.map_or_else(|| "–".to_owned(), |until| format!("{until:.1} s"))) }
                            td.figure { (hits(fault.hits, &fault.hit_unit)) }
                        }
                    }
                }
            }
        }
    }
}

fn findings(findings: &[Finding]) -> Markup {
    let tone = |severity: Severity| match severity {
        Severity::Critical => ("bad", "critical"),
        Severity::Wrong => ("bad", "wrong"),
        Severity::Doubt => ("doubt", "doubt"),
        Severity::Note => ("", "note"),
        Severity::Good => ("good", "good"),
    };
    html! {
        @if findings.is_empty() { p.note { "None yet." } } @else {
            ul.findings {
                @for finding in findings {
                    @let (tone, word) = tone(finding.severity);
                    li { span class={ "label " (tone) } { (word) } " " (finding.text()) }
                }
            }
        }
    }
}

/// What happened, the newest first.
fn log(moment: &Moment) -> Markup {
    html! {
        ol.log reversed {
            @for entry in moment.log.iter().rev().take(MOST_ENTRIES) {
                li.(if is_fault(entry.kind) { "fault" } else { "" }) {
                    span.at { @if let Some(at) = entry.at { (format!("{:.1} s", at.as_secs_f64())) } }
                    bdi { (entry.text) }
                }
            }
        }
    }
}

fn is_fault(kind: EntryKind) -> bool {
    matches!(kind, EntryKind::FaultBegan | EntryKind::FaultEnded)
}

/// A sentence that changes only when there is something to be told.
fn spoken(moment: &Moment) -> String {
    match &moment.end {
        Some(End::Finished { .. }) => return "The run has ended. The report follows.".to_owned(),
        Some(End::GaveUp) => return "The run could not be carried out.".to_owned(),
        None => {}
    }
    moment.log.last().map_or_else(String::new, |entry| format!("{}.", entry.text))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::live::sample;

    #[test]
    fn what_a_target_or_a_scenario_says_stays_text() {
        let parts = Parts::of(&sample::in_an_outage());
        let page = super::super::render::page(&parts, sample::HOSTILE, sample::HOSTILE);
        assert!(!page.contains(sample::HOSTILE), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        let data = page.matches("<script type=\"application/json\"").count();
        assert_eq!(page.matches("<script").count() - data, 1, "the page's own");
        assert!(!page.contains("style="), "the page's policy forbids styles in attributes");
    }

    #[test]
    fn a_threshold_without_a_figure_is_neither_held_nor_missed() {
        let parts = Parts::of(&sample::in_an_outage());
        let answers = parts.html("answers");
        assert!(
            answers.contains("0 of 1 hold") && answers.contains("1 not measured yet"),
            "{answers}"
        );
        assert!(answers.contains("12 answers") && answers.contains("let in who must not be"));
    }

    #[test]
    fn a_fault_under_way_shows_its_hits_so_far() {
        let parts = Parts::of(&sample::in_an_outage());
        let (faults, answers) = (parts.html("faults"), parts.html("answers"));
        assert!(faults.contains(">1,760 connections<"), "{faults}");
        assert!(faults.contains(">412 connections<"), "{faults}");
        assert!(answers.contains("412 connections hit so far"), "{answers}");
    }

    #[test]
    fn one_hit_is_told_as_one() {
        let mut moment = sample::in_an_outage();
        let mut standing = moment.standing.as_deref().unwrap().clone();
        standing.faults[0].hits = 1;
        moment.standing = Some(Arc::new(standing));
        let parts = Parts::of(&moment);
        let answers = parts.html("answers");
        assert!(answers.contains(">1 connection hit so far<"), "{answers}");
    }

    #[test]
    fn equal_parts_have_equal_digests() {
        let (before, after) = (Parts::of(&sample::minting()), Parts::of(&sample::in_an_outage()));
        let digest =
            |parts: &Parts, name| parts.all.iter().find(|p| p.name == name).unwrap().digest;
        assert_eq!(digest(&after, "rates"), digest(&Parts::of(&sample::in_an_outage()), "rates"));
        assert_ne!(digest(&before, "log"), digest(&after, "log"));
        assert!(before.html("rates").is_empty());
    }
}
