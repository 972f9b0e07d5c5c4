//! Accepting connections and answering their requests over HTTP/1.1.
//!
//! Every connection's task is owned by the accept loop. A panic in one ends the listener with an
//! error, because a connection that dies of a bug must not look like an injected fault.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::refusal::Body;

/// How long a connection may be idle or take to send a request's head.
const HEAD_LIMIT: Duration = Duration::from_secs(60);

/// How long requests under way have to end when the listener is cancelled.
const DRAIN_LIMIT: Duration = Duration::from_secs(1);

/// Pause after a failed accept, for instance for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// Answers every request with `answer` until cancelled.
pub async fn listen<F, Fut>(
    listener: TcpListener,
    cancel: CancellationToken,
    answer: F,
) -> io::Result<()>
where
    F: Fn(Request<Incoming>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<Body>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    let ended = loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, cancel.clone(), answer.clone()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(joined) = connections.join_next() => {
                if let Err(error) = whole(joined) {
                    break Err(error);
                }
            }
            () = cancel.cancelled() => break Ok(()),
        }
    };
    drop(listener);
    cancel.cancel();
    while let Some(joined) = connections.join_next().await {
        whole(joined)?;
    }
    ended
}

fn whole(joined: Result<(), JoinError>) -> io::Result<()> {
    joined.map_err(|error| io::Error::other(format!("a connection's task ended badly: {error}")))
}

async fn connection<F, Fut>(stream: TcpStream, cancel: CancellationToken, answer: F)
where
    F: Fn(Request<Incoming>) -> Fut,
    Fut: Future<Output = Response<Body>>,
{
    // Without it small answers wait for the peer's acknowledgement; if it fails they are late.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let answer = answer(request);
        async { Ok::<_, Infallible>(answer.await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        biased;
        // How a client breaks off is the client's affair.
        _ = connection.as_mut() => {}
        () = cancel.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(DRAIN_LIMIT, connection).await;
        }
    }
}
