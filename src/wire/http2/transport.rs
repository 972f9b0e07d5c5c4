//! One transport: the task that moves its bytes, and the seats that lanes have on it.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::sync::OnceCell;
use tokio_util::task::AbortOnDropHandle;

use super::pool::Keep;
use super::session::Session;
use crate::clock::Tick;
use crate::outcome::Failure;
use crate::wire::http1::Room;
use crate::wire::transport::{Stream, failure};

/// A session over a stream. Lanes put requests in; the task below moves the bytes, so that all
/// that lanes put in at a time are one write.
#[derive(Debug)]
pub struct Link {
    /// The protocol's state.
    pub session: RefCell<Session>,
    /// Wakes the task.
    task: RefCell<Option<Waker>>,
}

impl Link {
    /// Something is to be sent.
    pub fn wake(&self) {
        // Once; until it has run it needs no second call.
        if let Some(waker) = self.task.borrow_mut().take() {
            waker.wake();
        }
    }

    /// Moves bytes both ways until nothing is left to be done; ready once the transport has ended.
    fn poll(&self, cx: &mut Context<'_>, stream: &mut Stream, room: &Room) -> Poll<Failure> {
        let mut session = self.session.borrow_mut();
        loop {
            if let Poll::Ready(Err(failure)) = write(cx, stream, &mut session.out) {
                return Poll::Ready(failure);
            }
            let moved = room.with(|room| {
                let mut buffer = ReadBuf::new(room);
                if let Err(e) = ready!(Pin::new(&mut *stream).poll_read(cx, &mut buffer)) {
                    return Poll::Ready(Err(failure(&e)));
                }
                match buffer.filled() {
                    [] => Poll::Ready(Err(Failure::Reset)),
                    input => {
                        session.arrival = stream.arrival();
                        Poll::Ready(session.take(input))
                    }
                }
            });
            match moved {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(failure)) => return Poll::Ready(failure),
                // What could not be written waits for the stream, like what could not be read.
                Poll::Pending => break,
            }
        }
        *self.task.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// Writes what is there. Pending while the stream takes no more.
fn write(
    cx: &mut Context<'_>,
    stream: &mut Stream,
    out: &mut Vec<u8>,
) -> Poll<Result<(), Failure>> {
    let mut sent = 0;
    let written = loop {
        if sent == out.len() {
            break Pin::new(&mut *stream).poll_flush(cx);
        }
        match Pin::new(&mut *stream).poll_write(cx, &out[sent..]) {
            Poll::Ready(Ok(0)) => return Poll::Ready(Err(Failure::Reset)),
            Poll::Ready(Ok(n)) => sent += n,
            Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
            Poll::Pending => break Poll::Pending,
        }
    };
    out.drain(..sent);
    written.map_err(|error| failure(&error))
}

/// A session at work; ends when this is dropped.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) link: Rc<Link>,
    _task: AbortOnDropHandle<()>,
}

impl Opened {
    /// Begins HTTP/2 on a stream. Does not wait for the peer.
    pub(super) fn new(mut stream: Stream, body_max: u64, room: Room) -> Self {
        let session = RefCell::new(Session::new(body_max));
        let link = Rc::new(Link { session, task: RefCell::default() });
        let driven = Rc::clone(&link);
        let task = tokio::task::spawn_local(async move {
            let failure = poll_fn(|cx| driven.poll(cx, &mut stream, &room)).await;
            driven.session.borrow_mut().fail(failure);
        });
        Self { link, _task: AbortOnDropHandle::new(task) }
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
        // What the peer allows may be less.
        let allowed = self.link().map(|link| link.session.borrow().streams_allowed());
        let most = allowed.unwrap_or(usize::MAX).min(most as usize);
        let idle = self.used.get().map(|used| now - used).unwrap_or_default();
        if !keep.idle.is_zero() && idle > keep.idle {
            self.retire();
        }
        !self.is_closed() && (self.seats.get() as usize) < most
    }

    /// Takes no further requests; those under way go on.
    pub(super) fn retire(&self) {
        self.retired.set(true);
    }

    /// Whether no further request may be made, as far as is known without waiting.
    pub(super) fn is_closed(&self) -> bool {
        let leaving = || match self.opened.get() {
            Some(Ok(opened)) => opened.link.session.borrow().is_leaving(),
            Some(Err(_)) => true,
            None => false,
        };
        self.retired.get() || leaving()
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

    /// The session's link, once there is one.
    pub(super) fn link(&self) -> Option<&Rc<Link>> {
        self.opened.get()?.as_ref().ok().map(|opened| &opened.link)
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
