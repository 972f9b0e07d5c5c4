//! A kept connection that speaks HTTP/1.1: one write and one read a request.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead as _, AsyncWriteExt as _, ReadBuf};

use super::response::{Limits, ResponseReader, SharedHead};
use crate::outcome::{Failure, Observation};
use crate::wire::transport::{Stream, failure};
use crate::wire::{Connection, Received, Template, Values};

/// Bytes that one read takes at most.
const READ_SIZE: usize = 64 * 1024;

/// What the connections of a worker share: where they read into, which so stays in the
/// processor's cache, and the last answer's head.
#[derive(Clone, Debug)]
pub struct Room(Rc<RefCell<Shared>>);

#[derive(Debug)]
struct Shared {
    bytes: Box<[u8]>,
    known: SharedHead,
}

impl Room {
    /// Lends the room. Not to be asked for again meanwhile.
    pub fn with<R>(&self, read: impl FnOnce(&mut [u8]) -> R) -> R {
        read(&mut self.0.borrow_mut().bytes)
    }
}

impl Default for Room {
    fn default() -> Self {
        let bytes = vec![0; READ_SIZE].into_boxed_slice();
        Self(Rc::new(RefCell::new(Shared { bytes, known: SharedHead::default() })))
    }
}

/// One connection.
#[derive(Debug)]
pub struct Http1 {
    stream: Stream,
    reader: ResponseReader,
    request: Vec<u8>,
    room: Room,
}

impl Http1 {
    /// Speaks over this stream; answers may be as large as `limits` says.
    pub fn new(stream: Stream, limits: Limits, room: Room) -> Self {
        let request = Vec::with_capacity(1024);
        Self { stream, reader: ResponseReader::new(limits), request, room }
    }
}

impl Connection for Http1 {
    fn stage(&mut self, template: &Template, values: &Values<'_>) {
        self.reader.expect(template.method());
        template.write_http1(values, &mut self.request);
    }

    async fn send(&mut self) -> Result<(), Failure> {
        self.stream.write_all(&self.request).await.map_err(|e| failure(&e))?;
        self.stream.flush().await.map_err(|e| failure(&e))
    }

    async fn receive<R>(
        &mut self,
        read: impl FnOnce(&Observation<'_>) -> R,
    ) -> Result<Received<R>, Failure> {
        let mut read = Some(read);
        poll_fn(|cx| self.poll_receive(cx, &mut read)).await
    }

    fn is_closed(&mut self) -> bool {
        self.room.with(|bytes| self.stream.is_spent(bytes))
    }
}

impl Http1 {
    fn poll_receive<R, F: FnOnce(&Observation<'_>) -> R>(
        &mut self,
        cx: &mut Context<'_>,
        read: &mut Option<F>,
    ) -> Poll<Result<Received<R>, Failure>> {
        let Shared { bytes, known } = &mut *self.room.0.borrow_mut();
        loop {
            let mut buffer = ReadBuf::new(bytes);
            // A read that does not fill the room tells the runtime that nothing is left, which
            // saves asking the kernel once more.
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))
                .map_err(|e| failure(&e))?;
            self.reader.arrived(self.stream.arrival());
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

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::io::AsyncReadExt as _;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::wire::RequestSpec;
    use crate::wire::transport::{Socket, Tcp};

    async fn connect(address: SocketAddr) -> Result<Http1, Failure> {
        let tcp = TcpStream::connect(address).await.map_err(|e| failure(&e))?;
        let stream = Stream::Plain(Socket::Tcp(Tcp::undated(tcp)));
        Ok(Http1::new(stream, Limits::default(), Room::default()))
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
        let Stream::Plain(Socket::Tcp(tcp)) = &connection.stream else { panic!("plain TCP") };
        tcp.readable().await.unwrap();
        assert!(connection.is_closed());
    }
}
