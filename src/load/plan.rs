//! What the load engine is asked to do: its slice of a scenario.

use std::time::Duration;

use super::check::Expectations;
use crate::wire::{EngineKind, RequestSpec};

/// How requests are sent.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadPlan {
    /// Which client sends them.
    pub engine: EngineKind,
    /// Worker threads; 0 lets the machine decide.
    pub workers: u32,
    /// Most connections over all workers. Requests that are due while all are busy wait.
    pub connections: u32,
    /// Requests that may be under way on one connection at a time; 1 where the protocol knows no
    /// streams.
    pub streams_per_connection: u32,
    /// Requests that may wait for a connection, over all workers; more are counted as unsent.
    pub backlog: u32,
    /// From the start of a connection to its being usable.
    pub connect_timeout: Duration,
    /// From `sent` to `done`.
    pub request_timeout: Duration,
    /// Requests after which a connection is closed and replaced; 0 for never.
    pub requests_per_connection: u32,
    /// A connection that was not used for longer is closed and replaced; zero for never.
    pub idle_timeout: Duration,
    /// Connections, over all workers, that are opened before the first request is due; further
    /// ones are opened when a request finds none idle.
    pub open_connections: u32,
    /// What a worker does until the next request is due.
    pub spin: Spin,
    /// What comes due within one grain is sent together at its end; zero sends each on its own.
    pub grain: Duration,
    /// When an answer counts as received.
    pub receive_time: ReceiveTime,
    /// What a client does when it is told that its user does not exist.
    pub retry: Option<RetryPlan>,
    /// How long requests in flight may take after the last phase.
    pub drain: Duration,
    /// What is asked for.
    pub routes: Vec<Route>,
    /// Send lag beyond which a run is invalid: its p99.
    pub send_lag_limit: Duration,
    /// Share of due requests that may stay unsent before a run is invalid.
    pub unsent_limit: crate::units::Share,
}

impl LoadPlan {
    /// Requests that may be under way at a time, over all workers.
    pub fn lanes(&self) -> u32 {
        self.connections.saturating_mul(self.streams_per_connection)
    }
}

/// What a worker does until the next request is due. Sleeping is cheap, but a sleeper wakes tens
/// of microseconds late; spinning is on time, at the price of a core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spin {
    /// Sleeps until shortly before the instant, by as much as it has lately been woken late, and
    /// spins for the rest.
    #[default]
    Auto,
    /// Sleeps only.
    Never,
    /// Spins only; the worker's core is busy throughout.
    Always,
}

/// When an answer counts as received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReceiveTime {
    /// As `Kernel` in a run with an open phase, as `Read` in one of closed phases only.
    #[default]
    Auto,
    /// When the kernel had its last byte, where the kernel says so.
    Kernel,
    /// When the worker read it.
    Read,
}

/// A client that does not believe it when it is told that its user does not exist, and asks again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPlan {
    /// How often it asks again, at most.
    pub times: u32,
    /// From the first answer to the first retry.
    pub backoff: Duration,
    /// By how much the pause grows from one retry to the next, as a factor.
    pub growth: f64,
}

impl RetryPlan {
    /// The pause before the retry with this number, from 1.
    pub fn pause(&self, number: u32) -> Duration {
        let factor = self.growth.powi(i32::try_from(number).unwrap_or(i32::MAX) - 1);
        // A growth without bound would pass what a duration can hold.
        let seconds = (self.backoff.as_secs_f64() * factor).min(86_400.0);
        Duration::from_secs_f64(seconds.max(0.0))
    }
}

/// One kind of request.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// What is sent.
    pub request: RequestSpec,
    /// Chance of being chosen, relative to the other routes'.
    pub weight: u32,
    /// What an answer that lets the user in has to look like.
    pub expect: Expectations,
}

impl Route {
    /// The name in reports: method and path as the scenario spells them.
    pub fn name(&self) -> String {
        format!("{} {}", self.request.method, self.request.path)
    }
}

/// Follow-up requests for users that were changed, which find out how long a change takes to show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProbePlan {
    /// Shortest gap between two probes of one user, which holds just after the change.
    pub gap: Duration,
    /// Longest gap, as a share of the time since the change.
    pub growth: f64,
    /// How long after the change a user is probed; its last probe falls at that age.
    pub until: Duration,
    /// Changed users are asked for once in this time before the change, so that caches know them.
    pub prime: Duration,
    /// Share of the changed users that is probed once only, at age `until`.
    pub quiet: crate::units::Share,
}

/// How the target shows as whom a request was let in. A 2xx alone proves nothing: gateways have
/// answered 200 as an anonymous user, with somebody else's data, or with an error inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityProof {
    /// A response header holds the subject that the upstream saw.
    Header(String),
    /// This JSON pointer (RFC 6901) into the body leads to it.
    Json(String),
    /// Nothing does; identity swaps cannot be seen.
    Nothing,
}
