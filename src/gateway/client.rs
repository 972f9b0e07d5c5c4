//! The gateway's HTTP/1.1 client: pooled connections over plain TCP to its directories, its
//! identity provider and its upstream.
//!
//! What it does not do: TLS, redirects, names beyond the system's resolver.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Either, Empty, Limited};
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioTimer;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What the gateway sends: the client's body as it comes, or none.
pub type Outgoing = Either<Incoming, Empty<Bytes>>;

/// How long a connection may take to be made.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// How long an idle connection is kept.
const IDLE_LIMIT: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// No connection could be made.
    #[error("could not be reached")]
    Unreachable,
    /// The connection broke, or what came is not HTTP.
    #[error("broke off")]
    Broken,
    /// It took too long.
    #[error("did not answer in time")]
    Late,
    /// The body is larger than the limit.
    #[error("answered more than can be read")]
    TooLarge,
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its body.
    pub body: Bytes,
}

/// The client. Copies share the connections.
#[derive(Clone, Debug)]
pub struct Client {
    pool: Pool<HttpConnector, Outgoing>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// Runs the pool's connection tasks, so that they are owned and end with the client.
#[derive(Clone, Debug)]
struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl<F: Future<Output: Send> + Send + 'static> hyper::rt::Executor<F> for Tasks {
    fn execute(&self, task: F) {
        let stop = self.stop.clone();
        self.tracker.spawn(async move {
            stop.run_until_cancelled(task).await;
        });
    }
}

impl Default for Client {
    fn default() -> Self {
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_LIMIT));
        let executor = Tasks { tracker: tracker.clone(), stop: stop.clone() };
        let pool = Pool::builder(executor)
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_LIMIT)
            .build(connector);
        Self { pool, tasks: tracker, stop }
    }
}

impl Client {
    /// Sends a request and gives the head of the answer; its body is still to come.
    pub async fn send(&self, request: Request<Outgoing>) -> Result<Response<Incoming>, NoAnswer> {
        self.pool.request(request).await.map_err(|error| {
            if error.is_connect() { NoAnswer::Unreachable } else { NoAnswer::Broken }
        })
    }

    /// GETs the head of an answer. Asks once more if a kept connection turns out to be broken: a
    /// GET may be repeated (RFC 9110 §9.2.2), and the server may have closed it while it was idle.
    pub async fn open(&self, uri: &Uri) -> Result<Response<Incoming>, NoAnswer> {
        let request = || {
            let mut request = Request::new(Either::Right(Empty::new()));
            *request.uri_mut() = uri.clone();
            request
        };
        match self.send(request()).await {
            Err(NoAnswer::Broken) => self.send(request()).await,
            answer => answer,
        }
    }

    /// GETs a whole answer within a time and a size in bytes.
    pub async fn get(&self, uri: &Uri, limit: Duration, size: usize) -> Result<Answer, NoAnswer> {
        let whole = async {
            let (head, body) = self.open(uri).await?.into_parts();
            let body = Limited::new(body, size).collect().await.map_err(|error| {
                let too_large = error.is::<http_body_util::LengthLimitError>();
                if too_large { NoAnswer::TooLarge } else { NoAnswer::Broken }
            })?;
            Ok(Answer { status: head.status, body: body.to_bytes() })
        };
        tokio::time::timeout(limit, whole).await.unwrap_or(Err(NoAnswer::Late))
    }

    /// Ends all connections and waits for their tasks.
    pub async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
