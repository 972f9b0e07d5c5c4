//! What could not be judged, and figures that are neither right nor wrong. What is wrong with the
//! measurement itself is the business of [`diagnosis`](super::super::diagnosis).

use crate::outcome::Verdict;
use crate::units::grouped;

use super::super::model::{ByName, FaultReport, Finding, RunReport, Severity};
use super::super::wording::{counted, form, instant, micros, percent, ranked, ratio, share};
use super::{Context, finding};

pub(super) fn findings(report: &RunReport, _: &Context) -> Vec<Finding> {
    let mut found = faults_without_hit(report);
    found.extend(censored(report));
    found.extend(grey(report));
    found.extend(warm_up(report));
    found.extend(lookups(report));
    found.extend(stampede(report));
    found
}

fn faults_without_hit(report: &RunReport) -> Vec<Finding> {
    // One that is under way may still bite.
    let is_going = |fault: &FaultReport| report.partial && fault.until.is_none();
    let bit = |fault: &&FaultReport| fault.hits == 0 && !is_going(fault);
    let text = |fault: &FaultReport| {
        let at = instant(fault.at);
        finding(
            Severity::Doubt,
            format!("The fault {} at {at} s had 0 hits: nothing was tested by it", fault.kind),
        )
    };
    // Those after the end of a run that was cut short have not begun.
    let begun =
        |fault: &&FaultReport| !(report.partial || report.interrupted) || fault.at < report.load_s;
    report.faults.iter().filter(bit).filter(begun).map(text).collect()
}

fn censored(report: &RunReport) -> Option<Finding> {
    let n = report.requests.censored;
    let oldest = report.requests.censored_age.max;
    let age = match oldest {
        0 => String::new(),
        oldest => format!(", {} {}", form(n, "for", "the oldest for"), micros(oldest)),
    };
    let requests = counted(n, "request was", "requests were");
    let text = format!("{requests} still without an answer when the run ended{age}");
    (n > 0 && !report.partial).then(|| finding(Severity::Doubt, text))
}

/// Below this share, unjudged answers are not worth a sentence.
const WORTH_TELLING: f64 = 0.01;

fn grey(report: &RunReport) -> Option<Finding> {
    let n = report.verdicts.of(Verdict::Grey.name());
    let all = report.verdicts.sum();
    let part = n as f64 / all.max(1) as f64;
    let severity = match part {
        part if part > 0.5 => Severity::Doubt,
        part if part >= WORTH_TELLING => Severity::Note,
        _ => return None,
    };
    let text = format!(
        "{} of {} answers ({}) {} not judged: a change of the user was under way",
        grouped(n),
        grouped(all),
        percent(n, all),
        form(n, "was", "were"),
    );
    Some(finding(severity, text))
}

/// Totals leave warm-up out, so that nobody would hear of it.
fn warm_up(report: &RunReport) -> Option<Finding> {
    let phases = report.phases.iter().filter(|phase| phase.warm_up);
    let verdicts = phases.filter_map(|phase| report.verdicts.by_phase.get(&phase.name));
    let mut all = ByName::new();
    for (name, count) in verdicts.flatten() {
        *all.entry(name.clone()).or_default() += count;
    }
    let bad = |verdict: &Verdict| verdict.is_wrong() || *verdict == Verdict::Unavailable;
    let bad = Verdict::ALL.into_iter().filter(bad);
    let bad = bad.map(|verdict| (verdict.name(), all.get(verdict.name()).copied().unwrap_or(0)));
    let n: u64 = bad.clone().map(|(_, count)| count).sum();
    let text = format!(
        "{} of {} in warm-up {} not right ({}): no total has {}, but the target may not have been ready \
         for load",
        grouped(n),
        counted(all.values().sum(), "answer", "answers"),
        form(n, "was", "were"),
        ranked(bad, Verdict::COUNT),
        form(n, "it", "them"),
    );
    (n > 0).then(|| finding(Severity::Doubt, text))
}

fn lookups(report: &RunReport) -> Option<Finding> {
    let lookups = report.lookups.filter(|lookups| lookups.total > 0)?;
    let hits = match lookups.cache_hit_share {
        Some(hits) => format!(", {} of the gateway's cache look-ups found an entry", share(hits)),
        None => String::new(),
    };
    // The link does not tell for which phase it was asked.
    let warm_up = report.phases.iter().any(|phase| phase.warm_up);
    let more = if warm_up { ", warm-up included" } else { "" };
    let text = format!(
        "The store was asked {}, {} for each request{hits}{more}",
        counted(lookups.total, "time", "times"),
        ratio(lookups.per_request),
    );
    let severity = if lookups.per_request > 1.05 { Severity::Wrong } else { Severity::Note };
    Some(finding(severity, text))
}

/// More lookups than requests in one second: several of them for one request, or for one user.
const STAMPEDE: f64 = 1.5;

fn stampede(report: &RunReport) -> Option<Finding> {
    let peak = report.lookups?.peak_per_request.filter(|peak| *peak > STAMPEDE)?;
    let peak = ratio(peak);
    let text = format!(
        "In the worst second the store was asked {peak} times for each request, where once is \
         enough: it was asked again after errors, or by several for the same user"
    );
    Some(finding(Severity::Wrong, text))
}
