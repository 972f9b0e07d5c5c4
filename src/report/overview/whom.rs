//! To whom answers that are not right were given: users that were changed, and requests by what was
//! true of them.

use crate::outcome::{Class, ClassSet, Truth, Verdict};
use crate::units::grouped;

use super::super::model::{LagReport, RunReport};
use super::super::wording::{counted, form, span};

/// Never empty: what the matrix cannot tell is told by the verdict's meaning.
pub(super) fn whom(report: &RunReport, verdict: Verdict, answers: u64) -> Vec<String> {
    let mut whom = changed_users(report, verdict);
    let matrix = match verdict {
        Verdict::FalseAccept => by_truth(report, |class| class == Class::Accepted),
        Verdict::Unavailable => by_truth(report, |class| UNAVAILABLE.contains(class)),
        Verdict::Error => by_truth(report, |class| {
            class != Class::Accepted && !class.is_reject() && !UNAVAILABLE.contains(class)
        }),
        _ => Vec::new(),
    };
    let must_accept = |(truth, _): &(Truth, u64)| *truth == Truth::MustAccept;
    let sum: u64 = matrix.iter().map(|(_, n)| n).sum();
    // Of users who must be let in, accepts are right.
    let told = matrix.into_iter().filter(|of| verdict != Verdict::FalseAccept || !must_accept(of));
    whom.extend(told.map(|(truth, n)| requests(n, of_truth(truth))));
    // Of those whose answer failed a check, some have a worse verdict.
    let checked = report.requests.checks_failed.min(answers.saturating_sub(sum));
    if verdict == Verdict::Error && checked > 0 {
        whom.push(requests(checked, "let in with a wrong answer"));
    }
    if whom.is_empty() {
        whom.push(requests(answers, of_verdict(verdict)));
    }
    whom
}

fn requests(n: u64, whose: &str) -> String {
    format!("{} {whose}", counted(n, "request", "requests"))
}

const UNAVAILABLE: ClassSet = ClassSet::of(&[Class::RateLimited, Class::StoreUnavailable]);

/// How many answers of these classes there were for each truth that is judged; zeros left out.
fn by_truth(report: &RunReport, is_meant: impl Fn(Class) -> bool) -> Vec<(Truth, u64)> {
    let count = |truth: Truth| -> u64 {
        let row = report.matrix.get(truth.name());
        let classes = Class::ALL.into_iter().filter(|class| is_meant(*class));
        row.map_or(0, |row| classes.filter_map(|class| row.get(class.name())).sum())
    };
    let judged = Truth::ALL.into_iter().filter(|truth| *truth != Truth::Grey);
    judged.map(|truth| (truth, count(truth))).filter(|(_, n)| *n > 0).collect()
}

fn of_truth(truth: Truth) -> &'static str {
    match truth {
        Truth::MustAccept => "of live users",
        Truth::MustRejectAbsent => "for users that do not exist",
        Truth::MustRejectDisabled => "for disabled users",
        Truth::MustRejectToken => "with a bad token",
        Truth::Grey => "of users that were being changed",
    }
}

/// Whose requests can have this verdict.
fn of_verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::FalseReject | Verdict::Misblamed => "of live users",
        Verdict::FalseAccept | Verdict::WrongCode => "that had to be turned away",
        Verdict::IdentitySwap => "of users that were taken for others",
        _ => "of users that the report does not tell apart",
    }
}

/// Users that were changed and wrongly treated since.
fn changed_users(report: &RunReport, verdict: Verdict) -> Vec<String> {
    let mut whom = Vec::new();
    let mut changed = |lag: &LagReport, what: &str| {
        let users = lag.wrong_users + lag.quiet.as_ref().map_or(0, |quiet| quiet.wrong_users);
        if users > 0 {
            let each = match lag.max {
                Some(max) => match max.high_ms {
                    Some(high) => format!(", each for up to {}", span(high)),
                    None => format!(", one for at least {}", span(max.low_ms)),
                },
                None => String::new(),
            };
            whom.push(format!("{} {what} {}{each}", grouped(users), form(users, "user", "users")));
        }
    };
    match verdict {
        Verdict::FalseAccept => changed(&report.revocation_lag, "removed"),
        Verdict::FalseReject => changed(&report.provisioning_lag, "new"),
        _ => {}
    }
    whom
}
