//! Faults held against each other and against the rest of the plan.

use std::time::Duration;

use super::timeline::Placed;
use crate::arrival::PhasePlan;
use crate::fault::{Action, LinkName, Selection};
use crate::gateway::Policies;
use crate::identity::Change;
use crate::oracle::FaultWindows;
use crate::population::PopulationPlan;
use crate::scenario::plan::TargetPlan;
use crate::scenario::read::Reader;
use crate::token::TokenPlan;
use crate::units::{format_span, grouped};

/// The parts of the plan that faults depend on.
pub(super) struct Whole<'a> {
    pub phases: &'a [PhasePlan],
    pub population: &'a PopulationPlan,
    pub token: &'a TokenPlan,
    pub policies: &'a Policies,
    pub target: Option<&'a TargetPlan>,
}

/// What the faults do to users, in sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Users that faults create, and so must be minted for.
    pub spare: u32,
    /// Users changed.
    pub changes: u64,
}

/// Records whatever cannot be; counts what the faults do to users.
pub(super) fn check(reader: &mut Reader<'_>, faults: &[Placed<'_>], whole: &Whole<'_>) -> Tally {
    for fault in faults {
        ends_in_time(reader, fault, whole);
        has_what_it_needs(reader, fault, whole);
        mutations_fit(reader, fault, whole.token);
    }
    overlaps(reader, faults);
    told_apart(reader, faults);
    users(reader, faults, whole.population)
}

/// Requests are told apart by the faults that they met, of which there is room for so many.
fn told_apart(reader: &mut Reader<'_>, faults: &[Placed<'_>]) {
    if let Some(first) = faults.get(FaultWindows::MOST) {
        let message = format!(
            "{} faults in all, repeats included; a run has at most {}",
            faults.len(),
            FaultWindows::MOST
        );
        reader.reject(&first.table, "kind", message);
    }
}

fn ends_in_time(reader: &mut Reader<'_>, fault: &Placed<'_>, whole: &Whole<'_>) {
    let Some(last) = whole.phases.last() else { return };
    let end = last.start + last.length;
    let (at, until) = (fault.plan.at, fault.plan.until.unwrap_or(fault.plan.at));
    // A table that repeats is told once, at its first start that does not fit.
    let repeats = fault.table.get("times").is_some();
    let key = if repeats { "times" } else { "at" };
    if at >= end {
        let message = if repeats {
            format!("not all of them start before the load ends at {}", format_span(end))
        } else {
            format!("starts at {}, but the load ends at {}", format_span(at), format_span(end))
        };
        reader.reject(&fault.table, key, message);
    } else if until > end {
        let key = match (repeats, fault.kind.lasts()) {
            (true, _) => "times",
            (false, true) => "for",
            (false, false) => "over",
        };
        let message = if repeats {
            format!("not all of them end before the load does at {}", format_span(end))
        } else {
            let (until, end) = (format_span(until), format_span(end));
            format!("the fault would end at {until}, but the load ends at {end}")
        };
        reader.reject(&fault.table, key, message);
    }
}

fn has_what_it_needs(reader: &mut Reader<'_>, fault: &Placed<'_>, whole: &Whole<'_>) {
    let name = fault.kind.name;
    let changes_users =
        matches!(fault.plan.action, Action::ChangeUsers { .. } | Action::Churn { .. });
    let cache = &whole.policies.cache;
    let message = match (whole.target, &fault.plan.action) {
        (Some(_), _) if fault.kind.embedded_only => {
            format!("{name} works only on the embedded stack; leave out `[target]` or the fault")
        }
        (Some(target), _) if changes_users && target.scim.is_none() => format!(
            "{name} changes users, so it needs the address of their directory: `scim` in `[target]`"
        ),
        (None, Action::Link { link: LinkName::Cache, .. }) if !cache.invalidation => format!(
            "{name} loses invalidations, and there are none; set `invalidation = true` in \
             `[gateway.cache]`"
        ),
        (None, Action::FlushCache) if cache.ttl.is_zero() && cache.negative_ttl.is_zero() => {
            format!("{name} empties a cache that holds nothing; set `ttl` in `[gateway.cache]`")
        }
        _ => return,
    };
    reader.reject(&fault.table, "kind", message);
}

/// What only one fault at a time can have hold of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    Link(LinkName),
    Sync,
    Requests,
    Setup,
    Churn,
}

impl Hold {
    fn of(action: &Action) -> Option<Self> {
        match action {
            Action::Link { link, .. } => Some(Self::Link(*link)),
            Action::Sync(_) => Some(Self::Sync),
            Action::Mutate { .. } => Some(Self::Requests),
            Action::Misconfigure(_) => Some(Self::Setup),
            Action::Churn { .. } => Some(Self::Churn),
            Action::ChangeUsers { .. } | Action::FlushCache => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Link(LinkName::Store) => "the link to the store",
            Self::Link(LinkName::Cache) => "the link to the cache",
            Self::Link(LinkName::Idp) => "the link to the identity provider",
            Self::Sync => "the sync",
            Self::Requests => "the requests",
            Self::Setup => "the gateway's set-up",
            Self::Churn => "the churn of users",
        }
    }
}

fn overlaps(reader: &mut Reader<'_>, faults: &[Placed<'_>]) {
    let mut holds: Vec<_> =
        faults.iter().filter_map(|fault| Some((Hold::of(&fault.plan.action)?, fault))).collect();
    holds.sort_by_key(|(_, fault)| fault.plan.at);
    let mut told = std::collections::BTreeSet::new();
    for (i, (hold, later)) in holds.iter().enumerate() {
        // The latest end decides: an earlier fault may outlast one that came in between.
        let earlier = holds[..i]
            .iter()
            .filter(|(other, fault)| other == hold && fault.number != later.number)
            .max_by_key(|(_, fault)| fault.plan.until);
        let Some((_, earlier)) = earlier else { continue };
        let until = earlier.plan.until.unwrap_or(Duration::ZERO);
        // At the same instant the end of one would undo the other.
        if later.plan.at <= until && told.insert((earlier.number, later.number)) {
            let message = format!(
                "starts at {}, while {} still has hold of {} until {}",
                format_span(later.plan.at),
                earlier.kind.name,
                hold.name(),
                format_span(until)
            );
            reader.reject(&later.table, "at", message);
        }
    }
}

/// Requests with defects cannot come to more than all requests.
fn mutations_fit(reader: &mut Reader<'_>, fault: &Placed<'_>, token: &TokenPlan) {
    let Action::Mutate { share, .. } = &fault.plan.action else { return };
    let always: f64 = token.mutations.iter().map(|m| m.share.fraction()).sum();
    // Shares are decimal fractions: their sum may miss 1 by a rounding error.
    let sum = always + share.fraction();
    if always <= 1.0 && sum > 1.0 + 1e-9 {
        let percent = (sum * 1e5).round() / 1e3;
        let message = format!(
            "with the shares of `[[token.mutation]]` this comes to {percent}%; at most 100%"
        );
        reader.reject(&fault.table, "share", message);
    }
}

/// Follows how many users are left that nothing has happened to: each is changed once at most,
/// or its lag could not be told from that of the change before.
fn users(reader: &mut Reader<'_>, faults: &[Placed<'_>], population: &PopulationPlan) -> Tally {
    let mut order: Vec<_> = faults.iter().collect();
    order.sort_by_key(|fault| fault.plan.at);
    let mut left = population.users;
    let (mut spare, mut changes) = (0_u64, 0_u64);
    for fault in order {
        let (taken, created) = match &fault.plan.action {
            Action::ChangeUsers { change: Change::Create, who, .. } => {
                (0, count(*who, population.users))
            }
            Action::ChangeUsers { who, .. } => (count(*who, left), 0),
            Action::Churn { rate } => {
                let until = fault.plan.until.unwrap_or(fault.plan.at);
                let lasts = until.saturating_sub(fault.plan.at);
                let all = (rate.as_per_second() * lasts.as_secs_f64()).ceil() as u64;
                (all.div_ceil(2), all.div_ceil(2))
            }
            _ => continue,
        };
        changes += taken + created;
        spare += created;
        if let Some(rest) = u32::try_from(taken).ok().and_then(|taken| left.checked_sub(taken)) {
            left = rest;
        } else {
            let message = format!(
                "takes {} users, but only {} are left that no earlier fault changes",
                grouped(taken),
                grouped(u64::from(left))
            );
            reader.reject(&fault.table, "kind", message);
            left = 0;
        }
        if u64::from(population.users) + spare > 10_000_000 {
            let message = format!(
                "with the {} users that faults create there would be more than 10,000,000",
                grouped(spare)
            );
            reader.reject(&fault.table, "kind", message);
            spare = spare.min(10_000_000);
        }
    }
    Tally { spare: u32::try_from(spare).unwrap_or(0), changes }
}

fn count(who: Selection, of: u32) -> u64 {
    u64::from(match who {
        Selection::Share(share) => share.of(of),
        Selection::Count(count) => count,
    })
}
