//! One transport and the task that works on it.

use std::cell::Cell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use tokio::sync::OnceCell;
use tokio_util::task::AbortOnDropHandle;

use super::pool::Keep;
use crate::clock::Tick;
use crate::outcome::Failure;
use crate::wire::transport::{Stream, failure};

/// Bytes that a peer may send on one stream, and on all of them, before it is told that there is
/// room again: enough that a load's short answers never wait for that.
const STREAM_WINDOW: u32 = 1 << 20;
const TRANSPORT_WINDOW: u32 = 16 << 20;

/// Most bytes of an answer's header fields (RFC 9113 §6.5.2).
const HEADERS_MAX: u32 = 64 * 1024;

/// Makes requests, and does the work on their bytes until it is dropped.
#[derive(Debug)]
pub(super) struct Opened {
    sender: SendRequest<Bytes>,
    worker: AbortOnDropHandle<()>,
}

impl Opened {
    /// Opens HTTP/2 on a stream. Does not wait for the peer.
    pub(super) async fn new(stream: Stream) -> Result<Self, Failure> {
        let opened = Builder::new()
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(TRANSPORT_WINDOW)
            .max_header_list_size(HEADERS_MAX)
            .handshake(stream)
            .await;
        let (sender, connection) = opened.map_err(|error| of_error(&error))?;
        // How it ends is told to the streams on it.
        let worker = tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender, worker: AbortOnDropHandle::new(worker) })
    }
}

/// A transport, connected or about to be.
#[derive(Debug, Default)]
pub struct Transport {
    /// What came of connecting it; whoever is first does that, others wait.
    pub(super) opened: OnceCell<Result<Opened, Failure>>,
    /// Lanes that have a seat.
    seats: Cell<u32>,
    /// Requests begun.
    carried: Cell<u32>,
    /// When it was last of use.
    used: Cell<Option<Tick>>,
    /// Takes no further requests.
    retired: Cell<bool>,
}

impl Transport {
    /// Whether another lane may have a seat.
    pub(super) fn has_room(&self, most: u32, keep: &Keep, now: Tick) -> bool {
        let granted = match self.opened.get() {
            // What the peer allows (SETTINGS_MAX_CONCURRENT_STREAMS) may be less.
            Some(Ok(opened)) => opened.sender.current_max_send_streams(),
            Some(Err(_)) => return false,
            None => usize::MAX,
        };
        let idle = self.used.get().map(|used| now - used).unwrap_or_default();
        if !keep.idle.is_zero() && idle > keep.idle {
            self.retire();
        }
        !self.is_closed() && self.seats.get() < most && (self.seats.get() as usize) < granted
    }

    /// Takes no further requests; those under way go on.
    pub(super) fn retire(&self) {
        self.retired.set(true);
    }

    /// Whether no further request may be made, as far as is known without waiting.
    pub(super) fn is_closed(&self) -> bool {
        let broken = |opened: &Opened| {
            let mut sender = opened.sender.clone();
            let mut context = Context::from_waker(Waker::noop());
            // Also once the peer has said that it takes no more (GOAWAY).
            opened.worker.is_finished()
                || matches!(sender.poll_ready(&mut context), Poll::Ready(Err(_)))
        };
        self.retired.get() || matches!(self.opened.get(), Some(Ok(opened)) if broken(opened))
    }

    /// Counts a request; the last that it may carry retires it.
    pub(super) fn carry(&self, keep: &Keep) {
        self.carried.set(self.carried.get() + 1);
        if keep.requests > 0 && self.carried.get() >= keep.requests {
            self.retire();
        }
    }

    /// It was of use.
    pub(super) fn touch(&self, now: Tick) {
        self.used.set(Some(now));
    }

    /// What requests are made with, once it is connected.
    pub(super) fn sender(&self) -> Option<SendRequest<Bytes>> {
        self.opened.get()?.as_ref().ok().map(|opened| opened.sender.clone())
    }
}

/// A lane's place on a transport, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat(Rc<Transport>);

impl Seat {
    pub(super) fn take(transport: &Rc<Transport>) -> Self {
        transport.seats.set(transport.seats.get() + 1);
        Self(Rc::clone(transport))
    }

    pub(super) fn transport(&self) -> &Rc<Transport> {
        &self.0
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.seats.set(self.0.seats.get() - 1);
    }
}

/// How a request ends that met this error.
pub(super) fn of_error(error: &h2::Error) -> Failure {
    match error.get_io() {
        Some(io) => failure(io),
        // What the peer sent is no HTTP/2.
        None if error.is_library() => Failure::Protocol,
        // Refused, cancelled, or not reached before the peer went away: the answer is lost.
        None => Failure::Reset,
    }
}
