//! One connection of a link, from its acceptance to its end.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::counts::{Counters, add};
use super::pump::{End, PIECE, Pump, Way};
use super::queue::Queue;
use super::requests::RequestCounter;
use super::state::{Mode, State};
use crate::clock::Clock;
use crate::seed::Stream;

/// What a link's tasks share.
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) draws: Stream,
    /// Whether clients can only be on this machine.
    pub(super) is_local: bool,
    pub(super) counters: Counters,
    pub(super) state: watch::Sender<State>,
    pub(super) upstream: Mutex<Option<SocketAddr>>,
    pub(super) stop: CancellationToken,
}

/// One accepted connection.
pub(super) struct Connection {
    pub(super) shared: Arc<Shared>,
    /// Counts from zero; names the connection's random streams.
    pub(super) number: u64,
    pub(super) state: watch::Receiver<State>,
    /// [`State::cuts`] when it was accepted.
    pub(super) cuts: u64,
}

/// How a connection is brought to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// Closed (FIN).
    Close,
    /// Reset (RST).
    Reset,
}

impl Connection {
    /// Serves the client until either side ends, the mode cuts, or the link is closed.
    pub(super) async fn serve(self, mut client: TcpStream) {
        let _open = Open::new(&self.shared.counters);
        let mut upstream = None;
        let mut watched = self.state.clone();
        let ending = tokio::select! {
            biased;
            () = self.shared.stop.cancelled() => Ending::Close,
            cut = watched.wait_for(|state| state.cuts() > self.cuts) => {
                if let Ok(state) = cut {
                    state.cut_hit();
                }
                Ending::Reset
            }
            ending = self.relay(&mut client, &mut upstream) => ending,
        };
        if ending == Ending::Reset {
            reset_on_close(&client);
            if let Some(upstream) = &upstream {
                reset_on_close(upstream);
            }
        }
    }

    async fn relay(&self, client: &mut TcpStream, slot: &mut Option<TcpStream>) -> Ending {
        if let Some(ending) = self.admit(client).await {
            return ending;
        }
        let Ok(dialled) = self.dial().await else {
            add(&self.shared.counters.dial_failures, 1);
            return Ending::Reset;
        };
        let upstream = slot.insert(dialled);
        // A link that batches small writes would add latency of its own.
        let _ = client.set_nodelay(true);
        let _ = upstream.set_nodelay(true);

        let (mut client_in, mut client_out) = client.split();
        let (mut upstream_in, mut upstream_out) = upstream.split();
        let up = self.pump(Way::Up).run(&mut client_in, &mut upstream_out);
        let down = self.pump(Way::Down).run(&mut upstream_in, &mut client_out);
        tokio::pin!(up, down);
        let mut end = tokio::select! {
            end = &mut up => (end, Way::Up),
            end = &mut down => (end, Way::Down),
        };
        // One direction may end before the other (RFC 9293 §3.6.1).
        end = match end {
            (End::Finished, Way::Up) => (down.await, Way::Down),
            (End::Finished, Way::Down) => (up.await, Way::Up),
            broken => broken,
        };
        match end.0 {
            End::Broken => Ending::Reset,
            End::Finished | End::Lost | End::Left => Ending::Close,
        }
    }

    /// Holds a new connection while nothing may pass; gives its ending if it is not to be relayed.
    async fn admit(&self, client: &mut TcpStream) -> Option<Ending> {
        let mut watched = self.state.clone();
        let mut requests = RequestCounter::default();
        let mut buffer = Vec::new();
        let mut lost = false;
        loop {
            let state = watched.borrow_and_update().clone();
            let mode = state.mode_at(self.shared.clock.now());
            match mode {
                Mode::Pass | Mode::Delay { .. } if lost => return Some(Ending::Close),
                Mode::Pass | Mode::Delay { .. } => return None,
                // Accepted at the very instant of the change.
                Mode::Refuse => {
                    state.hit();
                    return Some(Ending::Reset);
                }
                Mode::Reset | Mode::BlackHole => {}
            }
            buffer.resize(PIECE, 0);
            let read = tokio::select! {
                biased;
                changed = watched.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => return Some(Ending::Close),
                },
                read = client.read(&mut buffer) => read,
            };
            let Ok(count @ 1..) = read else { return Some(Ending::Close) };
            add(&self.shared.counters.bytes_up, count as u64);
            add(&self.shared.counters.requests, requests.feed(&buffer[..count]));
            state.hit();
            lost = true;
            if mode == Mode::Reset {
                return Some(Ending::Reset);
            }
        }
    }

    async fn dial(&self) -> io::Result<TcpStream> {
        let address = *self.shared.upstream.lock().unwrap_or_else(PoisonError::into_inner);
        match address {
            Some(address) => TcpStream::connect(address).await,
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn pump(&self, way: Way) -> Pump<'_> {
        let draws = self.shared.draws.nth(self.number);
        Pump {
            way,
            clock: self.shared.clock,
            counters: &self.shared.counters,
            state: self.state.clone(),
            queue: Queue::new(draws.named(if way == Way::Up { "up" } else { "down" })),
        }
    }
}

/// Makes the coming close of a stream send RST and drop what is not delivered.
fn reset_on_close(stream: &TcpStream) {
    // Fails only on a stream whose peer has already reset it.
    let _ = stream.set_zero_linger();
}

/// Counts a connection as open for as long as it lives.
struct Open<'a>(&'a Counters);

impl<'a> Open<'a> {
    fn new(counters: &'a Counters) -> Self {
        counters.open.fetch_add(1, Ordering::Relaxed);
        Self(counters)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
