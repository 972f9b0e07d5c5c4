//! Things that go wrong on purpose: one file a kind, one line each in [`REGISTRY`].
//!
//! A kind turns its settings into an [`Action`], which is one of few mechanisms; the harness
//! carries actions out when they are due. So a fault *decides* and one loop *acts*. Every fault
//! is a lease: where it lives in another process, that process is told the deadline and keeps it.
//!
//! What it does not do: time, tasks, sockets.

mod cache_flush;
mod cache_stale;
mod churn;
mod gateway_misconfig;
mod malformed_subs;
mod selection;
mod store_outage;
mod store_slow;
mod sync_drop;
mod sync_duplicate;
mod sync_lag;
mod sync_pause;
mod sync_reorder;
#[cfg(test)]
mod tests;
mod user_create;
mod user_delete;
mod user_disable;
mod user_recreate;

use std::time::Duration;

use crate::identity::Change;
use crate::setting::{POSITIVE_SPAN, Setting, Settings};
use crate::units::{Rate, Share};

/// One fault of a run, at its place on the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultPlan {
    /// The kind's name.
    pub kind: &'static str,
    /// When it starts, from the start of load.
    pub at: Duration,
    /// When it ends; `None` for one that happens at an instant.
    pub until: Option<Duration>,
    /// What is done.
    pub action: Action,
}

/// The mechanisms that faults are made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Change users in the primary directory.
    ChangeUsers {
        /// What happens to each.
        change: Change,
        /// How many.
        who: Selection,
        /// The changes are spread evenly over this time.
        over: Duration,
        /// For [`Change::Recreate`]: how long the user stays deleted. Zero otherwise.
        gap: Duration,
    },
    /// Delete and create users at this rate, in turn.
    Churn {
        /// Changes a second.
        rate: Rate,
    },
    /// Do something to a link.
    Link {
        /// Which one.
        link: LinkName,
        /// What is done to it.
        mode: LinkFault,
    },
    /// Do something to the sync between primary and replica.
    Sync(SyncFault),
    /// Empty the gateway's cache.
    FlushCache,
    /// Send requests with defects.
    Mutate {
        /// Names of mutations; each request that carries a defect draws one of them.
        kinds: Vec<String>,
        /// Of all requests in the window.
        share: Share,
    },
    /// Set the gateway up wrongly.
    Misconfigure(Misconfiguration),
}

/// Which users a fault takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Selection {
    /// This share of the users that are live.
    Share(Share),
    /// This many.
    Count(u32),
}

/// The links of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkName {
    /// Gateway to the replica directory.
    Store,
    /// Directory's announcements to the gateway's cache.
    Cache,
    /// Gateway to the identity provider.
    Idp,
}

/// What is done to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFault {
    /// New connections are refused, open ones reset.
    Refuse,
    /// Bytes are swallowed, connections stay open and silent.
    BlackHole,
    /// Open connections are reset at once, new ones as soon as data comes.
    Reset,
    /// What the upstream answers is late by `latency`, give or take `jitter`.
    Delay {
        /// Mean added time; what goes to the upstream is not delayed, so a lookup takes this longer.
        latency: Duration,
        /// Uniform in ± this; at most `latency`.
        jitter: Duration,
    },
}

/// What is done to the sync.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SyncFault {
    /// Changes reach the replica this much later.
    pub lag: Duration,
    /// Nothing is carried over.
    pub pause: bool,
    /// Share of changes that are lost.
    pub drop: Share,
    /// Share of changes that are carried over twice.
    pub duplicate: Share,
    /// Share of changes that are overtaken by the next.
    pub reorder: Share,
}

/// How a gateway can be set up wrongly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misconfiguration {
    /// It reads the user from another claim.
    Claim(String),
    /// It puts a prefix before the subject.
    Prefix(String),
    /// It lower-cases the subject.
    LowerCase,
    /// It asks a directory that holds other users.
    WrongDirectory,
}

/// A kind of fault.
#[derive(Clone, Copy, Debug)]
pub struct FaultKind {
    /// The name in scenarios.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// Its keys beside `kind`, `at` and `every`. `for` is here, where the kind has a duration.
    pub settings: &'static [Setting],
    /// Whether it works only on the embedded stack.
    pub embedded_only: bool,
    /// Turns settings into the action; the error names what cannot be.
    pub build: fn(&Settings) -> Result<Action, String>,
}

/// How long a fault lasts: the key of every kind that has a duration.
pub const FOR: Setting =
    Setting::required("for", POSITIVE_SPAN, "How long it lasts; then it ends by itself.");

/// Every kind of fault.
pub const REGISTRY: &[&FaultKind] = &[
    &user_delete::KIND,
    &user_disable::KIND,
    &user_create::KIND,
    &user_recreate::KIND,
    &churn::KIND,
    &sync_lag::KIND,
    &sync_pause::KIND,
    &sync_drop::KIND,
    &sync_duplicate::KIND,
    &sync_reorder::KIND,
    &cache_stale::KIND,
    &cache_flush::KIND,
    &store_outage::KIND,
    &store_slow::KIND,
    &malformed_subs::KIND,
    &gateway_misconfig::KIND,
];

/// The kind with this name.
pub fn named(name: &str) -> Option<&'static FaultKind> {
    REGISTRY.iter().copied().find(|kind| kind.name == name)
}

impl FaultKind {
    /// Whether a fault of this kind has a duration, which its key `for` gives.
    pub fn lasts(&self) -> bool {
        self.settings.iter().any(|setting| setting.key == FOR.key)
    }
}
