//! Makes connected streams to one target.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio_rustls::TlsConnector;

use super::approach::{Approach, Endpoint, Version, Via};
use super::failure::failure;
use super::proxy::{TunnelError, open_tunnel};
use super::stream::{Socket, Stream};
use super::tcp::{PacketDates, Tcp};
use super::tls::{self, TlsError};
use super::wording::{remedy, words_of};
use crate::clock::Clock;
use crate::outcome::Failure;
use crate::wire::SetUp;

/// An approach with its files read. All workers share it.
#[derive(Clone)]
pub struct Reach {
    approach: Approach,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl std::fmt::Debug for Reach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reach").field("approach", &self.approach).finish_non_exhaustive()
    }
}

impl Reach {
    /// Reads the files that the approach names.
    pub fn new(approach: Approach) -> Result<Self, TlsError> {
        let tls = match &approach.tls {
            Some(plan) => {
                let config = Arc::new(tls::config(plan, approach.version)?);
                let name = tls::server_name(plan, &approach.endpoint.host)?;
                Some((TlsConnector::from(config), name))
            }
            None => None,
        };
        Ok(Self { approach, tls })
    }

    /// The target and the way to it.
    pub fn approach(&self) -> &Approach {
        &self.approach
    }

    /// The configuration of TLS, if it is spoken.
    pub fn tls(&self) -> Option<&rustls::ClientConfig> {
        self.tls.as_ref().map(|(connector, _)| connector.config().as_ref())
    }
}

/// A connected stream.
#[derive(Debug)]
pub struct Dialed {
    /// Bytes go here.
    pub stream: Stream,
    /// What it took.
    pub set_up: SetUp,
    /// What is to be spoken over it: never [`Version::Auto`].
    pub version: Version,
}

/// No stream could be had.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The name is not known.
    #[error("{0} does not resolve: {1}; check the host name")]
    Name(String, io::Error),
    /// Nobody answers.
    #[error("{0} accepts no connection: {1}; start it, or check the address")]
    Connect(String, io::Error),
    /// The proxy opens no tunnel.
    #[error("the proxy {0} opens no tunnel: {1}")]
    Proxy(String, TunnelError),
    /// The handshake failed.
    #[error("the TLS handshake with {0} fails: {said}{remedy}", said = words_of(.1), remedy = remedy(.1))]
    Tls(String, io::Error),
    /// It is to speak HTTP/2 and does not.
    #[error("{0} does not offer HTTP/2 (ALPN); set target.http to \"1.1\" or \"auto\"")]
    NoHttp2(String),
}

impl DialError {
    /// The same where it was the proxy that was dialled.
    fn of_proxy(self) -> Self {
        match self {
            Self::Name(host, error) => Self::Name(format!("the proxy {host}"), error),
            Self::Connect(place, error) => Self::Proxy(place, TunnelError::Away(error)),
            other => other,
        }
    }

    /// How a request ends for which this happened.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Name(..) => Failure::Dns,
            Self::Connect(_, error)
            | Self::Proxy(_, TunnelError::Io(error) | TunnelError::Away(error)) => failure(error),
            Self::Proxy(_, TunnelError::Refused(_)) => Failure::Refused,
            Self::Proxy(_, TunnelError::Garbled) => Failure::Protocol,
            // Broken while it was under way, the handshake failed too.
            Self::Tls(..) => Failure::Tls,
            Self::NoHttp2(_) => Failure::Protocol,
        }
    }
}

/// Makes connected streams to one target.
#[derive(Debug)]
pub struct Dialer {
    clock: Clock,
    reach: Arc<Reach>,
    /// Has the kernel date what comes.
    dates: Option<PacketDates>,
    /// What the name resolved to, the address that answered last in front; empty before.
    addresses: RefCell<Vec<SocketAddr>>,
}

impl Dialer {
    /// Resolves nothing yet.
    pub fn new(clock: Clock, reach: Arc<Reach>) -> Self {
        Self { clock, reach, dates: None, addresses: RefCell::default() }
    }

    /// With `dates`, the kernel dates what comes over TCP, if it can.
    #[must_use]
    pub fn dating(self, dates: bool) -> Self {
        let is_tcp = !matches!(self.reach.approach.via, Via::Unix(_));
        let dates = if dates && is_tcp { PacketDates::begin() } else { None };
        Self { dates, ..self }
    }

    /// Whether the kernel dates what comes.
    pub fn dates_arrivals(&self) -> bool {
        self.dates.is_some()
    }

    /// Times are read here.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// What is dialled.
    pub fn approach(&self) -> &Approach {
        &self.reach.approach
    }

    /// Connects. Takes as long as the other side does; the caller bounds the time.
    pub async fn dial(&self) -> Result<Dialed, DialError> {
        let approach = &self.reach.approach;
        let began = self.clock.now();
        let socket = match &approach.via {
            Via::Direct => self.socket(self.connect(&approach.endpoint).await?),
            Via::Instead(other) => self.socket(self.connect(other).await?),
            Via::Unix(path) => Socket::Unix(connect_unix(path).await?),
            Via::Proxy(proxy) => {
                let reached = self.connect(&proxy.endpoint).await;
                let mut tcp = reached.map_err(DialError::of_proxy)?;
                open_tunnel(&mut tcp, proxy, &approach.endpoint)
                    .await
                    .map_err(|error| DialError::Proxy(proxy.endpoint.to_string(), error))?;
                self.socket(tcp)
            }
        };
        let connected = self.clock.now();
        let mut set_up = SetUp { connect: connected - began, tls: None };
        let plain =
            if approach.version == Version::Http2 { Version::Http2 } else { Version::Http1 };
        let Some((connector, name)) = &self.reach.tls else {
            return Ok(Dialed { stream: Stream::Plain(socket), set_up, version: plain });
        };
        let place = || approach.endpoint.to_string();
        let tls = connector.connect(name.clone(), socket).await;
        let tls = tls.map_err(|error| DialError::Tls(place(), error))?;
        set_up.tls = Some(self.clock.now() - connected);
        let is_http2 = tls.get_ref().1.alpn_protocol() == Some(b"h2");
        let version = match approach.version {
            _ if is_http2 => Version::Http2,
            Version::Http2 => return Err(DialError::NoHttp2(place())),
            Version::Http1 | Version::Auto => Version::Http1,
        };
        Ok(Dialed { stream: Stream::Tls(Box::new(tls)), set_up, version })
    }

    fn socket(&self, tcp: TcpStream) -> Socket {
        Socket::Tcp(match self.dates {
            Some(_) => Tcp::dated(tcp, self.clock),
            None => Tcp::undated(tcp),
        })
    }

    /// TCP to whichever address of the endpoint answers; the one that did is asked first next time.
    async fn connect(&self, endpoint: &Endpoint) -> Result<TcpStream, DialError> {
        if self.addresses.borrow().is_empty() {
            let found = resolve(endpoint).await;
            *self.addresses.borrow_mut() =
                found.map_err(|error| DialError::Name(endpoint.host.clone(), error))?;
        }
        let mut last = io::Error::from(io::ErrorKind::ConnectionRefused);
        let known = self.addresses.borrow().len();
        for n in 0..known {
            let Some(address) = self.addresses.borrow().get(n).copied() else { break };
            match connect_tcp(address).await {
                Ok(tcp) => {
                    if n > 0 {
                        self.addresses.borrow_mut().swap(0, n);
                    }
                    return Ok(tcp);
                }
                Err(error) => last = error,
            }
        }
        Err(DialError::Connect(endpoint.to_string(), last))
    }
}

async fn resolve(endpoint: &Endpoint) -> io::Result<Vec<SocketAddr>> {
    let found: Vec<_> = lookup_host((endpoint.host.as_str(), endpoint.port)).await?.collect();
    if found.is_empty() {
        return Err(io::Error::other("it has no address"));
    }
    Ok(found)
}

async fn connect_tcp(address: SocketAddr) -> io::Result<TcpStream> {
    let tcp = TcpStream::connect(address).await?;
    // A request is one write, so waiting for more to send would only delay it.
    tcp.set_nodelay(true)?;
    Ok(tcp)
}

async fn connect_unix(path: &Path) -> Result<UnixStream, DialError> {
    let connected = UnixStream::connect(path).await;
    connected.map_err(|error| DialError::Connect(path.display().to_string(), error))
}
