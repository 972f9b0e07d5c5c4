//! The child's systems: each an HTTP server on a loopback port of its own, or a task.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::protocol::{GatewayAddresses, LinkAddresses, StackConfig, SystemAddresses};
use crate::clock::Clock;
use crate::directory::serve::serve;
use crate::directory::sync::{self, Pump, Queue};
use crate::directory::{SqliteStore, StoreError, UserChange, replica};
use crate::gateway::{self, GatewayConfig};
use crate::idp::{self, Primary};

/// What a system ended with, and its name.
type Ending = (&'static str, Result<(), String>);

/// A system that could not start, or ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum SystemError {
    /// No port could be had.
    #[error("no loopback port for the {name}: {source}")]
    Port {
        /// The system.
        name: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// A store could not be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A system ended.
    #[error("the {name} ended by itself: {why}")]
    Ended {
        /// The system.
        name: &'static str,
        /// What it ended with.
        why: String,
    },
    /// A system panicked.
    #[error("a system panicked: {0}")]
    Panicked(tokio::task::JoinError),
}

/// The systems that run.
pub(super) struct Systems {
    config: StackConfig,
    addresses: SystemAddresses,
    tasks: JoinSet<Ending>,
    stop: CancellationToken,
}

async fn listen(name: &'static str) -> Result<(TcpListener, SocketAddr), SystemError> {
    let bound = async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    bound.await.map_err(|source| SystemError::Port { name, source })
}

impl Systems {
    /// Starts everything but the gateway, with stores in `folder`.
    pub(super) async fn start(
        config: StackConfig,
        folder: &Path,
        stop: CancellationToken,
    ) -> Result<Self, SystemError> {
        let clock = Clock::start();
        let open = |name: &str| SqliteStore::open(&folder.join(name)).map(Arc::new);
        let (primary_store, replica_store) = (open("primary.sqlite")?, open("replica.sqlite")?);
        let wrong_store = open("wrong.sqlite")?;
        let other = UserChange { subject: "nobody.you.know".to_owned(), active: Some(true) };
        wrong_store.apply(&[other])?;

        let queue = Arc::new(Queue::new(config.sync, config.seed.stream("sync")));
        let primary = Arc::new(Primary::new(Arc::clone(&primary_store), Arc::clone(&queue), clock));
        let announcements = replica::announcements();
        let pump = Arc::new(Pump::new(
            queue,
            primary_store,
            Arc::clone(&replica_store),
            clock,
            announcements.clone(),
        ));

        let (directory_listener, directory) = listen("replica directory").await?;
        let (wrong_listener, wrong_directory) = listen("wrong directory").await?;
        let (idp_listener, idp) = listen("identity provider").await?;
        let (upstream_listener, upstream) = listen("upstream").await?;
        let (sync_listener, sync_control) = listen("sync's control").await?;
        let addresses = SystemAddresses { directory, wrong_directory, idp, upstream, sync_control };

        let replica_app = replica::routes(replica_store, announcements, stop.clone());
        let wrong_app = replica::routes(wrong_store, replica::announcements(), stop.clone());
        let idp_app = idp::routes(config.issuer.clone(), config.jwks.clone(), &primary);
        let sync_app = sync::routes(Arc::clone(&pump));
        let mut this = Self { config, addresses, tasks: JoinSet::new(), stop: stop.clone() };
        this.own("replica directory", serve(directory_listener, replica_app, stop.clone()));
        this.own("wrong directory", serve(wrong_listener, wrong_app, stop.clone()));
        this.own("identity provider", serve(idp_listener, idp_app, stop.clone()));
        this.own("sync's control", serve(sync_listener, sync_app, stop.clone()));
        this.own("upstream", gateway::upstream::serve(upstream_listener, stop.clone()));
        this.own("sync", async move { pump.run(&stop).await });
        Ok(this)
    }

    /// Starts the gateway, which reaches the systems through these links.
    pub(super) async fn start_gateway(
        &mut self,
        links: &LinkAddresses,
    ) -> Result<GatewayAddresses, SystemError> {
        let (listener, gateway) = listen("gateway").await?;
        let (control_listener, control) = listen("gateway's control").await?;
        let url = |address: SocketAddr, path: &str| format!("http://{address}{path}");
        let (config, systems) = (&self.config, &self.addresses);
        let config = GatewayConfig {
            policies: config.policies.clone(),
            directory: url(links.store, ""),
            primary: url(links.idp, ""),
            wrong_directory: url(systems.wrong_directory, ""),
            changes: Some(url(links.cache, "/changes")),
            jwks: url(links.idp, "/jwks.json"),
            deny_list: Some(url(links.idp, "/deny-list")),
            upstream: url(systems.upstream, ""),
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
            algorithms: config.algorithms.clone(),
        };
        let serving = gateway::serve(listener, control_listener, config, self.stop.clone());
        self.own("gateway", serving);
        Ok(GatewayAddresses { gateway, control })
    }

    fn own<E: std::fmt::Display>(
        &mut self,
        name: &'static str,
        system: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let named = async move { (name, system.await.map_err(|error| error.to_string())) };
        self.tasks.spawn(named);
    }

    /// Where everything but the gateway is.
    pub(super) fn addresses(&self) -> SystemAddresses {
        self.addresses
    }

    /// Waits for the first system to end, which none should. Cancel-safe.
    pub(super) async fn failure(&mut self) -> SystemError {
        match self.tasks.join_next().await {
            Some(Ok((name, result))) => {
                let why = result.err().unwrap_or_else(|| "nothing was wrong".to_owned());
                SystemError::Ended { name, why }
            }
            Some(Err(panicked)) => SystemError::Panicked(panicked),
            None => SystemError::Ended { name: "stack", why: "it has no systems".to_owned() },
        }
    }

    /// Tells all systems to end, and waits for them.
    pub(super) async fn end(mut self) -> Result<(), SystemError> {
        self.stop.cancel();
        let mut outcome = Ok(());
        while let Some(ended) = self.tasks.join_next().await {
            match ended {
                Ok((_, Ok(()))) => {}
                Ok((name, Err(why))) => outcome = Err(SystemError::Ended { name, why }),
                Err(panicked) => outcome = Err(SystemError::Panicked(panicked)),
            }
        }
        outcome
    }
}
