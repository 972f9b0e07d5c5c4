//! A kept connection that speaks HTTP/1.1: one write and one read a request.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead as _, ReadBuf};
use tokio::net::TcpStream;

use super::response::{Limits, ResponseReader, SharedHead};
use crate::clock::Clock;
use crate::outcome::{Failure, Observation};
use crate::wire::{Connected, Connection, Connector, Received, SetUp, Template, Values};

/// Bytes that one read takes at most. Every connection of a worker reads into the same room, which
/// stays in the processor's cache.
const READ_SIZE: usize = 64 * 1024;

/// What the connections of a worker share.
#[derive(Debug)]
struct Room {
    bytes: Box<[u8]>,
    /// The last answer's head.
    known: SharedHead,
}

/// Makes plain TCP connections to one address.
#[derive(Clone, Debug)]
pub struct Http1Connector {
    clock: Clock,
    address: SocketAddr,
    limits: Limits,
    room: Rc<RefCell<Room>>,
}

impl Http1Connector {
    /// Connects to `address`; answers may be as large as `limits` says.
    pub fn new(clock: Clock, address: SocketAddr, limits: Limits) -> Self {
        let bytes = vec![0; READ_SIZE].into_boxed_slice();
        let room = Room { bytes, known: SharedHead::default() };
        Self { clock, address, limits, room: Rc::new(RefCell::new(room)) }
    }
}

impl Connector for Http1Connector {
    type Connection = Http1;

    async fn connect(&self) -> Result<Connected<Http1>, Failure> {
        let began = self.clock.now();
        let stream = TcpStream::connect(self.address).await.map_err(|e| failure(&e))?;
        // A request is one write, so waiting for more to send would only delay it.
        stream.set_nodelay(true).map_err(|e| failure(&e))?;
        let set_up = SetUp { connect: self.clock.now() - began, tls: None };
        let connection = Http1 {
            stream,
            reader: ResponseReader::new(self.limits),
            request: Vec::with_capacity(1024),
            room: Rc::clone(&self.room),
        };
        Ok(Connected { connection, set_up: Some(set_up) })
    }
}

/// One connection.
#[derive(Debug)]
pub struct Http1 {
    stream: TcpStream,
    reader: ResponseReader,
    request: Vec<u8>,
    room: Rc<RefCell<Room>>,
}

impl Connection for Http1 {
    fn stage(&mut self, template: &Template, values: &Values<'_>) {
        self.reader.expect(template.method());
        template.write_http1(values, &mut self.request);
    }

    async fn send(&mut self) -> Result<(), Failure> {
        let mut rest = self.request.as_slice();
        while !rest.is_empty() {
            match self.stream.try_write(rest) {
                Ok(0) => return Err(Failure::Reset),
                Ok(written) => rest = &rest[written..],
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    self.stream.writable().await.map_err(|e| failure(&e))?;
                }
                Err(e) => return Err(failure(&e)),
            }
        }
        Ok(())
    }

    async fn receive<R>(
        &mut self,
        read: impl FnOnce(&Observation<'_>) -> R,
    ) -> Result<Received<R>, Failure> {
        let mut read = Some(read);
        poll_fn(|cx| self.poll_receive(cx, &mut read)).await
    }

    fn is_closed(&mut self) -> bool {
        // On an idle connection nothing is due: an end, an error or a byte all mean that it is
        // of no further use. Asks the kernel only if something has come since the last answer.
        !matches!(self.stream.try_read(&mut self.room.borrow_mut().bytes),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock)
    }
}

impl Http1 {
    fn poll_receive<R, F: FnOnce(&Observation<'_>) -> R>(
        &mut self,
        cx: &mut Context<'_>,
        read: &mut Option<F>,
    ) -> Poll<Result<Received<R>, Failure>> {
        let Room { bytes, known } = &mut *self.room.borrow_mut();
        loop {
            let mut buffer = ReadBuf::new(bytes);
            // A read that does not fill the room tells the runtime that nothing is left, which
            // saves asking the kernel once more.
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))
                .map_err(|e| failure(&e))?;
            let done = match buffer.filled() {
                [] if self.reader.end()? => {
                    let read = read.take().ok_or(Failure::Protocol)?;
                    Some(self.reader.finish(read)?)
                }
                input => self.reader.take(input, known, read)?,
            };
            if let Some((value, reusable)) = done {
                return Poll::Ready(Ok(Received { value, reusable }));
            }
        }
    }
}

fn failure(error: &io::Error) -> Failure {
    use rustix::io::Errno;
    let code = Errno::from_io_error(error);
    if matches!(code, Some(Errno::MFILE | Errno::NFILE)) {
        return Failure::NoDescriptor;
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Failure::Refused,
        io::ErrorKind::TimedOut => Failure::Timeout,
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::AddrInUse => Failure::NoPort,
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => Failure::Refused,
        _ => Failure::Reset,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::wire::RequestSpec;

    fn connector(address: SocketAddr) -> Http1Connector {
        Http1Connector::new(Clock::start(), address, Limits::default())
    }

    async fn connect(address: SocketAddr) -> Result<Http1, Failure> {
        connector(address).connect().await.map(|connected| connected.connection)
    }

    fn stage(connection: &mut Http1) {
        let spec = RequestSpec { method: "GET".into(), path: "/".into(), ..RequestSpec::default() };
        let values = Values { user: "", number: 0, seq: 0, uuid: 0, token: b"" };
        connection.stage(&Template::new(&spec, "h").unwrap(), &values);
    }

    async fn answer_with(bytes: &'static [u8], close: bool) -> Result<Received<u16>, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = [0; 4];
            socket.read_exact(&mut request).await.unwrap();
            socket.write_all(bytes).await.unwrap();
            if close {
                drop(socket);
                return None;
            }
            Some(socket)
        });
        let mut connection = connect(address).await.unwrap();
        stage(&mut connection);
        connection.send().await.unwrap();
        let received = connection.receive(|seen| seen.status).await;
        server.await.unwrap();
        received
    }

    #[tokio::test]
    async fn answers_and_failures_are_told_apart() {
        let ok = answer_with(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false).await;
        assert_eq!(ok, Ok(Received { value: 200, reusable: true }));
        assert_eq!(answer_with(b"", true).await, Err(Failure::Reset));
        assert_eq!(answer_with(b"HTTP/1.1 200", true).await, Err(Failure::Reset));
        assert_eq!(answer_with(b"garbage\r\n\r\n", false).await, Err(Failure::Protocol));
    }

    #[tokio::test]
    async fn nobody_listening_is_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        assert_eq!(connect(address).await.err(), Some(Failure::Refused));
    }

    #[tokio::test]
    async fn an_idle_connection_that_was_closed_is_known_to_be() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut connection = connect(address).await.unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        assert!(!connection.is_closed());
        drop(socket);
        connection.stream.readable().await.unwrap();
        assert!(connection.is_closed());
    }
}
