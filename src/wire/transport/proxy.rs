//! Asks an HTTP proxy for a tunnel (RFC 9110 §9.3.6).

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::approach::{Endpoint, Proxy};

/// Bytes that the proxy's answer has at most.
const ANSWER_MAX: usize = 16 * 1024;

/// What the proxy said instead of opening a tunnel.
#[derive(Debug, thiserror::Error)]
pub enum TunnelError {
    /// The connection to it broke.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is not there.
    #[error("it accepts no connection: {0}; start it, or check target.proxy")]
    Away(#[source] io::Error),
    /// It does not want to.
    #[error("it answers {0} to CONNECT; check that it may reach the target, and its credentials")]
    Refused(u16),
    /// Not HTTP.
    #[error("what it answers to CONNECT is not HTTP/1")]
    Garbled,
}

/// Asks for a tunnel to `target` on a connection to the proxy.
pub(super) async fn open_tunnel(
    tcp: &mut TcpStream,
    proxy: &Proxy,
    target: &Endpoint,
) -> Result<(), TunnelError> {
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let Some((user, password)) = &proxy.credentials {
        let credentials = STANDARD.encode(format!("{user}:{password}"));
        request.push_str("Proxy-Authorization: Basic ");
        request.push_str(&credentials);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    tcp.write_all(request.as_bytes()).await?;
    let mut answer = Vec::with_capacity(256);
    // Byte by byte: what follows the head is the target's and must stay in the socket.
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() >= ANSWER_MAX {
            return Err(TunnelError::Garbled);
        }
        answer.push(tcp.read_u8().await?);
    }
    match status(&answer).ok_or(TunnelError::Garbled)? {
        200..=299 => Ok(()),
        status => Err(TunnelError::Refused(status)),
    }
}

fn status(answer: &[u8]) -> Option<u16> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    response.parse(answer).ok()?;
    response.code
}
