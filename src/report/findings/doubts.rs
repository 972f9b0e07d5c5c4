//! Findings about the measurement itself, and figures that are neither right nor wrong.

use crate::outcome::Verdict;
use crate::units::grouped;

use super::super::model::{Finding, RunReport, Severity};
use super::super::wording::{counted, exact, form, percent, share, span};
use super::{Context, finding};

pub(super) fn findings(report: &RunReport, context: &Context) -> Vec<Finding> {
    let mut found = faults_without_hit(report);
    found.extend(context.insecure.then(any_certificate));
    found.extend(generator_behind(report, context));
    found.extend(unsent(report));
    found.extend(censored(report));
    found.extend(grey(report));
    found.extend(machine_busy(report));
    found.extend(debug_build(report));
    found.extend(lookups(report));
    found.extend(stampede(report));
    found
}

fn faults_without_hit(report: &RunReport) -> Vec<Finding> {
    let bit = |fault: &&super::super::model::FaultReport| fault.hits == 0;
    let text = |fault: &super::super::model::FaultReport| {
        let at = span(fault.at * 1e3);
        finding(
            Severity::Doubt,
            format!("The fault {} at {at} had 0 hits: nothing was tested by it", fault.kind),
        )
    };
    // Those after the end of a run that was cut short have not begun.
    let begun = |fault: &&super::super::model::FaultReport| {
        !(report.partial || report.interrupted) || fault.at < report.load_s
    };
    report.faults.iter().filter(bit).filter(begun).map(text).collect()
}

fn any_certificate() -> Finding {
    let text = "The target's certificate was not checked (target.tls.insecure), so whoever \
                answered may not have been the target";
    finding(Severity::Doubt, text)
}

fn generator_behind(report: &RunReport, context: &Context) -> Option<Finding> {
    let limit = context.send_lag_limit?;
    let p99 = report.send_lag.p99;
    let text = format!(
        "The generator was behind: one request in a hundred was sent {} late or more (limit {})",
        span(p99 as f64 / 1e3),
        exact(limit),
    );
    (u128::from(p99) > limit.as_micros()).then(|| finding(Severity::Doubt, text))
}

fn unsent(report: &RunReport) -> Option<Finding> {
    let n = report.requests.unsent;
    let text = format!(
        "{} never sent ({}), because no connection was free in time",
        counted(n, "request was", "requests were"),
        percent(n, report.requests.due),
    );
    (n > 0).then(|| finding(Severity::Doubt, text))
}

fn censored(report: &RunReport) -> Option<Finding> {
    let n = report.requests.censored;
    let oldest = report.requests.censored_age.max;
    let age = match oldest {
        0 => String::new(),
        oldest => format!(", {} {}", form(n, "for", "the oldest for"), span(oldest as f64 / 1e3)),
    };
    let requests = counted(n, "request was", "requests were");
    let text = format!("{requests} still without an answer when the run ended{age}");
    (n > 0).then(|| finding(Severity::Doubt, text))
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

/// Above this share of the machine, waiting for a core is part of every latency.
const BUSY: f64 = 0.9;

fn machine_busy(report: &RunReport) -> Option<Finding> {
    let worst = report.generator.workers.iter().map(|w| w.cpu_share).fold(0.0, f64::max);
    if worst > BUSY {
        let text = format!("A worker of the generator used {} of a core", share(worst));
        return Some(finding(Severity::Doubt, text));
    }
    let workers: f64 = report.generator.workers.iter().map(|w| w.cpu_share).sum();
    let stack = report.stack.as_ref().map_or(0.0, |stack| stack.cpu_share);
    let used = workers + stack;
    let cores = report.machine.cores;
    let text = format!(
        "The machine was busy: generator and stack used {used:.1} of {}, so latencies include \
         waiting for one",
        counted(cores, "core", "cores"),
    );
    (cores > 0 && used > BUSY * cores as f64).then(|| finding(Severity::Note, text))
}

fn debug_build(report: &RunReport) -> Option<Finding> {
    let text = "This build is not optimised: latencies are those of the build, use --release";
    report.build.debug.then(|| finding(Severity::Note, text))
}

fn lookups(report: &RunReport) -> Option<Finding> {
    let lookups = report.lookups.filter(|lookups| lookups.total > 0)?;
    let hits = match lookups.cache_hit_share {
        Some(hits) => format!(", {} of the gateway's cache look-ups found an entry", share(hits)),
        None => String::new(),
    };
    let text = format!(
        "The store was asked {}, {:.2} for each request{hits}",
        counted(lookups.total, "time", "times"),
        lookups.per_request,
    );
    let severity = if lookups.per_request > 1.05 { Severity::Wrong } else { Severity::Note };
    Some(finding(severity, text))
}

/// More lookups than requests in one second: several of them for one request, or for one user.
const STAMPEDE: f64 = 1.5;

fn stampede(report: &RunReport) -> Option<Finding> {
    let peak = report.lookups?.peak_per_request.filter(|peak| *peak > STAMPEDE)?;
    let text = format!("In the worst second the store was asked {peak:.1} times for each request");
    Some(finding(Severity::Wrong, text))
}
