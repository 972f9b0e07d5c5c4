//! A kept TCP connection that speaks HTTP/1.1.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpStream;

use crate::outcome::{Failure, Observation};
use crate::wire::{Connection, Connector, Received};

use super::response::{Limits, ResponseReader};

const READ_SIZE: usize = 16 * 1024;

/// Makes plain TCP connections to one address.
#[derive(Clone, Copy, Debug)]
pub struct Http1Connector {
    /// Where to.
    pub address: SocketAddr,
    /// How much an answer may be.
    pub limits: Limits,
}

impl Connector for Http1Connector {
    type Connection = Http1;

    async fn connect(&self) -> Result<Http1, Failure> {
        let stream = TcpStream::connect(self.address).await.map_err(|e| failure(&e))?;
        // A request is one write, so waiting for more to send would only delay it.
        stream.set_nodelay(true).map_err(|e| failure(&e))?;
        Ok(Http1 {
            stream,
            reader: ResponseReader::new(self.limits),
            chunk: vec![0; READ_SIZE].into_boxed_slice(),
        })
    }
}

/// One connection.
#[derive(Debug)]
pub struct Http1 {
    stream: TcpStream,
    reader: ResponseReader,
    chunk: Box<[u8]>,
}

impl Connection for Http1 {
    async fn send(&mut self, request: &[u8]) -> Result<(), Failure> {
        let mut rest = request;
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
        loop {
            self.stream.readable().await.map_err(|e| failure(&e))?;
            let whole = match self.stream.try_read(&mut self.chunk) {
                Ok(0) => self.reader.end()?,
                Ok(n) => self.reader.advance(&self.chunk[..n])?,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => continue,
                Err(e) => return Err(failure(&e)),
            };
            if whole {
                let (value, reusable) = self.reader.finish(read)?;
                return Ok(Received { value, reusable });
            }
        }
    }

    fn is_closed(&mut self) -> bool {
        // On an idle connection nothing is due: an end, an error or a byte all mean that it is
        // of no further use.
        !matches!(self.stream.try_read(&mut self.chunk),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock)
    }
}

fn failure(error: &io::Error) -> Failure {
    use rustix::io::Errno;
    // Out of descriptors: no connection was had, and no answer lost.
    let code = Errno::from_io_error(error);
    if matches!(code, Some(Errno::MFILE | Errno::NFILE)) {
        return Failure::Refused;
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Failure::Refused,
        io::ErrorKind::TimedOut => Failure::Timeout,
        // Out of ports, unreachable networks: no connection was had.
        io::ErrorKind::AddrNotAvailable
        | io::ErrorKind::AddrInUse
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::HostUnreachable => Failure::Refused,
        _ => Failure::Reset,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

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
        let mut connection =
            Http1Connector { address, limits: Limits::default() }.connect().await.unwrap();
        connection.send(b"ping").await.unwrap();
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
        let connector = Http1Connector { address, limits: Limits::default() };
        assert_eq!(connector.connect().await.err(), Some(Failure::Refused));
    }

    #[tokio::test]
    async fn an_idle_connection_that_was_closed_is_known_to_be() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connector = Http1Connector { address, limits: Limits::default() };
        let mut connection = connector.connect().await.unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        assert!(!connection.is_closed());
        drop(socket);
        connection.stream.readable().await.unwrap();
        assert!(connection.is_closed());
    }
}
