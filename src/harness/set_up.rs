//! What is known of how the system under test is set up, for the words of the findings.

use std::time::Duration;

use rustix::process::{Resource, getrlimit};

use crate::fault::Action;
use crate::report::findings::Context;
use crate::scenario::Plan;

/// The facts that a plan tells. Of somebody's own gateway it tells none.
pub fn context(plan: &Plan) -> Context {
    let limits = Context {
        send_lag_limit: Some(plan.load.send_lag_limit),
        open_files: getrlimit(Resource::Nofile).current,
        grain: Some(plan.load.grain),
        unsent_limit: Some(plan.load.unsent_limit),
        connections: Some(plan.load.connections),
        ..Context::default()
    };
    if let Some(target) = &plan.target {
        let insecure_tls = target.approach.tls.as_ref().is_some_and(|tls| tls.insecure);
        return Context { insecure_tls, ..limits };
    }
    let policies = &plan.policies;
    let set = |span: Duration| (!span.is_zero()).then_some(span);
    let faults = plan.faults.iter().filter_map(|fault| match &fault.action {
        Action::Sync(sync) => Some(sync.lag),
        _ => None,
    });
    let sync_lag = faults.chain([plan.sync.lag]).max().unwrap_or_default();
    let switches = [
        (policies.primary_fallback, "primary fall-back"),
        (policies.trim, "trimming"),
        (policies.lower_case, "lower-casing"),
        (policies.deny_list, "deny list"),
        (!policies.stale_if_error.is_zero(), "stale-if-error"),
        (policies.retry_on_not_found > 0, "retry on not-found"),
    ];
    let mut names: Vec<String> =
        switches.iter().filter(|(on, _)| *on).map(|(_, name)| (*name).to_owned()).collect();
    names.extend(policies.mutant.map(|mutant| format!("mutant {}", mutant.name())));
    Context {
        cache_ttl: set(policies.cache.ttl),
        negative_ttl: set(policies.cache.negative_ttl),
        invalidation: policies.cache.invalidation,
        sync_lag: set(sync_lag),
        policies: names,
        ..limits
    }
}
