//! The parent's handle on the embedded stack.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::child::SUBCOMMAND;
use super::control::Control;
use super::error::StackError;
use super::process::Process;
use super::protocol::{GatewayAddresses, LinkAddresses, StackConfig, SystemAddresses};
use super::usage::Usage;
use crate::clock::Clock;
use crate::directory::scim::Client;
use crate::directory::sync::{Disturbance, Status};
use crate::fault::{LinkName, Misconfiguration};
use crate::proxy::Link;

/// The links between the gateway and what it depends on. They live in this process.
pub struct Links {
    /// To the replica directory, for lookups.
    pub store: Link,
    /// To the replica directory, for the stream of changes.
    pub cache: Link,
    /// To the identity provider.
    pub idp: Link,
}

impl Links {
    /// The link with this name.
    pub fn named(&self, name: LinkName) -> &Link {
        match name {
            LinkName::Store => &self.store,
            LinkName::Cache => &self.cache,
            LinkName::Idp => &self.idp,
        }
    }

    async fn bind(config: &StackConfig, clock: Clock) -> Result<Self, StackError> {
        let bind = async |name| {
            let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let link = Link::bind(name, any, clock, config.seed.stream("links")).await;
            link.map_err(|source| StackError::Link { name, source })
        };
        Ok(Self {
            store: bind("store").await?,
            cache: bind("cache").await?,
            idp: bind("idp").await?,
        })
    }

    /// Closes all three, and waits until they are.
    async fn close(self) {
        self.store.close().await;
        self.cache.close().await;
        self.idp.close().await;
    }
}

/// A running stack: the child process, and the links of this one.
///
/// End it with [`stop`](Self::stop). If it is dropped instead, the child ends by itself, a moment
/// later.
pub struct Embedded {
    process: Process,
    systems: SystemAddresses,
    gateway: GatewayAddresses,
    links: Links,
    control: Control,
    scim: Client,
}

impl Embedded {
    /// The program that runs now, which can be its own child.
    pub fn this_program() -> io::Result<PathBuf> {
        std::env::current_exe()
    }

    /// Starts the stack: `program` is a `substorm`, mostly [`this_program`](Self::this_program).
    /// When this returns, everything listens; no user is there yet.
    ///
    /// `clock` is the one that the links' leases are given in.
    pub async fn start(
        config: &StackConfig,
        program: &Path,
        clock: Clock,
    ) -> Result<Self, StackError> {
        let links = Links::bind(config, clock).await?;
        let mut process = Process::spawn(program, SUBCOMMAND)?;
        process.send(config).await?;
        let systems: SystemAddresses = process.receive("the systems' addresses").await?;
        links.store.set_upstream(systems.directory);
        links.cache.set_upstream(systems.directory);
        links.idp.set_upstream(systems.idp);
        let addresses = LinkAddresses {
            store: links.store.address(),
            cache: links.cache.address(),
            idp: links.idp.address(),
        };
        process.send(&addresses).await?;
        let gateway: GatewayAddresses = process.receive("the gateway's addresses").await?;
        let control = Control::new(systems.sync_control, gateway.control)?;
        let scim = Client::embedded(systems.idp)?;
        Ok(Self { process, systems, gateway, links, control, scim })
    }

    /// Where requests go.
    pub fn gateway(&self) -> SocketAddr {
        self.gateway.gateway
    }

    /// Where the gateway is controlled.
    pub fn gateway_control(&self) -> SocketAddr {
        self.gateway.control
    }

    /// Where the other systems are, by ways that no link lies on.
    pub fn systems(&self) -> SystemAddresses {
        self.systems
    }

    /// The links.
    pub fn links(&self) -> &Links {
        &self.links
    }

    /// Changes users in the primary directory.
    pub fn scim(&self) -> &Client {
        &self.scim
    }

    /// The child's process number.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What the child has used so far.
    pub fn usage(&self) -> io::Result<Usage> {
        Usage::of(self.process.pid())
    }

    /// An error if the child has ended, with the last it said.
    pub fn check(&self) -> Result<(), StackError> {
        self.process.check()
    }

    /// Waits for the child to end by itself, which it should not. Cancel-safe.
    pub async fn died(&self) -> StackError {
        self.process.died().await
    }

    /// Makes all these users, active, in the primary and the replica; gives how many there are.
    pub async fn seed<S>(&self, subjects: S) -> Result<u64, StackError>
    where
        S: Iterator<Item = String> + Send + 'static,
    {
        self.scim.seed(subjects).await?;
        self.control.snapshot().await
    }

    /// How the sync stands, with the hits of what disturbs it.
    pub async fn sync_status(&self) -> Result<Status, StackError> {
        self.control.sync_status().await
    }

    /// Disturbs the sync, for `ttl` at most: a millisecond to thirty days.
    pub async fn disturb_sync(
        &self,
        disturbance: &Disturbance,
        ttl: Duration,
    ) -> Result<Status, StackError> {
        self.control.disturb_sync(disturbance, ttl).await
    }

    /// Ends what disturbs the sync.
    pub async fn heal_sync(&self) -> Result<Status, StackError> {
        self.control.heal_sync().await
    }

    /// Empties the gateway's cache; gives how many entries it had.
    pub async fn flush_cache(&self) -> Result<u64, StackError> {
        self.control.flush_cache().await
    }

    /// Sets the gateway up wrongly, for `ttl` at most: a millisecond to thirty days.
    pub async fn misconfigure(
        &self,
        how: &Misconfiguration,
        ttl: Duration,
    ) -> Result<(), StackError> {
        self.control.misconfigure(how, ttl).await
    }

    /// Sets the gateway up rightly again.
    pub async fn heal_gateway(&self) -> Result<(), StackError> {
        self.control.heal_gateway().await
    }

    /// The gateway's counters, by name.
    pub async fn gateway_stats(&self) -> Result<Value, StackError> {
        self.control.gateway_stats().await
    }

    /// Ends the stack: tells the child to end, waits until it has, closes the links. An error if
    /// it had ended before, or does not end well.
    pub async fn stop(self) -> Result<(), StackError> {
        let stopped = self.process.stop().await;
        self.links.close().await;
        stopped
    }
}
