//! A plan as a person reads it: what `substorm plan` prints.

use std::fmt;
use std::time::Duration;

use super::plan::{IdentityProof, Plan, expected_requests};
use super::recordings::Recordings;
use crate::arrival::{Arrival, PhasePlan};
use crate::directory::sync::Trigger;
use crate::fault::{Action, FaultPlan, LinkFault, Misconfiguration, Selection};
use crate::population::{Popularity, SubjectScheme};
use crate::token::TokenSource;
use crate::units::{Rate, format_span, grouped, rounded_span};

/// Prints a plan.
#[derive(Clone, Copy, Debug)]
pub struct Outline<'a>(pub &'a Plan);

impl fmt::Display for Outline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = self.0;
        writeln!(
            f,
            "{} (seed {}, plan {})",
            plan.name,
            plan.seed,
            &plan.digest[..12.min(plan.digest.len())]
        )?;
        if !plan.about.is_empty() {
            writeln!(f, "{}", plan.about)?;
        }
        for option in &plan.overrides {
            writeln!(f, "changed by {option}")?;
        }
        for warning in &plan.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        writeln!(f)?;
        self.subjects(f)?;
        self.gateway(f)?;
        self.phases(f)?;
        write!(f, "{}", Recordings(self.0))?;
        self.faults(f)?;
        self.thresholds(f)?;
        self.estimate(f)
    }
}

impl Outline<'_> {
    fn subjects(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { population, token, .. } = self.0;
        let popularity = match population.popularity {
            Popularity::Uniform => "all alike".to_owned(),
            Popularity::Zipf { exponent } => format!("Zipf {exponent}"),
        };
        let users = grouped(u64::from(population.users));
        let scheme = match &population.scheme {
            SubjectScheme::UuidV4 => "uuid".to_owned(),
            SubjectScheme::UuidV7 => "uuid-v7".to_owned(),
            SubjectScheme::Integer => "integer".to_owned(),
            SubjectScheme::Email => "email".to_owned(),
            SubjectScheme::Prefixed(prefix) => format!("prefixed:{prefix}"),
            SubjectScheme::Opaque => "opaque".to_owned(),
            SubjectScheme::Listed(_) => "as in their tokens".to_owned(),
        };
        write!(f, "population  {users} users, subject {scheme}, {popularity}")?;
        if population.spare > 0 {
            write!(f, "; {} more to be created", grouped(u64::from(population.spare)))?;
        }
        writeln!(f)?;
        match &token.source {
            TokenSource::Minted => {
                let lifetime = format_span(token.lifetime);
                writeln!(f, "tokens      {}, alive for {lifetime}", token.algorithm)?;
            }
            TokenSource::Brought(tokens) => {
                let kind = if tokens.have_subjects() { "" } else { ", without a sub" };
                writeln!(f, "tokens      from {}{kind}", tokens.path().display())?;
            }
        }
        for mutation in &token.mutations {
            writeln!(f, "            {} carry {}", mutation.share, mutation.kind)?;
        }
        for route in &self.0.load.routes {
            writeln!(f, "request     {} (weight {})", route.name(), route.weight)?;
        }
        Ok(())
    }

    fn gateway(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = self.0;
        if let Some(target) = &plan.target {
            let proof = match &plan.identity {
                IdentityProof::Header(name) => format!("header {name}"),
                IdentityProof::Json(pointer) => format!("body at {pointer}"),
                IdentityProof::None => "not shown".to_owned(),
            };
            let profile = plan.profile.name;
            writeln!(f, "target      {}, profile {profile}, identity {proof}", target.url)?;
            return writeln!(f, "            {}", target.approach);
        }
        let (cache, span) = (&plan.policies.cache, format_span);
        writeln!(
            f,
            "gateway     embedded: cache TTL {}, negative TTL {}, invalidation {}",
            span(cache.ttl),
            span(cache.negative_ttl),
            if cache.invalidation { "on" } else { "off" },
        )?;
        let trigger = match plan.sync.trigger {
            Trigger::Interval(interval) => format!("every {}", span(interval)),
            Trigger::Event => "by event".to_owned(),
        };
        writeln!(f, "sync        {trigger}, lag {}", span(plan.sync.lag))?;
        plan.policies.mutant.map_or(Ok(()), |mutant| writeln!(f, "mutant      {}", mutant.name()))
    }

    fn phases(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{:<16} {:>8} {:>8} {:>12}  load", "phase", "from", "to", "requests")?;
        for phase in &self.0.phases {
            let requests = expected_requests(&phase.arrival, phase.length) as u64;
            writeln!(
                f,
                "{:<16} {:>8} {:>8} {:>12}  {}{}",
                phase.name,
                rounded_span(phase.start),
                rounded_span(phase.start + phase.length),
                grouped(requests),
                rates(phase),
                if phase.warm_up { " (warm-up)" } else { "" },
            )?;
        }
        Ok(())
    }

    fn faults(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.faults.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{:<16} {:>8} {:>8}  what", "fault", "from", "to")?;
        for fault in &self.0.faults {
            let until = fault.until.map(rounded_span).unwrap_or_default();
            let at = rounded_span(fault.at);
            writeln!(f, "{:<16} {at:>8} {until:>8}  {}", fault.kind, deed(fault))?;
        }
        Ok(())
    }

    fn thresholds(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (metric, condition)) in self.0.thresholds.iter().enumerate() {
            let title = if i == 0 { "\nmust hold   " } else { "            " };
            writeln!(f, "{title}{metric} {condition}")?;
        }
        Ok(())
    }

    fn estimate(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let estimate = &self.0.estimate;
        let requests = grouped(estimate.requests);
        writeln!(f, "\nexpected    {requests} requests in {}", rounded_span(estimate.load))?;
        if estimate.changes > 0 {
            writeln!(
                f,
                "            about {} probes of {} changed users",
                grouped(estimate.probes),
                grouped(estimate.changes)
            )?;
        }
        let total = Duration::from_secs(estimate.total.as_secs_f64().ceil() as u64);
        writeln!(f, "            at most {} in all, drain included", format_span(total))?;
        writeln!(
            f,
            "            about {} of memory, of which {} tokens",
            mebibytes(estimate.memory),
            mebibytes(estimate.token_bytes)
        )
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", grouped(bytes.div_ceil(1 << 20)))
}

fn rates(phase: &PhasePlan) -> String {
    match &phase.arrival {
        Arrival::Closed { users, think } => {
            format!("{} virtual users, pause {}", grouped(u64::from(*users)), format_span(*think))
        }
        Arrival::Replay(replay) => {
            let again = if replay.repeat { ", again and again" } else { "" };
            format!("{} at speed {}{again}", replay.name(), replay.speed)
        }
        Arrival::Open(process) => {
            // Steps and spikes show between the ends.
            let last = phase.length.saturating_sub(Duration::from_nanos(1));
            let points = (0..=20).map(|i| process.rate_at(last.mul_f64(f64::from(i) / 20.0)));
            let (low, high) = points.fold((f64::MAX, 0.0_f64), |(low, high), rate| {
                (low.min(rate.as_per_second()), high.max(rate.as_per_second()))
            });
            let rate = |rate: f64| Rate::per_second(rate).unwrap_or(Rate::ZERO);
            if low < high {
                format!("{} to {}", rate(low), rate(high))
            } else {
                rate(high).to_string()
            }
        }
    }
}

fn deed(fault: &FaultPlan) -> String {
    match &fault.action {
        Action::ChangeUsers { change, who, gap, .. } => {
            let who = match who {
                Selection::Share(share) => format!("{share} of the users"),
                Selection::Count(count) => format!("{} users", grouped(u64::from(*count))),
            };
            let gap = if gap.is_zero() {
                String::new()
            } else {
                format!(", after {}", format_span(*gap))
            };
            format!("{} {who}{gap}", change.name())
        }
        Action::Churn { rate } => format!("delete and create users, {rate}"),
        Action::Link { link, mode } => {
            let what = match mode {
                LinkFault::Refuse => "refuses connections".to_owned(),
                LinkFault::BlackHole => "swallows everything".to_owned(),
                LinkFault::Reset => "resets connections".to_owned(),
                LinkFault::Delay { latency, jitter } => {
                    format!("answers {} ± {} late", format_span(*latency), format_span(*jitter))
                }
            };
            format!("{link:?} link {what}").to_lowercase()
        }
        Action::Sync(sync) => {
            let mut parts = Vec::new();
            if !sync.lag.is_zero() {
                parts.push(format!("{} late", format_span(sync.lag)));
            }
            if sync.pause {
                parts.push("stands still".to_owned());
            }
            let shares =
                [("lost", sync.drop), ("twice", sync.duplicate), ("overtaken", sync.reorder)];
            let shares = shares.iter().filter(|(_, share)| share.fraction() > 0.0);
            parts.extend(shares.map(|(what, share)| format!("{share} {what}")));
            format!("sync: {}", parts.join(", "))
        }
        Action::FlushCache => "empty the cache".to_owned(),
        Action::Mutate { kinds, share } => {
            let kinds = match kinds.as_slice() {
                [] => "nothing".to_owned(),
                [one] => one.clone(),
                many => format!("{} kinds of defects", many.len()),
            };
            format!("{share} of the requests carry {kinds}")
        }
        Action::Misconfigure(wrong) => match wrong {
            Misconfiguration::Claim(claim) => format!("the gateway reads the claim {claim}"),
            Misconfiguration::Prefix(prefix) => format!("the gateway puts {prefix} in front"),
            Misconfiguration::LowerCase => "the gateway lower-cases subjects".to_owned(),
            Misconfiguration::WrongDirectory => "the gateway asks another directory".to_owned(),
        },
    }
}
