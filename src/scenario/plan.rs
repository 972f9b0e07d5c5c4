//! What a scenario comes to: every choice made, every check passed.

use std::net::IpAddr;
use std::time::Duration;

use crate::arrival::{Arrival, PhasePlan};
use crate::directory::sync::SyncPlan;
use crate::fault::FaultPlan;
use crate::gateway::Policies;
use crate::load::{LoadPlan, ProbePlan};
use crate::outcome::Profile;
use crate::population::PopulationPlan;
use crate::seed::Seed;
use crate::token::TokenPlan;
use crate::wire::transport::Approach;

/// A run, decided to the last detail.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The scenario's name: letters, digits, `-`, `_` and `.`, so that it can name a folder.
    pub name: String,
    /// What the scenario is for, in its author's words; may be empty.
    pub about: String,
    /// Where every random choice comes from.
    pub seed: Seed,
    /// What the file is called in messages.
    pub file: String,
    /// The file as it was read, `${NAME}` unexpanded: fit for a manifest.
    pub text: String,
    /// The options that changed what the file says, as they were written.
    pub overrides: Vec<String>,
    /// SHA-256, in hexadecimal, of every key's value: independent of layout, comments, `about`,
    /// and of what the environment held.
    pub digest: String,
    /// The users.
    pub population: PopulationPlan,
    /// Their tokens.
    pub token: TokenPlan,
    /// What happens when, in order, without gaps; never empty.
    pub phases: Vec<PhasePlan>,
    /// How requests are sent.
    pub load: LoadPlan,
    /// How changed users are followed.
    pub probe: ProbePlan,
    /// The reference gateway's switches; without meaning where there is a target.
    pub policies: Policies,
    /// The embedded stack's sync; without meaning where there is a target.
    pub sync: SyncPlan,
    /// The gateway under test; `None` for the embedded stack.
    pub target: Option<TargetPlan>,
    /// How the gateway spells its answers.
    pub profile: &'static Profile,
    /// How an answer proves for whom the upstream was called.
    pub identity: IdentityProof,
    /// What goes wrong, in the order of the starts.
    pub faults: Vec<FaultPlan>,
    /// What must hold: metric, and condition.
    pub thresholds: Vec<(String, String)>,
    /// What is to be expected of the run.
    pub estimate: Estimate,
    /// What is worth knowing before it: a sentence each, without a full stop.
    pub warnings: Vec<String>,
}

/// Somebody's own gateway.
#[derive(Clone, PartialEq, Eq)]
pub struct TargetPlan {
    /// Scheme, host, port and perhaps a path before the routes'; without a slash at the end.
    pub url: String,
    /// How it is reached.
    pub approach: Approach,
    /// Put before each route's path; empty or `/…` without a slash at the end.
    pub prefix: String,
    /// Base URL of the directory's SCIM service (RFC 7644), for faults that change users.
    pub scim: Option<String>,
    /// The bearer token for it. Never printed.
    pub scim_token: Option<String>,
}

impl std::fmt::Debug for TargetPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TargetPlan")
            .field("url", &self.url)
            .field("approach", &self.approach)
            .field("scim", &self.scim)
            .field("scim_token", &self.scim_token.as_ref().map(|_| "…"))
            .finish_non_exhaustive()
    }
}

/// How an answer proves for whom the upstream was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityProof {
    /// This header field of the answer holds the subject.
    Header(String),
    /// The JSON body holds the subject at this pointer (RFC 6901).
    Json(String),
    /// It does not; an identity swap cannot be seen.
    None,
}

/// What is to be expected of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Requests due in all phases. For closed phases: if every answer took no time but the pause,
    /// or, without a pause, 1 ms.
    pub requests: u64,
    /// Of those, in phases that are not warm-up.
    pub measured: u64,
    /// Follow-up requests for changed users, beside those.
    pub probes: u64,
    /// Users that faults change.
    pub changes: u64,
    /// From the start of load to the end of the last phase.
    pub load: Duration,
    /// The whole run: minting and seeding, load, drain at its limit.
    pub total: Duration,
    /// Bytes of all tokens.
    pub token_bytes: u64,
    /// Peak memory of the harness, in bytes.
    pub memory: u64,
}

impl Plan {
    /// From the start of load to the end of the last phase.
    pub fn length(&self) -> Duration {
        self.phases.last().map_or(Duration::ZERO, |phase| phase.start + phase.length)
    }

    /// The phase that `at` lies in; the last one after the end.
    pub fn phase_at(&self, at: Duration) -> Option<&PhasePlan> {
        self.phases.iter().rev().find(|phase| phase.start <= at)
    }
}

/// Requests that an arrival process gives in a phase of this length.
pub fn expected_requests(arrival: &Arrival, length: Duration) -> f64 {
    match arrival {
        Arrival::Open(process) => process.expected(length),
        // Nobody has looked at the recording: nothing is known.
        Arrival::Replay(plan) => plan.survey.as_ref().map_or(0.0, |survey| survey.expected),
        Arrival::Closed { users, think } => {
            let round = think.max(&Duration::from_millis(1)).as_secs_f64();
            f64::from(*users) * length.as_secs_f64() / round
        }
    }
}

/// Whether a host is this machine: `localhost` or a loopback address.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
