//! The system under test as the harness reaches it: a target of one's own, or the embedded stack
//! behind links.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::clock::Clock;
use crate::directory::scim::{Client, ScimError};
use crate::directory::sync::{Counts, Disturbance};
use crate::fault::{LinkName, Misconfiguration, SyncFault};
use crate::proxy::{Link, LinkCounts};
use crate::scenario::TargetPlan;
use crate::stack::{Embedded, StackError};
use crate::wire::http2::{Greeting, greeting};
use crate::wire::transport::{Approach, DialError, Dialer, Reach, TlsError, Version};

/// A target that accepts no connection in this time is unreachable.
const REACH: Duration = Duration::from_secs(5);

/// What is tested, and the handles that faults need.
pub enum System {
    /// Everything is ours; links and controls are at hand.
    Embedded {
        /// The child process and its links.
        stack: Box<Embedded>,
        /// How its gateway is reached.
        reach: Arc<Reach>,
    },
    /// Somebody's gateway.
    Target(Target),
}

/// Somebody's gateway.
pub struct Target {
    reach: Arc<Reach>,
    scim: Option<Client>,
}

/// The system under test could not be reached or controlled.
#[derive(Debug, thiserror::Error)]
pub enum SystemError {
    /// It cannot be connected to.
    #[error("target {url}: {problem}")]
    Unreachable {
        /// The target as written.
        url: String,
        /// Why.
        problem: DialError,
    },
    /// It does not answer.
    #[error("target {url}: no connection in {} s; check the address", REACH.as_secs())]
    Silent {
        /// The target as written.
        url: String,
    },
    /// It speaks something else than the scenario says.
    #[error("target {url}: {found}")]
    Foreign {
        /// The target as written.
        url: String,
        /// What it speaks, and what to change.
        found: &'static str,
    },
    /// TLS cannot be spoken as the scenario asks.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The embedded stack.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The directory.
    #[error(transparent)]
    Scim(#[from] ScimError),
    /// It needs the embedded stack.
    #[error("this fault works on the embedded stack only")]
    NotEmbedded,
}

impl Target {
    /// A directory alone, for undoing: no request is ever sent to a gateway.
    pub fn directory_only(scim: Client) -> Result<Self, SystemError> {
        let nowhere = Approach::plain(([127, 0, 0, 1], 0).into());
        let reach = Arc::new(Reach::new(nowhere)?);
        Ok(Self { reach, scim: Some(scim) })
    }

    /// Connects to a target once, to see whether anybody is there and speaks as expected.
    pub async fn reach(plan: &TargetPlan, clock: Clock) -> Result<Self, SystemError> {
        let reach = Arc::new(Reach::new(plan.approach.clone())?);
        let dialer = Dialer::new(clock, Arc::clone(&reach));
        let url = || plan.url.clone();
        let made = match timeout(REACH, dialer.dial()).await {
            Ok(Ok(made)) => made,
            Ok(Err(problem)) => return Err(SystemError::Unreachable { url: url(), problem }),
            Err(_elapsed) => return Err(SystemError::Silent { url: url() }),
        };
        let version = made.version;
        if version == Version::Http2 && plan.approach.tls.is_none() {
            let mut stream = made.stream;
            if let Some(found) = foreign(greeting(&mut stream).await) {
                return Err(SystemError::Foreign { url: url(), found });
            }
        }
        // All connections of the run speak what this one did.
        let reach = Reach::new(Approach { version, ..plan.approach.clone() })?;
        let scim = match &plan.scim {
            Some(url) => Some(Client::new(url, plan.scim_token.clone())?),
            None => None,
        };
        Ok(Self { reach: Arc::new(reach), scim })
    }
}

/// Why somebody who answers so to HTTP/2 cannot be spoken to. What is unclear shows in the answers.
fn foreign(greeting: Greeting) -> Option<&'static str> {
    match greeting {
        Greeting::Http2 | Greeting::Unclear => None,
        Greeting::Http1 => Some("it speaks HTTP/1 only; set target.http to \"1.1\""),
        Greeting::Tls => Some("it speaks TLS; write https instead of http in target.url"),
        Greeting::Closed => Some(
            "it hangs up on HTTP/2; set target.http to \"1.1\", or write https in target.url if it \
             speaks TLS",
        ),
    }
}

impl System {
    /// The embedded stack.
    pub fn of_stack(stack: Embedded) -> Result<Self, SystemError> {
        let reach = Arc::new(Reach::new(Approach::plain(stack.gateway()))?);
        Ok(Self::Embedded { stack: Box::new(stack), reach })
    }

    /// Where requests go, and how.
    pub fn reach(&self) -> &Arc<Reach> {
        match self {
            Self::Embedded { reach, .. } => reach,
            Self::Target(target) => &target.reach,
        }
    }

    /// Which HTTP the gateway speaks; never [`Version::Auto`].
    pub fn version(&self) -> Version {
        self.reach().approach().version
    }

    /// The `Host` header of requests (RFC 9110 §7.2).
    pub fn host(&self) -> String {
        self.reach().approach().authority()
    }

    /// The primary directory, where there is one to change users in.
    pub fn scim(&self) -> Option<&Client> {
        match self {
            Self::Embedded { stack, .. } => Some(stack.scim()),
            Self::Target(target) => target.scim.as_ref(),
        }
    }

    /// The embedded stack, if that is what is tested.
    pub fn embedded(&self) -> Option<&Embedded> {
        match self {
            Self::Embedded { stack, .. } => Some(stack),
            Self::Target(_) => None,
        }
    }

    /// A link; none for a target of one's own.
    pub fn link(&self, name: LinkName) -> Option<&Link> {
        self.embedded().map(|stack| stack.links().named(name))
    }

    /// What a link has seen.
    pub fn link_counts(&self, name: LinkName) -> Option<LinkCounts> {
        self.link(name).map(Link::counts)
    }

    /// Tasks of links that panicked.
    pub fn panics(&self) -> u64 {
        let names = [LinkName::Store, LinkName::Cache, LinkName::Idp];
        names.into_iter().filter_map(|name| self.link_counts(name)).map(|c| c.panics).sum()
    }

    /// Disturbs the sync until healed, or until `ttl` has gone by. Gives the counts before.
    pub async fn disturb_sync(
        &self,
        fault: &SyncFault,
        ttl: Duration,
    ) -> Result<Counts, SystemError> {
        let stack = self.embedded().ok_or(SystemError::NotEmbedded)?;
        let before = stack.sync_status().await?.counts;
        stack.disturb_sync(&Disturbance::from(fault), ttl).await?;
        Ok(before)
    }

    /// The number of changes that the disturbance of the sync has touched so far.
    pub async fn sync_hits(&self, before: &Counts) -> Result<u64, SystemError> {
        let stack = self.embedded().ok_or(SystemError::NotEmbedded)?;
        Ok(stack.sync_status().await?.counts.since(before).hits())
    }

    /// Heals the sync; gives the number of changes that the disturbance touched.
    pub async fn heal_sync(&self, before: &Counts) -> Result<u64, SystemError> {
        let stack = self.embedded().ok_or(SystemError::NotEmbedded)?;
        Ok(stack.heal_sync().await?.counts.since(before).hits())
    }

    /// Empties the gateway's cache; gives the number of entries that it held.
    pub async fn flush_cache(&self) -> Result<u64, SystemError> {
        let stack = self.embedded().ok_or(SystemError::NotEmbedded)?;
        Ok(stack.flush_cache().await?)
    }

    /// Sets the gateway up wrongly until corrected, or until `ttl` has gone by. Gives the number
    /// of requests that mistakes had touched before.
    pub async fn misconfigure(
        &self,
        how: &Misconfiguration,
        ttl: Duration,
    ) -> Result<u64, SystemError> {
        let stack = self.embedded().ok_or(SystemError::NotEmbedded)?;
        let before = self.gateway_count("misconfigured_requests").await?;
        stack.misconfigure(how, ttl).await?;
        Ok(before)
    }

    /// The number of requests that the gateway's mistake has touched so far.
    pub async fn misconfigured(&self, before: u64) -> Result<u64, SystemError> {
        let now = self.gateway_count("misconfigured_requests").await?;
        Ok(now.saturating_sub(before))
    }

    /// Corrects the gateway; gives the number of requests that the mistake touched.
    pub async fn correct(&self, before: u64) -> Result<u64, SystemError> {
        let stack = self.embedded().ok_or(SystemError::NotEmbedded)?;
        // First, so that a count which takes its time does not prolong it.
        stack.heal_gateway().await?;
        self.misconfigured(before).await
    }

    /// One of the reference gateway's counters.
    pub async fn gateway_count(&self, name: &str) -> Result<u64, SystemError> {
        let stack = self.embedded().ok_or(SystemError::NotEmbedded)?;
        Ok(stack.gateway_stats().await?[name].as_u64().unwrap_or(0))
    }

    /// Ends what the run started. Of a target, nothing.
    pub async fn stop(self) -> Result<(), StackError> {
        match self {
            Self::Embedded { stack, .. } => stack.stop().await,
            Self::Target(_) => Ok(()),
        }
    }

    /// Share of the reference gateway's cache look-ups that found an entry, as it says itself;
    /// `None` for somebody's own gateway, or if nothing was looked up.
    pub async fn cache_hit_share(&self) -> Option<f64> {
        let stats = self.embedded()?.gateway_stats().await.ok()?;
        let (hits, misses) = (stats["cache_hits"].as_u64()?, stats["cache_misses"].as_u64()?);
        (hits + misses > 0).then(|| hits as f64 / (hits + misses) as f64)
    }
}
