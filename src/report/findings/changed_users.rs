//! Findings about users that were changed: for how long the change did not show, and for whom.

use super::super::model::{Finding, LagBounds, LagReport, RunReport, Severity};
use super::super::wording::{counted, exact, form, span};
use super::{Context, bracketed, finding};

pub(super) fn findings(report: &RunReport, context: &Context) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(still_let_in(report, context));
    found.extend(still_turned_away(report, context));
    found.extend(never_turned_away(report));
    found.extend(never_let_in(report));
    found.extend(flaps(report));
    found.extend(kept_warm(report));
    found.extend(unseen(report));
    found
}

/// Whether such changes were made.
fn has(report: &RunReport, changes: &[&str], faults: &[&str]) -> bool {
    changes.iter().any(|change| report.changes.get(*change).is_some_and(|n| *n > 0))
        || report.faults.iter().any(|fault| faults.contains(&fault.kind.as_str()))
}

/// What the users are called whose changes the revocation lag is about.
fn removed(report: &RunReport) -> &'static str {
    let deleted = has(report, &["delete"], &["user-delete", "user-recreate", "churn"]);
    match (deleted, has(report, &["disable"], &["user-disable"])) {
        (true, false) => "deleted",
        (false, true) => "disabled",
        _ => "removed",
    }
}

/// The users of both cohorts that got a wrong answer.
fn wrong_users(lag: &LagReport) -> u64 {
    lag.wrong_users + lag.quiet.as_ref().map_or(0, |quiet| quiet.wrong_users)
}

/// `for up to 2.1 s`; `for at least 12 s` where it had not ended.
fn how_long(max: Option<LagBounds>) -> String {
    match max {
        Some(LagBounds { high_ms: Some(high), .. }) => format!(", for up to {}", span(high)),
        Some(LagBounds { low_ms, high_ms: None }) if low_ms > 0.0 => {
            format!(", for at least {}", span(low_ms))
        }
        _ => String::new(),
    }
}

fn still_let_in(report: &RunReport, context: &Context) -> Option<Finding> {
    let lag = &report.revocation_lag;
    let n = wrong_users(lag);
    let mut facts = Vec::new();
    if let Some(ttl) = context.cache_ttl {
        let invalidation = if context.invalidation { " with invalidation" } else { "" };
        facts.push(format!("cache TTL {}{invalidation}", exact(ttl)));
    }
    facts.extend(sync_lag(context));
    facts.extend(context.policies.iter().cloned());
    let removed = removed(report);
    let text = format!(
        "{removed} {} still let in{}{}",
        form(n, "user was", "users were"),
        how_long(lag.max),
        bracketed(&facts),
    );
    (n > 0).then(|| finding(Severity::Critical, numbered(n, &text)))
}

fn still_turned_away(report: &RunReport, context: &Context) -> Option<Finding> {
    let lag = &report.provisioning_lag;
    let n = wrong_users(lag);
    let mut facts: Vec<String> = sync_lag(context).into_iter().collect();
    if let Some(ttl) = context.negative_ttl {
        facts.push(format!("negative cache TTL {}", exact(ttl)));
    }
    facts.extend(context.policies.iter().cloned());
    let text = format!(
        "new {} turned away at first{}{}",
        form(n, "user was", "users were"),
        how_long(lag.max),
        bracketed(&facts),
    );
    (n > 0).then(|| finding(Severity::Wrong, numbered(n, &text)))
}

fn sync_lag(context: &Context) -> Option<String> {
    context.sync_lag.filter(|lag| !lag.is_zero()).map(|lag| format!("sync lag {}", exact(lag)))
}

fn numbered(n: u64, text: &str) -> String {
    format!("{} {text}", crate::units::grouped(n))
}

/// Censored users; while the run goes on, most of them are on their way.
fn never_turned_away(report: &RunReport) -> Option<Finding> {
    let n = report.revocation_lag.censored;
    let users = format!("{} {}", removed(report), form(n, "user", "users"));
    let (severity, text) = if report.partial {
        let are = form(n, "is", "are");
        (Severity::Note, format!("{users} {are} not turned away yet"))
    } else {
        (Severity::Critical, format!("{users} had not been turned away when the run ended"))
    };
    (n > 0).then(|| finding(severity, numbered(n, &text)))
}

fn never_let_in(report: &RunReport) -> Option<Finding> {
    let n = report.provisioning_lag.censored;
    let (severity, text) = if report.partial {
        (Severity::Note, format!("new {} not let in yet", form(n, "user is", "users are")))
    } else {
        let had = form(n, "user had", "users had");
        (Severity::Wrong, format!("new {had} not been let in when the run ended"))
    };
    (n > 0).then(|| finding(severity, numbered(n, &text)))
}

fn flaps(report: &RunReport) -> Vec<Finding> {
    let let_in = report.revocation_lag.flaps;
    let turned_away = report.provisioning_lag.flaps;
    let mut found = Vec::new();
    if let_in > 0 {
        let times = counted(let_in, "time", "times");
        let removed = removed(report);
        let text =
            format!("{times} a {removed} user was let in again after having been turned away");
        found.push(finding(Severity::Critical, text));
    }
    if turned_away > 0 {
        let times = counted(turned_away, "time", "times");
        let text = format!("{times} a new user was turned away again after having been let in");
        found.push(finding(Severity::Wrong, text));
    }
    found
}

/// Few quiet users prove nothing.
const ENOUGH_QUIET: u64 = 5;

/// The quiet cohort is asked for once, at the age at which probing of the others ends.
fn kept_warm(report: &RunReport) -> Option<Finding> {
    let lag = &report.revocation_lag;
    let quiet = lag.quiet.as_ref()?;
    // While the run goes on, many are not turned away only yet.
    let shows = !report.partial
        && lag.censored > 0
        && quiet.users >= ENOUGH_QUIET
        && quiet.wrong_users == 0;
    let text = format!(
        "Asking kept entries alive: {} of {} users asked for often were never turned away, none of \
         {} asked for once {} let in",
        lag.censored,
        lag.users,
        quiet.users,
        form(quiet.users, "was", "were"),
    );
    shows.then(|| finding(Severity::Wrong, text))
}

fn unseen(report: &RunReport) -> Option<Finding> {
    let n = report.revocation_lag.unseen + report.provisioning_lag.unseen;
    let users = counted(n, "changed user", "changed users");
    let text =
        format!("Nothing is known of {users}: no answer after the change let in or turned away");
    // While the run goes on, the answers are still to come.
    (n > 0 && !report.partial).then(|| finding(Severity::Doubt, text))
}
