//! A recorder from its start to its end.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::HeaderValue;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::counts::{Counters, RecordCounts, add};
use super::forward::{Shared, serve};
use super::writer::Writer;
use crate::clock::Clock;
use crate::replay::formats::Selector;
use crate::replay::{Cleaning, Disguise};

/// Pause after a failed accept, for instance for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// What a recorder is asked to do.
pub struct RecordPlan {
    /// Where clients connect.
    pub listen: SocketAddr,
    /// Where their requests go.
    pub upstream: Upstream,
    /// The file that is written. It must not be there yet.
    pub out: PathBuf,
    /// What is taken out of targets.
    pub cleaning: Cleaning,
    /// The part of a request that tells its user; without, the token, then the address.
    pub user: Option<Selector>,
}

/// Where requests go: plain HTTP/1.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// A name or an address, without brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

impl Upstream {
    /// The `Host` field for requests that have none.
    pub(super) fn host_field(&self) -> HeaderValue {
        let bracketed = self.host.contains(':');
        let host = if bracketed { format!("[{}]", self.host) } else { self.host.clone() };
        HeaderValue::try_from(format!("{host}:{}", self.port))
            .unwrap_or(HeaderValue::from_static("localhost"))
    }
}

/// Why nothing can be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The address to listen on.
    #[error("cannot listen on {address}: {source}; choose another address with --listen")]
    Listen {
        /// Which one.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The file.
    #[error("{} cannot be written: {source}", file.display())]
    File {
        /// Which one.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A bug of ours.
    #[error("the recorder failed: {0}; please report this")]
    Bug(String),
}

/// A recorder that runs.
pub struct Recorder {
    address: SocketAddr,
    out: PathBuf,
    counters: Arc<Counters>,
    writer: Writer,
    accepting: JoinHandle<()>,
    cancel: CancellationToken,
    abort: CancellationToken,
}

impl Recorder {
    /// Listens, creates the file, and begins.
    pub async fn start(plan: RecordPlan) -> Result<Self, RecordError> {
        let (address, out) = (plan.listen, plan.out);
        let cannot_listen = |source| RecordError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;
        let unwritable = |source| RecordError::File { file: out.clone(), source };
        let counters = Arc::new(Counters::default());
        let disguise = Disguise::new(plan.cleaning, plan.user).map_err(unwritable)?;
        let (pen, writer) = Writer::create(&out, &counters).map_err(unwritable)?;
        let clock = Clock::start();
        let shared = Arc::new(Shared {
            clock,
            origin: clock.now(),
            upstream: plan.upstream,
            disguise,
            pen,
            counters: Arc::clone(&counters),
        });
        let (cancel, abort) = (CancellationToken::new(), CancellationToken::new());
        let accepting = tokio::spawn(accept(listener, shared, cancel.clone(), abort.clone()));
        Ok(Self { address, out, counters, writer, accepting, cancel, abort })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has done so far.
    pub fn counts(&self) -> RecordCounts {
        self.counters.read()
    }

    /// Whether the file can no longer be written; requests are forwarded all the same.
    pub fn has_failed(&self) -> bool {
        self.writer.has_failed()
    }

    /// Accepts nothing more, gives requests under way so much time, and writes the file to its end.
    pub async fn stop(mut self, drain: Duration) -> Result<RecordCounts, RecordError> {
        self.cancel.cancel();
        let ended = match tokio::time::timeout(drain, &mut self.accepting).await {
            Ok(ended) => ended,
            Err(_elapsed) => {
                self.abort.cancel();
                self.accepting.await
            }
        };
        ended.map_err(|error| RecordError::Bug(error.to_string()))?;
        let Self { writer, counters, out, .. } = self;
        let written = tokio::task::spawn_blocking(move || writer.join()).await;
        let written = written.map_err(|error| RecordError::Bug(error.to_string()))?;
        written.map_err(|source| RecordError::File { file: out, source })?;
        Ok(counters.read())
    }
}

/// Accepts connections and owns their tasks. A panic in one ends the recorder.
async fn accept(
    listener: TcpListener,
    shared: Arc<Shared>,
    cancel: CancellationToken,
    abort: CancellationToken,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = cancel.cancelled() => break,
            Some(joined) = connections.join_next() => reraise(joined),
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    add(&shared.counters.connections);
                    connections.spawn(serve(stream, peer, Arc::clone(&shared), cancel.clone()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
    drop(listener);
    loop {
        tokio::select! {
            () = abort.cancelled() => {
                connections.shutdown().await;
                return;
            }
            joined = connections.join_next() => match joined {
                Some(joined) => reraise(joined),
                None => return,
            },
        }
    }
}

/// A task that panicked must not look like a flaw of the gateway.
pub(super) fn reraise(joined: Result<(), tokio::task::JoinError>) {
    if let Err(error) = joined
        && error.is_panic()
    {
        std::panic::resume_unwind(error.into_panic());
    }
}
