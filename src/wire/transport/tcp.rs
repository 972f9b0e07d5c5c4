//! TCP whose bytes are dated when the kernel receives them, not when somebody comes to read them.
//!
//! Between the two lie the wake-up of a sleeping thread and whatever that thread was busy with:
//! time of the generator, which is no part of an answer's. Linux dates each packet on request
//! (`SO_TIMESTAMPNS`, socket(7); "Timestamping" in the kernel's networking documentation) and hands
//! out the date of the last byte that a read takes.

use std::io::{self, IoSliceMut};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use rustix::net::{AddressFamily, SocketType};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

use crate::clock::{Clock, WallDates};
use crate::outcome::Arrival;

/// While it lives, the kernel dates packets. It begins to a moment after the first socket wants that,
/// and ends with the last; so one that stays is better than connections that come and go.
#[derive(Debug)]
pub struct PacketDates {
    _socket: OwnedFd,
}

impl PacketDates {
    /// `None` where packets are not dated; what only looks like Linux may not do it.
    pub fn begin() -> Option<Self> {
        let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).ok()?;
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true).ok()?;
        Some(Self { _socket: socket })
    }
}

/// A TCP connection, and when its last bytes came.
#[derive(Debug)]
pub struct Tcp {
    stream: TcpStream,
    dates: Option<Dates>,
    arrival: Option<Arrival>,
}

#[derive(Debug)]
struct Dates {
    wall: WallDates,
    /// Where the kernel puts a date.
    room: Vec<u8>,
}

impl Tcp {
    /// Has the kernel date what comes from now on, if it can.
    pub fn dated(stream: TcpStream, clock: Clock) -> Self {
        let dates = setsockopt(&stream, sockopt::ReceiveTimestampns, &true).is_ok();
        let dates =
            dates.then(|| Dates { wall: WallDates::new(clock), room: nix::cmsg_space!(TimeSpec) });
        Self { stream, dates, arrival: None }
    }

    /// Nobody dates what comes.
    pub fn undated(stream: TcpStream) -> Self {
        Self { stream, dates: None, arrival: None }
    }

    /// When the last bytes that were read had come; `None` where the kernel did not say.
    pub fn arrival(&self) -> Option<Arrival> {
        self.arrival
    }

    /// Reads without waiting, and without asking the kernel if nothing has come.
    pub fn try_read(&self, room: &mut [u8]) -> io::Result<usize> {
        self.stream.try_read(room)
    }

    #[cfg(test)]
    pub(in crate::wire) async fn readable(&self) -> io::Result<()> {
        self.stream.readable().await
    }
}

impl AsyncRead for Tcp {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, dates, arrival } = self.get_mut();
        let Some(dates) = dates else { return Pin::new(stream).poll_read(cx, buffer) };
        loop {
            ready!(stream.poll_read_ready(cx))?;
            let mut taken = None;
            let tried = stream.try_io(Interest::READABLE, || {
                let room = buffer.initialize_unfilled();
                let most = room.len();
                let (count, date) = receive(stream, room, &mut dates.room)?;
                taken = Some((count, date));
                // A read that does not fill its room has emptied the socket: the next byte is an
                // edge again (epoll(7)), and asking for it before that would be a call in vain.
                let emptied = (1..most).contains(&count);
                if emptied { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
            });
            match (taken, tried) {
                (Some((count, date)), _) => {
                    buffer.advance(count);
                    *arrival = date.and_then(|date| dates.wall.tick(date)).map(Arrival::from);
                    return Poll::Ready(Ok(()));
                }
                (None, Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
                (None, other) => return Poll::Ready(other),
            }
        }
    }
}

/// Reads once: the count of bytes, and when the last of them came, in nanoseconds since 1970.
fn receive(
    stream: &TcpStream,
    room: &mut [u8],
    control: &mut [u8],
) -> io::Result<(usize, Option<i64>)> {
    let mut slices = [IoSliceMut::new(room)];
    let fd = stream.as_raw_fd();
    let message = recvmsg::<()>(fd, &mut slices, Some(control), MsgFlags::empty())?;
    // What was read counts, whatever there is to say of it.
    let date = message.cmsgs().ok().into_iter().flatten().find_map(|control| match control {
        ControlMessageOwned::ScmTimestampns(at) => {
            at.tv_sec().checked_mul(1_000_000_000)?.checked_add(at.tv_nsec())
        }
        _ => None,
    });
    Ok((message.bytes, date))
}

impl AsyncWrite for Tcp {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Sockets keep nothing back.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    async fn pair(clock: Clock) -> (Tcp, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (Tcp::dated(stream, clock), listener.accept().await.unwrap().0)
    }

    #[tokio::test]
    async fn bytes_are_dated_when_they_come_not_when_they_are_read() {
        let clock = Clock::start();
        let (mut ours, mut theirs) = pair(clock).await;
        // The kernel begins to date packets a moment after it was asked to.
        for _ in 0..100 {
            theirs.write_all(b"warm").await.unwrap();
            ours.read_exact(&mut [0; 4]).await.unwrap();
            if ours.arrival().is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let before = clock.now();
        theirs.write_all(b"hello").await.unwrap();
        let after = clock.now();
        // Nobody reads for a while, as when a thread sleeps or has other things to do.
        std::thread::sleep(Duration::from_millis(80));
        ours.read_exact(&mut [0; 5]).await.unwrap();
        let arrival = ours.arrival().expect("the kernel dates packets");
        let grain = Duration::from_micros(50);
        assert!(arrival.at + grain >= before, "{arrival:?} {before:?}");
        assert!(arrival.at <= after + grain, "{arrival:?} {after:?}");
        assert!(arrival.read - arrival.at >= Duration::from_millis(79), "{arrival:?}");
    }

    #[tokio::test]
    async fn reads_all_that_comes_and_the_end() {
        let (mut ours, mut theirs) = pair(Clock::start()).await;
        let sent: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[1]).collect();
        let copy = sent.clone();
        let writer = tokio::spawn(async move {
            for piece in copy.chunks(7_001) {
                theirs.write_all(piece).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
        let mut all = Vec::new();
        let mut room = [0; 4_096];
        loop {
            match ours.read(&mut room).await.unwrap() {
                0 => break,
                count => all.extend_from_slice(&room[..count]),
            }
        }
        writer.await.unwrap();
        assert!(all == sent, "{} bytes of {}", all.len(), sent.len());
    }
}
