//! What is to be expected of a run, before it runs.

use std::time::Duration;

use super::plan::{Estimate, expected_requests};
use crate::arrival::{Arrival, PhasePlan};
use crate::load::ProbePlan;
use crate::population::{PopulationPlan, SubjectScheme};
use crate::token::{Algorithm, TokenPlan, TokenSource};

/// Bytes for the program, its histograms and buffers, found by measuring small runs.
const BASE_MEMORY: u64 = 48 << 20;
/// Bytes a token takes beside its own: offsets, and room for growth when a shard is renewed.
const TOKEN_OVERHEAD: u64 = 8;
/// Bytes of lifecycle truth a user takes.
const LIFECYCLE: u64 = 16;
/// Bytes of buffers a connection takes.
const CONNECTION: u64 = 40 << 10;
/// Bytes of requests that are held while recordings are put in order and read ahead.
const RECORDING: u64 = 64 << 20;
/// Bytes that a user of a recording takes.
const RECORDED_USER: u64 = 32;
/// Users that the embedded directories take in a second.
const SEEDED_PER_SECOND: f64 = 100_000.0;

/// The parts that an estimate is made from.
pub(super) struct Basis<'a> {
    pub population: &'a PopulationPlan,
    pub token: &'a TokenPlan,
    pub phases: &'a [PhasePlan],
    pub probe: &'a ProbePlan,
    pub connections: u32,
    pub drain: Duration,
    pub changes: u64,
}

pub(super) fn of(basis: &Basis<'_>) -> Estimate {
    let requests = |wanted: &dyn Fn(&PhasePlan) -> bool| -> u64 {
        let phases = basis.phases.iter().filter(|phase| wanted(phase));
        phases.map(|phase| expected_requests(&phase.arrival, phase.length)).sum::<f64>() as u64
    };
    let load = basis.phases.last().map_or(Duration::ZERO, |phase| phase.start + phase.length);
    let users = u64::from(basis.population.users) + u64::from(basis.population.spare);
    let (token_bytes, minting) = match &basis.token.source {
        TokenSource::Brought(tokens) => (tokens.bytes(), 0.0),
        TokenSource::Minted => (
            users * token_size(basis.token, basis.population),
            users as f64 / minted_per_second(basis.token.algorithm),
        ),
    };
    let prepare = minting + users as f64 / SEEDED_PER_SECOND;
    let memory = BASE_MEMORY
        + token_bytes
        + users * (TOKEN_OVERHEAD + LIFECYCLE)
        + u64::from(basis.connections) * CONNECTION
        + basis.phases.iter().map(recording).max().unwrap_or(0);
    Estimate {
        requests: requests(&|_| true),
        measured: requests(&|phase| !phase.warm_up),
        probes: (basis.changes as f64 * probes_a_user(basis.probe, load)) as u64,
        changes: basis.changes,
        load,
        total: Duration::from_secs_f64(prepare.min(1e9)) + load + basis.drain,
        token_bytes,
        memory,
    }
}

fn recording(phase: &PhasePlan) -> u64 {
    let Arrival::Replay(plan) = &phase.arrival else { return 0 };
    let users = plan.survey.as_ref().map_or(0, |survey| survey.counts.users);
    RECORDING + users * RECORDED_USER
}

/// Probes from the change until the user is let go: evenly spaced while the gap is shortest, then
/// in a geometric row.
fn probes_a_user(probe: &ProbePlan, load: Duration) -> f64 {
    let until = probe.until.min(load).as_secs_f64();
    let gap = probe.gap.as_secs_f64();
    let knee = if probe.growth > 0.0 { (gap / probe.growth).min(until) } else { until };
    let geometric = if knee < until { (until / knee).ln() / probe.growth.ln_1p() } else { 0.0 };
    let dense = knee / gap + geometric;
    let quiet = probe.quiet.fraction();
    quiet + (1.0 - quiet) * dense + f64::from(u8::from(!probe.prime.is_zero()))
}

/// Bytes of one token: base64url of header and claims, and the signature.
fn token_size(token: &TokenPlan, population: &PopulationPlan) -> u64 {
    let subject = match &population.scheme {
        SubjectScheme::UuidV4 | SubjectScheme::UuidV7 => 36,
        SubjectScheme::Integer => 10,
        SubjectScheme::Email => 30,
        SubjectScheme::Prefixed(prefix) => prefix.len() + 24,
        SubjectScheme::Opaque => 22,
        // Tokens that people bring are not estimated.
        SubjectScheme::Listed(_) => 0,
    };
    let header =
        38 + format!("{:?}", token.algorithm).len() + token.key_id.as_ref().map_or(16, String::len);
    let further = if token.claims.is_empty() {
        0
    } else {
        serde_json::Value::Object(token.claims.clone()).to_string().len()
    };
    let payload = 105 + subject + token.issuer.len() + token.audience.len() + further;
    let signature = match token.algorithm {
        Algorithm::HS256 => 32,
        Algorithm::HS384 => 48,
        Algorithm::HS512 | Algorithm::ES256 | Algorithm::EdDSA => 64,
        Algorithm::ES384 => 96,
        _ => 256,
    };
    [header, payload, signature].iter().map(|bytes| (bytes * 4).div_ceil(3) as u64).sum::<u64>() + 2
}

/// Tokens that two cores sign in a second, to the order of magnitude.
fn minted_per_second(algorithm: Algorithm) -> f64 {
    match algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => 800_000.0,
        Algorithm::ES256 | Algorithm::EdDSA => 60_000.0,
        Algorithm::ES384 => 4_000.0,
        _ => 2_500.0,
    }
}
