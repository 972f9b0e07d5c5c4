//! What parent and child tell each other at the start: four lines of JSON, in turn.
//!
//! | line | from | what |
//! |---|---|---|
//! | 1 | parent | [`StackConfig`] |
//! | 2 | child | [`SystemAddresses`]: everything but the gateway runs |
//! | 3 | parent | [`LinkAddresses`]: the links lead to those systems |
//! | 4 | child | [`GatewayAddresses`]: all runs |

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::directory::sync::SyncPlan;
use crate::gateway::Policies;
use crate::seed::Seed;

/// What the stack is to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StackConfig {
    /// The gateway's switches.
    pub policies: Policies,
    /// How changes reach the replica.
    pub sync: SyncPlan,
    /// The public keys, as RFC 7517 §5 has them.
    pub jwks: serde_json::Value,
    /// The `iss` that the gateway demands.
    pub issuer: String,
    /// The `aud` that the gateway demands.
    pub audience: String,
    /// The `alg` values that the gateway takes.
    pub algorithms: Vec<String>,
    /// From which the sync draws what it drops, doubles and reorders.
    pub seed: Seed,
}

/// Where the child's systems are, the gateway apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemAddresses {
    /// Replica directory: lookups and the stream of changes.
    pub directory: SocketAddr,
    /// A directory of the same kind that holds other users.
    pub wrong_directory: SocketAddr,
    /// Identity provider: keys, deny list, SCIM, bulk loading.
    pub idp: SocketAddr,
    /// The upstream that says which user it was called for.
    pub upstream: SocketAddr,
    /// Control of the sync.
    pub sync_control: SocketAddr,
}

/// Where the links listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkAddresses {
    /// To the replica directory, for lookups.
    pub store: SocketAddr,
    /// To the replica directory, for the stream of changes.
    pub cache: SocketAddr,
    /// To the identity provider.
    pub idp: SocketAddr,
}

/// Where the gateway is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayAddresses {
    /// For requests.
    pub gateway: SocketAddr,
    /// Control of the gateway.
    pub control: SocketAddr,
}

/// The longest line that either side reads, in bytes.
pub(super) const LONGEST_LINE: usize = 1 << 20;
