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

/// Bytes that wait to be written, beyond which nothing is read: a peer that asks and does not listen
/// gets no more answers than that.
const OUT_MAX: usize = 1 << 20;

/// A session over a stream. Lanes put requests in; the task below moves the bytes, so that all
/// that lanes put in at a time are one write.
#[derive(Debug)]
pub struct Link {
    /// The protocol's state.
    pub session: RefCell<Session>,
    /// Wakes the task.
    task: RefCell<Option<Waker>>,
    /// Why nothing can be written any more.
    unwritten: Cell<Option<Failure>>,
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
                // What the peer said before it went is still to be read: answers, and how far it
                // has come.
                self.unwritten.set(self.unwritten.get().or(Some(failure)));
                session.leave();
            }
            // What is left waits for the stream, which has the waker.
            if session.out.len() > OUT_MAX {
                break;
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
                Poll::Ready(Err(failure)) => {
                    return Poll::Ready(self.unwritten.get().unwrap_or(failure));
                }
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
        let link = Rc::new(Link { session, task: RefCell::default(), unwritten: Cell::default() });
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::UnixStream;
    use tokio::task::LocalSet;
    use tokio::time::timeout;

    use super::super::exchange::Shared;
    use super::super::frame;
    use super::*;
    use crate::wire::transport::Socket;

    const PINGS: usize = 800_000;

    #[tokio::test]
    async fn a_peer_that_asks_and_never_listens_takes_bounded_memory() {
        LocalSet::new().run_until(flooded()).await;
    }

    #[tokio::test]
    async fn what_a_peer_said_before_it_closed_is_read_though_nothing_can_be_written() {
        LocalSet::new().run_until(closed()).await;
    }

    async fn closed() {
        let (own, peer) = UnixStream::pair().unwrap();
        let opened = Opened::new(Stream::Plain(Socket::Unix(own)), 1_000, Room::default());
        let requests = [Shared::default(), Shared::default()];
        for request in &requests {
            opened.link.session.borrow_mut().begin(request, &[0x82], b"").unwrap();
        }
        let mut goodbye = Vec::new();
        frame::write_head(8, frame::GOAWAY, 0, 0, &mut goodbye);
        goodbye.extend_from_slice(&[0, 0, 0, 1, 0, 0, 0, 0]);
        assert_eq!(peer.try_write(&goodbye).unwrap(), goodbye.len());
        drop(peer);
        let ended = timeout(Duration::from_secs(20), async {
            while requests.iter().any(|request| request.borrow().ended.is_none()) {
                tokio::task::yield_now().await;
            }
        });
        ended.await.expect("the requests end");
        let how = requests.map(|request| request.borrow().ended);
        assert_eq!(how, [Some(Err(Failure::Reset)), Some(Err(Failure::NotProcessed))]);
    }

    async fn flooded() {
        let (own, peer) = UnixStream::pair().unwrap();
        let opened = Opened::new(Stream::Plain(Socket::Unix(own)), 1_000, Room::default());
        let mut ping = Vec::new();
        frame::write_head(8, frame::PING, 0, 0, &mut ping);
        ping.extend_from_slice(&[9; 8]);
        let flood = ping.repeat(PINGS);
        let (mut from, mut to) = peer.into_split();
        let mut sent = 0;
        while let Ok(written) = timeout(Duration::from_millis(300), to.write(&flood[sent..])).await
        {
            sent += written.unwrap();
            if sent == flood.len() {
                break;
            }
        }
        let waiting = opened.link.session.borrow().out.len();
        assert!(sent < flood.len(), "all was read, and {waiting} bytes are to be sent");
        assert!((OUT_MAX..OUT_MAX + 256 * 1024).contains(&waiting), "{waiting} bytes");
        // Once it listens, everything goes on and is answered.
        let reading = tokio::task::spawn_local(async move {
            let (mut pings, mut room) = (0, vec![0; 1 << 16]);
            from.read_exact(&mut room[..frame::PREFACE.len()]).await.unwrap();
            let mut bytes = Vec::new();
            while pings < PINGS {
                let read = from.read(&mut room).await.unwrap();
                bytes.extend_from_slice(&room[..read]);
                let mut used = 0;
                while let Some(head) = frame::Frame::read(&bytes[used..])
                    && bytes.len() >= used + frame::HEAD + head.length
                {
                    pings += usize::from(head.kind == frame::PING && head.has(frame::ACK));
                    used += frame::HEAD + head.length;
                }
                bytes.drain(..used);
            }
        });
        let rest = timeout(Duration::from_secs(20), async {
            to.write_all(&flood[sent..]).await.unwrap();
            reading.await.unwrap();
        });
        rest.await.expect("the rest is neither read nor answered");
    }
}
