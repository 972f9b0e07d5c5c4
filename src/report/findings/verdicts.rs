//! Findings about answers: who was let in or turned away wrongly, and what failed.

use std::collections::BTreeMap;

use crate::outcome::{Class, ClassSet, Truth, Verdict};
use crate::units::grouped;

use super::super::model::{FaultReport, Finding, RunReport, Severity};
use super::super::overview::{unavailable_is_honest, without_fault};
use super::super::wording::{counted, form, percent, ranked};
use super::{Context, bracketed, cell, finding};

pub(super) fn findings(report: &RunReport, _: &Context) -> Vec<Finding> {
    let groups = [
        identity_swaps,
        bad_tokens,
        unknown_users,
        false_rejects,
        misblamed,
        wrong_codes,
        missing_challenge,
        errors,
        unavailable,
        nothing_wrong,
    ];
    groups.into_iter().filter_map(|group| group(report)).collect()
}

fn of(report: &RunReport, verdict: Verdict) -> u64 {
    report.verdicts.of(verdict.name())
}

/// ` (store-outage 118)`: the faults during which this verdict fell, with how often.
fn during(report: &RunReport, verdict: Verdict) -> String {
    let count = |fault: &FaultReport| fault.verdicts.get(verdict.name()).copied().unwrap_or(0);
    let mut kinds = BTreeMap::new();
    for fault in &report.faults {
        *kinds.entry(fault.kind.as_str()).or_default() += count(fault);
    }
    let faults = ranked(kinds, 3);
    if faults.is_empty() { faults } else { format!("; during {faults}") }
}

fn identity_swaps(report: &RunReport) -> Option<Finding> {
    let n = of(report, Verdict::IdentitySwap);
    let text = format!("{} let in as somebody else", counted(n, "request was", "requests were"));
    (n > 0).then(|| finding(Severity::Critical, text))
}

fn bad_tokens(report: &RunReport) -> Option<Finding> {
    let n = cell(report, Truth::MustRejectToken.name(), Class::Accepted.name());
    let accepts = report.mutations.iter().map(|(kind, verdicts)| {
        (kind.as_str(), verdicts.get(Verdict::FalseAccept.name()).copied().unwrap_or(0))
    });
    let kinds = ranked(accepts, 3);
    let kinds = if kinds.is_empty() { kinds } else { format!(": {kinds}") };
    let requests = counted(n, "request", "requests");
    let text = format!("{requests} with a bad token {} let in{kinds}", form(n, "was", "were"));
    (n > 0).then(|| finding(Severity::Critical, text))
}

/// Accepts that the lags of changed users do not tell of.
fn unknown_users(report: &RunReport) -> Option<Finding> {
    let lag = &report.revocation_lag;
    let told = lag.wrong_users + lag.quiet.as_ref().map_or(0, |quiet| quiet.wrong_users);
    let absent = cell(report, Truth::MustRejectAbsent.name(), Class::Accepted.name());
    let disabled = cell(report, Truth::MustRejectDisabled.name(), Class::Accepted.name());
    let n = absent + disabled;
    let whose = match (absent, disabled) {
        (_, 0) => "users that do not exist",
        (0, _) => "disabled users",
        _ => "users that do not exist or are disabled",
    };
    let text = format!("{} of {whose} let in", counted(n, "request", "requests"));
    let text = text.replace(" let in", form(n, " was let in", " were let in"));
    (n > 0 && told == 0).then(|| finding(Severity::Critical, text))
}

fn false_rejects(report: &RunReport) -> Option<Finding> {
    let n = of(report, Verdict::FalseReject);
    // The matrix does not tell the two reasons apart, so classes are named only where there is one.
    let alone = of(report, Verdict::Misblamed) == 0;
    let classes = ClassSet::REJECTS
        .iter()
        .map(|class| (class.name(), cell(report, Truth::MustAccept.name(), class.name())));
    let classes = if alone { ranked(classes, 3) } else { String::new() };
    let why = if classes.is_empty() { classes } else { format!(": {classes}") };
    let requests = counted(n, "request", "requests");
    let were = form(n, "a live user was", "live users were");
    let text = format!("{requests} of {were} turned away{why}");
    (n > 0).then(|| finding(Severity::Wrong, text))
}

fn misblamed(report: &RunReport) -> Option<Finding> {
    let n = of(report, Verdict::Misblamed);
    let requests = counted(n, "request", "requests");
    let were = form(n, "a live user was", "live users were");
    let during = during(report, Verdict::Misblamed);
    let text = format!("{requests} of {were} turned away while the store was faulted{during}");
    (n > 0).then(|| finding(Severity::Wrong, text))
}

fn wrong_codes(report: &RunReport) -> Option<Finding> {
    let n = of(report, Verdict::WrongCode);
    let requests = counted(n, "request was", "requests were");
    let text =
        format!("{requests} turned away rightly, but for a wrong reason or without the challenge");
    (n > 0).then(|| finding(Severity::Wrong, text))
}

fn missing_challenge(report: &RunReport) -> Option<Finding> {
    let n = report.missing_challenge;
    let answers = counted(n, "answer was 401", "answers were 401");
    let text =
        format!("{answers} without the WWW-Authenticate challenge that RFC 9110 §15.5.2 demands");
    (n > 0).then(|| finding(Severity::Wrong, text))
}

const FAILURES: [Class; 8] = [
    Class::GatewayError,
    Class::Timeout,
    Class::ConnectRefused,
    Class::ConnectionReset,
    Class::Tls,
    Class::Dns,
    Class::ProtocolError,
    Class::Unclassified,
];

fn errors(report: &RunReport) -> Option<Finding> {
    let n = of(report, Verdict::Error);
    let kinds = FAILURES.map(|class| (class.name(), report.classes.of(class.name())));
    let kinds = ranked(kinds, 4);
    let kinds = if kinds.is_empty() { kinds } else { format!(": {kinds}") };
    let of_all = percent(n, report.verdicts.sum());
    let requests = counted(n, "request", "requests");
    let during = during(report, Verdict::Error);
    let text = format!("{requests} failed ({of_all}){kinds}{during}");
    (n > 0).then(|| finding(Severity::Wrong, text))
}

fn unavailable(report: &RunReport) -> Option<Finding> {
    let n = of(report, Verdict::Unavailable);
    let limited = report.classes.of(Class::RateLimited.name());
    let limited = match limited {
        0 => Vec::new(),
        limited => vec![format!("{} of these by a rate limit", grouped(limited))],
    };
    let of_all = percent(n, report.verdicts.sum());
    let without = match without_fault(report, Verdict::Unavailable) {
        0 => String::new(),
        without if without == n => "; no fault was under way".to_owned(),
        without => format!("; {} while no fault was under way", grouped(without)),
    };
    let text = format!(
        "{} told that the gateway could not find out ({of_all}){}{}{without}",
        counted(n, "request was", "requests were"),
        bracketed(&limited),
        during(report, Verdict::Unavailable),
    );
    let severity = if unavailable_is_honest(report) { Severity::Note } else { Severity::Wrong };
    (n > 0).then(|| finding(severity, text))
}

fn nothing_wrong(report: &RunReport) -> Option<Finding> {
    use Verdict::{
        CorrectAccept, CorrectReject, Error, FalseAccept, FalseReject, IdentitySwap, Misblamed,
        Unavailable, WrongCode,
    };
    let sum = |verdicts: &[Verdict]| verdicts.iter().map(|v| of(report, *v)).sum::<u64>();
    let correct = sum(&[CorrectAccept, CorrectReject]);
    let wrong = sum(&[FalseReject, FalseAccept, IdentitySwap, Misblamed, WrongCode]);
    if correct == 0 || wrong > 0 {
        return None;
    }
    let text = match (sum(&[Unavailable, Error]), correct) {
        (0, 1) => "The one answer that could be judged was correct".to_owned(),
        (0, n) => format!("All {} answers that could be judged were correct", grouped(n)),
        (_, n) => format!(
            "Nobody was let in or turned away wrongly: {} correct",
            counted(n, "answer was", "answers were")
        ),
    };
    Some(finding(Severity::Good, text))
}
