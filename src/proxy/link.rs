//! A link: one listening address, one upstream, the mode between them, and the tasks that do it.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::connection::{Connection, Shared};
use super::counts::{Counters, LinkCounts, add};
use super::port::Port;
use super::refusals;
use super::state::{Mode, State};
use crate::clock::{Clock, Tick};
use crate::seed::Stream;

/// The pause after a failure to listen or accept.
const RETRY: Duration = Duration::from_millis(10);

/// A TCP path from one listening address to one upstream.
///
/// Its tasks run on the runtime that it was bound on, and end when it is closed or dropped.
pub struct Link {
    name: &'static str,
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: JoinHandle<()>,
}

impl Link {
    /// Listens on `listen` (port 0: any that is free). Until [`Link::set_upstream`], connections are
    /// accepted and reset.
    ///
    /// `clock` is the one that deadlines are given in; `draws` is where jitter comes from.
    ///
    /// # Errors
    /// Those of binding the address.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[expect(clippy::unused_async, reason = "a caller without a runtime fails to compile")]
    pub async fn bind(
        name: &'static str,
        listen: SocketAddr,
        clock: Clock,
        draws: Stream,
    ) -> io::Result<Self> {
        let port = Port::bind(listen)?;
        let address = port.address();
        let shared = Arc::new(Shared {
            clock,
            draws: draws.named(name),
            is_local: address.ip().is_loopback(),
            counters: Counters::default(),
            state: watch::Sender::new(State::default()),
            upstream: Mutex::new(None),
            stop: CancellationToken::new(),
        });
        let acceptor = tokio::spawn(accept(Arc::clone(&shared), port));
        Ok(Self { name, address, shared, acceptor })
    }

    /// The name given to [`Link::bind`].
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where new connections are relayed to; open ones stay where they are.
    pub fn set_upstream(&self, address: SocketAddr) {
        *self.shared.upstream.lock().unwrap_or_else(PoisonError::into_inner) = Some(address);
    }

    /// Puts a mode in force, in place of the one before, until a tick or for good.
    ///
    /// Takes effect on all connections within about a millisecond of an idle runtime, however busy or
    /// stalled they are. [`LinkCounts::hits`] counts from zero again, unless the mode is
    /// [`Mode::Pass`]. If `until` has passed already, nothing but a cut of the open connections
    /// ([`Mode::Refuse`], [`Mode::Reset`]) takes place.
    pub fn set(&self, mode: Mode, until: Option<Tick>) {
        let failed = failed_attempts(&self.shared);
        self.shared.state.send_modify(|state| *state = state.followed_by(mode, until, failed));
    }

    /// Lets everything pass again.
    pub fn clear(&self) {
        self.set(Mode::Pass, None);
    }

    /// The mode in force.
    pub fn mode(&self) -> Mode {
        self.shared.state.borrow().mode_at(self.shared.clock.now())
    }

    /// The figures at this instant.
    pub fn counts(&self) -> LinkCounts {
        let state = self.shared.state.borrow().clone();
        let failed = if state.is_refusing() { failed_attempts(&self.shared) } else { None };
        self.shared.counters.read(state.hits(), state.refused(failed))
    }

    /// Closes the listener and all connections, waits for every task, and gives the last figures.
    pub async fn close(mut self) -> LinkCounts {
        self.shared.stop.cancel();
        if (&mut self.acceptor).await.is_err_and(|error| error.is_panic()) {
            add(&self.shared.counters.panics, 1);
        }
        self.counts()
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

/// Accepts connections, owns their tasks, and ends leases.
async fn accept(shared: Arc<Shared>, mut port: Port) {
    let mut watched = shared.state.subscribe();
    let mut connections = JoinSet::new();
    let mut number = 0;
    // After a failure nothing is accepted for a moment.
    let mut pause = false;
    loop {
        let state = watched.borrow_and_update().clone();
        let mode = state.mode_at(shared.clock.now());
        if mode == Mode::Refuse {
            port.refuse();
        } else if port.listen().is_err() {
            pause = true;
            add(&shared.counters.accept_failures, 1);
        }
        let lease = state.until().filter(|_| mode != Mode::Pass);
        let lease_end = shared.clock.deadline(lease.unwrap_or(Tick::MAX));
        let accepted = tokio::select! {
            biased;
            () = shared.stop.cancelled() => break,
            _ = watched.changed() => continue,
            () = sleep_until(lease_end), if lease.is_some() => {
                end_lease(&shared);
                continue;
            }
            Some(done) = connections.join_next() => {
                note_panic(&shared, &done);
                continue;
            }
            () = sleep(RETRY), if pause => {
                pause = false;
                continue;
            }
            accepted = port.accept(), if !pause => accepted,
        };
        let Ok(client) = accepted else {
            pause = true;
            add(&shared.counters.accept_failures, 1);
            continue;
        };
        add(&shared.counters.connections, 1);
        let cuts = state.cuts();
        let connection =
            Connection { shared: Arc::clone(&shared), number, state: watched.clone(), cuts };
        connections.spawn(connection.serve(client));
        number += 1;
    }
    drop(port);
    while let Some(done) = connections.join_next().await {
        note_panic(&shared, &done);
    }
}

/// Goes back to [`Mode::Pass`], unless another mode has been set meanwhile.
fn end_lease(shared: &Shared) {
    let failed = failed_attempts(shared);
    shared.state.send_if_modified(|state| {
        let over = state.is_over(shared.clock.now());
        if over {
            *state = state.followed_by(Mode::Pass, None, failed);
        }
        over
    });
}

fn failed_attempts(shared: &Shared) -> Option<u64> {
    if shared.is_local { refusals::failed_attempts() } else { None }
}

fn note_panic(shared: &Shared, done: &Result<(), tokio::task::JoinError>) {
    if done.as_ref().is_err_and(tokio::task::JoinError::is_panic) {
        add(&shared.counters.panics, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    /// The harness shares links between its threads.
    const fn shared_between_threads<T: Send + Sync>() {}
    const _: () = shared_between_threads::<Link>();

    #[tokio::test]
    async fn a_panic_of_a_task_is_counted_and_not_lost() {
        let any = "127.0.0.1:0".parse().unwrap();
        let draws = Seed(7).stream("links");
        let mut link = Link::bind("test", any, Clock::start(), draws).await.unwrap();
        let acceptor = tokio::spawn(async { panic!("a defect, on purpose") });
        let real = std::mem::replace(&mut link.acceptor, acceptor);
        assert_eq!(link.close().await.panics, 1);
        real.await.unwrap();
    }
}
