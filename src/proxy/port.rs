//! A listening port that can refuse.
//!
//! To refuse, nobody may listen; but the port must stay ours, or another process takes it and the
//! fault never ends. On Linux a socket that is bound and does not listen does both: it holds the
//! port, and the kernel answers connection attempts with RST. Such a *spare* is kept beside the
//! listening socket. It has to be bound while nobody listens, so one is always bound ahead, and
//! ending a refusal cannot fail for want of the port.

use std::future;
use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1_024;

/// A port that listens or refuses.
pub(super) struct Port {
    address: SocketAddr,
    listener: Option<TcpListener>,
    spare: Option<TcpSocket>,
}

impl Port {
    /// Takes an address (port 0: any that is free) and listens.
    pub(super) fn bind(address: SocketAddr) -> io::Result<Self> {
        let first = bound(address)?;
        let mut port = Self { address: first.local_addr()?, listener: None, spare: Some(first) };
        port.listen()?;
        Ok(port)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Listens, if it does not yet.
    pub(super) fn listen(&mut self) -> io::Result<()> {
        if self.listener.is_none() {
            let socket = self.spare.take().map_or_else(|| bound(self.address), Ok)?;
            // Without a spare the next refusal leaves the port free for others; still better than
            // not to listen.
            self.spare = bound(self.address).ok();
            self.listener = Some(socket.listen(BACKLOG)?);
        }
        Ok(())
    }

    /// Refuses connections. Those that wait to be accepted are reset by the kernel.
    pub(super) fn refuse(&mut self) {
        self.listener = None;
    }

    /// The next connection; never comes while refusing.
    pub(super) async fn accept(&self) -> io::Result<TcpStream> {
        match &self.listener {
            Some(listener) => listener.accept().await.map(|(stream, _)| stream),
            None => future::pending().await,
        }
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn refuses_and_listens_on_the_same_port_in_turn() {
        for any in ["127.0.0.1:0", "[::1]:0"] {
            let mut port = Port::bind(any.parse().unwrap()).unwrap();
            for _ in 0..50 {
                let (client, accepted) =
                    tokio::join!(TcpStream::connect(port.address()), port.accept());
                // Connections that were accepted live on, as after a reset of the listener only.
                let (_client, _accepted) = (client.unwrap(), accepted.unwrap());
                port.refuse();
                let refused = TcpStream::connect(port.address()).await.unwrap_err();
                assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
                port.listen().unwrap();
            }
        }
    }

    #[tokio::test]
    async fn the_port_is_held_while_refusing() {
        let mut port = Port::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        port.refuse();
        let other = TcpSocket::new_v4().unwrap();
        let taken = other.bind(port.address()).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
        port.listen().unwrap();
    }
}
