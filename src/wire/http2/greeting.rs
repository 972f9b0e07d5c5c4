//! Whether somebody speaks HTTP/2 without having agreed to: the client's preface is sent, and what
//! comes first is looked at (RFC 9113 §3.4). No request is made.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::frame::{Frame, HEAD, PREFACE, SETTINGS};

/// The answer to a preface is awaited for so long.
const PATIENCE: Duration = Duration::from_secs(2);

/// The first byte of an alert in TLS (RFC 8446 §5.1).
const ALERT: u8 = 0x15;

/// What somebody answers to the preface of HTTP/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// HTTP/2.
    Http2,
    /// HTTP/1, which knows no such request.
    Http1,
    /// TLS.
    Tls,
    /// It hangs up.
    Closed,
    /// Nothing in time, or nothing known.
    Unclear,
}

/// Sends the preface, and tells by the first bytes of the answer who is there.
pub async fn greeting(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Greeting {
    tokio::time::timeout(PATIENCE, exchange(stream)).await.unwrap_or(Greeting::Unclear)
}

async fn exchange(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Greeting {
    let mut hello = PREFACE.to_vec();
    // Settings that set nothing.
    hello.extend([0, 0, 0, SETTINGS, 0, 0, 0, 0, 0]);
    let mut answer = Vec::with_capacity(HEAD);
    // Who hangs up may have said something before.
    let _ = stream.write_all(&hello).await;
    let _ = stream.take(HEAD as u64).read_to_end(&mut answer).await;
    match answer.as_slice() {
        [] => Greeting::Closed,
        [ALERT, ..] => Greeting::Tls,
        http1 if http1.starts_with(b"HTTP/1") => Greeting::Http1,
        other => match Frame::read(other) {
            Some(frame) if frame.kind == SETTINGS => Greeting::Http2,
            _ => Greeting::Unclear,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answered(answer: &'static [u8]) -> Greeting {
        let (mut ours, mut theirs) = tokio::io::duplex(256);
        let them = tokio::spawn(async move {
            let mut hello = vec![0; PREFACE.len() + HEAD];
            theirs.read_exact(&mut hello).await.unwrap();
            assert!(hello.starts_with(PREFACE));
            theirs.write_all(answer).await.unwrap();
        });
        let found = greeting(&mut ours).await;
        them.await.unwrap();
        found
    }

    #[tokio::test]
    async fn whoever_answers_is_told_by_the_first_bytes() {
        assert_eq!(answered(&[0, 0, 0, SETTINGS, 0, 0, 0, 0, 0]).await, Greeting::Http2);
        assert_eq!(answered(b"HTTP/1.1 400 Bad Request\r\n").await, Greeting::Http1);
        assert_eq!(answered(&[ALERT, 3, 1, 0, 2, 2, 70]).await, Greeting::Tls);
        assert_eq!(answered(b"").await, Greeting::Closed);
        assert_eq!(answered(b"220 mail.test ready\r\n").await, Greeting::Unclear);
    }
}
