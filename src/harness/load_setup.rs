//! From the plan and what was prepared to the load engine's surroundings.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, Tick};
use crate::fault::{Action, FaultPlan, LinkName};
use crate::identity::UserIndex;
use crate::load::{Context, DefectShare, IdentityProof, LoadPlan, Mix, Specimens, Spin};
use crate::measure::{Shape, StageNames, Threshold};
use crate::oracle::{Expiry, FaultWindows};
use crate::scenario::{self, Plan};
use crate::token::TokenSource;
use crate::wire::http2::Keep;
use crate::wire::transport::Version;
use crate::wire::{EngineKind, RequestSpec, Template, TemplateError};

use super::prepare::Prepared;
use super::system::System;

/// Seconds by which a gateway's clock may be ahead of this one.
const CLOCKS_APART: u64 = 5;
/// Seconds of leeway that a gateway may give: "no more than a few minutes" (RFC 7519 §4.1.4).
const LEEWAY: u64 = 300;

/// The machine's share for load: half of the cores, so that the embedded stack has the other half.
pub fn workers(plan: &Plan) -> u32 {
    if plan.load.workers > 0 {
        return plan.load.workers;
    }
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get() as u32);
    (cores / 2).clamp(1, 16)
}

/// How large recorders are.
pub fn shape(plan: &Plan, thresholds: &[Threshold]) -> Shape {
    Shape {
        phases: plan.phases.len(),
        faults: plan.faults.len(),
        defects: defect_kinds(plan).len(),
        routes: plan.load.routes.len(),
        allowances: thresholds.iter().filter_map(Threshold::allowance).collect(),
        stages: StageNames::new(),
    }
}

/// Windows for the faults of a plan.
pub fn windows(faults: &[FaultPlan]) -> FaultWindows {
    let store = |action: &Action| matches!(action, Action::Link { link: LinkName::Store, .. });
    FaultWindows::new(faults.iter().map(|fault| store(&fault.action)))
}

/// The kinds of defects that a run needs, in the order in which they are prepared.
pub fn defect_kinds(plan: &Plan) -> Vec<String> {
    let mut kinds: Vec<String> = Vec::new();
    let always = plan.token.mutations.iter().map(|mutation| &mutation.kind);
    let timed = plan.faults.iter().flat_map(|fault| match &fault.action {
        Action::Mutate { kinds, .. } => kinds.as_slice(),
        _ => &[],
    });
    for kind in always.chain(timed) {
        if !kinds.contains(kind) {
            kinds.push(kind.clone());
        }
    }
    kinds
}

fn defects(plan: &Plan) -> Vec<DefectShare> {
    let prepared = defect_kinds(plan);
    let slots = |kinds: &[String]| {
        kinds.iter().filter_map(|kind| prepared.iter().position(|other| other == kind)).collect()
    };
    let always = plan.token.mutations.iter().map(|mutation| DefectShare {
        from: Duration::ZERO,
        until: Duration::MAX,
        share: mutation.share.fraction(),
        kinds: slots(std::slice::from_ref(&mutation.kind)),
    });
    let timed = plan.faults.iter().filter_map(|fault| match &fault.action {
        Action::Mutate { kinds, share } => Some(DefectShare {
            from: fault.at,
            until: fault.until.unwrap_or(fault.at),
            share: share.fraction(),
            kinds: slots(kinds),
        }),
        _ => None,
    });
    always.chain(timed).collect()
}

/// The thresholds of a plan; their texts were checked when the scenario was read.
pub fn thresholds(plan: &Plan) -> Vec<Threshold> {
    plan.thresholds.iter().filter_map(|(key, value)| Threshold::parse(key, value).ok()).collect()
}

fn identity(proof: &scenario::IdentityProof) -> IdentityProof {
    match proof {
        scenario::IdentityProof::Header(name) => IdentityProof::Header(name.clone()),
        scenario::IdentityProof::Json(pointer) => IdentityProof::Json(pointer.clone()),
        scenario::IdentityProof::None => IdentityProof::Nothing,
    }
}

/// How requests are sent, once it is known which HTTP the gateway speaks.
fn load_plan(plan: &Plan, version: Version) -> LoadPlan {
    let streams = match (version, plan.load.engine) {
        (Version::Http2, EngineKind::Raw) => plan.load.streams_per_connection,
        _ => 1,
    };
    LoadPlan { streams_per_connection: streams, ..plan.load.clone() }
}

/// Requests that a transport of HTTP/2 carries at a time, and how long it is kept.
pub fn transports(context: &Context) -> (u32, Keep) {
    let plan = &context.plan;
    let keep = Keep { requests: plan.requests_per_connection, idle: plan.idle_timeout };
    (plan.streams_per_connection, keep)
}

/// When tokens that are not renewed expire, as far as a gateway can know.
fn expiries(source: &TokenSource, clock: Clock) -> Arc<[(UserIndex, Expiry)]> {
    let TokenSource::Brought(tokens) = source else { return Arc::new([]) };
    let expiry = |exp: u64| Expiry {
        good_until: clock.at_unix(exp.saturating_sub(CLOCKS_APART)),
        bad_from: clock.at_unix(exp.saturating_add(LEEWAY)),
    };
    tokens.ending().iter().map(|(user, exp)| (*user, expiry(*exp))).collect()
}

/// What all workers read.
pub fn context(
    plan: &Plan,
    prepared: &Prepared,
    system: &System,
    (clock, start): (Clock, Tick),
    shape: Shape,
) -> Result<Context, TemplateError> {
    let host = system.host();
    let prefix = plan.target.as_ref().map_or("", |target| target.prefix.as_str());
    let templates = plan
        .load
        .routes
        .iter()
        .map(|route| {
            let path = format!("{prefix}{}", route.request.path);
            let close = plan.load.requests_per_connection == 1;
            Template::new(&RequestSpec { path, close, ..route.request.clone() }, &host)
        })
        .collect::<Result<Vec<_>, _>>()?;
    // Every route carries the token in the same place; with a recorded request goes nothing else.
    let token = plan.load.routes.first().map(|route| route.request.token.clone());
    let common = RequestSpec {
        method: "GET".to_owned(),
        path: "/".to_owned(),
        token: token.unwrap_or_default(),
        close: plan.load.requests_per_connection == 1,
        ..RequestSpec::default()
    };
    let replayed = (Template::new(&common, &host)?, prefix.to_owned());
    let weights = plan.load.routes.iter().map(|route| route.weight);
    Ok(Context {
        clock,
        start,
        plan: load_plan(plan, system.version()),
        // A worker that never sleeps would keep its core from the stack and from the links to it.
        urgent: plan.target.is_some() || plan.load.spin != Spin::Always,
        phases: plan.phases.clone().into(),
        arrivals: plan.seed.stream("arrivals"),
        mix: Mix::new(plan.seed.stream("mix"), weights, defects(plan)),
        probe: plan.probe,
        population: prepared.population.clone(),
        lifecycle: Arc::clone(&prepared.lifecycle),
        tokens: Arc::clone(&prepared.tokens),
        expiries: expiries(&plan.token.source, clock),
        mutated: Arc::clone(&prepared.mutated),
        templates,
        replayed,
        uuids: plan.seed.stream("uuids"),
        profile: plan.profile,
        identity: identity(&plan.identity),
        checks_name_user: plan.load.routes.iter().any(|route| route.expect.names_user()),
        windows: Arc::new(windows(&plan.faults)),
        specimens: Specimens::default(),
        shape,
    })
}
