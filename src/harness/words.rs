//! Faults and unexpected answers in words, for people.

use crate::fault::{Action, FaultPlan, LinkFault, LinkName, Misconfiguration, Selection};
use crate::identity::Change;
use crate::load::{Oddity, Specimen};
use crate::report::model::{UnexpectedAnswer, numbered};
use crate::scenario::{IdentityProof, Plan};
use crate::units::{format_span, grouped};

/// An answer that was kept, as reports show it.
pub fn unexpected(plan: &Plan, specimen: &Specimen) -> UnexpectedAnswer {
    let (kind, why) = match (&specimen.oddity, &plan.identity) {
        (Oddity::NoIdentity, IdentityProof::Header(name)) => {
            ("no_identity", format!("no header {name}"))
        }
        (Oddity::NoIdentity, IdentityProof::Json(pointer)) => {
            ("no_identity", format!("no JSON body that has a user at {pointer}"))
        }
        (Oddity::NoIdentity, IdentityProof::None) => ("no_identity", "no identity".to_owned()),
        (Oddity::Check(why), _) => ("check", why.clone()),
        (Oddity::Class, _) => ("class", String::new()),
    };
    let route = specimen.route.and_then(|route| plan.load.routes.get(route));
    UnexpectedAnswer {
        kind: kind.to_owned(),
        class: specimen.class.name().to_owned(),
        route: route.map(crate::load::Route::name).unwrap_or_default(),
        status: specimen.status,
        why,
        body: specimen.body.clone(),
    }
}

/// What the planned faults are called.
pub fn names(faults: &[FaultPlan]) -> Vec<String> {
    numbered(&faults.iter().map(|fault| fault.kind).collect::<Vec<_>>())
}

/// What a fault does: `delete 300 users`, `refuse the store link`.
pub fn describe(fault: &FaultPlan) -> String {
    match &fault.action {
        Action::ChangeUsers { change, who, over, gap } => {
            let spread = if over.is_zero() {
                String::new()
            } else {
                format!(" over {}", format_span(*over))
            };
            let gap = match change {
                Change::Recreate => format!(", gone for {}", format_span(*gap)),
                _ => String::new(),
            };
            let verb = match change {
                Change::Recreate => "delete and re-create",
                other => other.name(),
            };
            format!("{verb} {}{spread}{gap}", users(*who))
        }
        Action::Churn { rate } => format!("delete and create users, {rate}"),
        Action::Link { link, mode } => describe_link(*link, *mode),
        Action::Sync(sync) => {
            let mut parts = Vec::new();
            if !sync.lag.is_zero() {
                parts.push(format!("delay by {}", format_span(sync.lag)));
            }
            if sync.pause {
                parts.push("pause".to_owned());
            }
            let shares =
                [("lose", sync.drop), ("repeat", sync.duplicate), ("reorder", sync.reorder)];
            let shares = shares.into_iter().filter(|(_, share)| share.fraction() > 0.0);
            parts.extend(shares.map(|(verb, share)| format!("{verb} {share}")));
            format!("sync: {}", parts.join(", "))
        }
        Action::FlushCache => "empty the gateway's cache".to_owned(),
        Action::Mutate { kinds, share } => {
            format!("{share} of requests carry {}", kinds.join(", "))
        }
        Action::Misconfigure(how) => match how {
            Misconfiguration::Claim(claim) => format!("gateway reads the user from \"{claim}\""),
            Misconfiguration::Prefix(prefix) => {
                format!("gateway puts \"{prefix}\" before subjects")
            }
            Misconfiguration::LowerCase => "gateway lower-cases subjects".to_owned(),
            Misconfiguration::WrongDirectory => "gateway asks the wrong directory".to_owned(),
        },
    }
}

fn users(who: Selection) -> String {
    match who {
        Selection::Share(share) => format!("{share} of the users"),
        Selection::Count(1) => "1 user".to_owned(),
        Selection::Count(count) => format!("{} users", grouped(u64::from(count))),
    }
}

fn describe_link(link: LinkName, mode: LinkFault) -> String {
    let link = match link {
        LinkName::Store => "store",
        LinkName::Cache => "cache",
        LinkName::Idp => "identity provider",
    };
    match mode {
        LinkFault::Refuse => format!("refuse the {link} link"),
        LinkFault::BlackHole => format!("swallow what goes over the {link} link"),
        LinkFault::Reset => format!("reset the {link} link"),
        LinkFault::Delay { latency, jitter } if jitter.is_zero() => {
            format!("delay the {link} link by {}", format_span(latency))
        }
        LinkFault::Delay { latency, jitter } => {
            format!("delay the {link} link by {} ± {}", format_span(latency), format_span(jitter))
        }
    }
}

/// What the hits of a fault are.
pub fn hit_unit(action: &Action) -> &'static str {
    match action {
        Action::ChangeUsers { .. } => "users",
        Action::Churn { .. } | Action::Sync(_) => "changes",
        Action::Link { mode: LinkFault::Refuse | LinkFault::Reset, .. } => "connections",
        Action::Link { .. } => "pieces",
        Action::FlushCache => "entries",
        Action::Mutate { .. } | Action::Misconfigure(_) => "requests",
    }
}
