//! What the load engine is asked to do: its slice of a scenario.

use std::time::Duration;

/// How requests are sent.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadPlan {
    /// Worker threads; 0 lets the machine decide.
    pub workers: u32,
    /// Most connections over all workers. Requests that are due while all are busy wait.
    pub connections: u32,
    /// Requests that may wait for a connection, over all workers; more are counted as unsent.
    pub backlog: u32,
    /// From the start of a connection to its being usable.
    pub connect_timeout: Duration,
    /// From `sent` to `done`.
    pub request_timeout: Duration,
    /// Requests after which a connection is closed and replaced; 0 for never.
    pub requests_per_connection: u32,
    /// How long requests in flight may take after the last phase.
    pub drain: Duration,
    /// What is asked for.
    pub routes: Vec<Route>,
    /// Send lag beyond which a run is invalid: its p99.
    pub send_lag_limit: Duration,
    /// Share of due requests that may stay unsent before a run is invalid.
    pub unsent_limit: crate::units::Share,
}

/// One kind of request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Method, such as `GET`.
    pub method: String,
    /// Path and query; `{user}` stands for the subject, percent-encoded.
    pub path: String,
    /// Chance of being chosen, relative to the other routes'.
    pub weight: u32,
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
