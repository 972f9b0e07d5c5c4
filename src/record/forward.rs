//! One client's connection: its requests go to the upstream one by one, and the answers back.
//!
//! Bodies stream both ways. Fields that concern one connection are taken out on both sides; all
//! others, and the letter case of their names, stay as they are. A switch of protocols (WebSocket)
//! is passed on, and its bytes relayed.

use std::borrow::Cow;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder as ClientBuilder, SendRequest};
use hyper::header::{CONNECTION, CONTENT_TYPE, EXPECT, HOST, HeaderValue, UPGRADE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response, StatusCode, Uri, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::counts::{Counters, add};
use super::recorder::{Upstream, reraise};
use super::writer::Pen;
use crate::clock::{Clock, Tick};
use crate::proxy::strip_hop_by_hop;
use crate::replay::Disguise;

/// How long a connection to the upstream may take to be made.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// How long a client's connection may be idle or take to send a request's head.
const HEAD_LIMIT: Duration = Duration::from_secs(120);

/// What clients are answered with: the upstream's body as it comes, or a short text of ours.
type Body = Either<Incoming, Full<Bytes>>;

/// Why the upstream gave no answer.
#[derive(Clone, Copy, Debug)]
enum Miss {
    /// No connection.
    Unreachable,
    /// The connection ended, or what came was no HTTP.
    BrokenOff,
}

/// What all connections share.
pub(super) struct Shared {
    pub clock: Clock,
    /// When the recording began.
    pub origin: Tick,
    pub upstream: Upstream,
    pub disguise: Disguise,
    pub pen: Pen,
    pub counters: Arc<Counters>,
}

/// The way to the upstream, for one client.
#[derive(Default)]
struct Way {
    sender: Option<SendRequest<Incoming>>,
    /// What drives the connections to the upstream, and relays after a switch of protocols.
    tasks: JoinSet<()>,
}

/// Serves one client until it leaves, or until cancelled and then what is under way has ended.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared>,
    cancel: CancellationToken,
) {
    // Without it small answers wait for the peer's acknowledgement; if it fails they are late.
    let _ = stream.set_nodelay(true);
    let way = Mutex::new(Way::default());
    let address = peer.ip().to_string();
    let service = service_fn(|request| {
        record(&shared, &request, &address);
        async {
            let answer = forward(&shared, request, &mut *way.lock().await).await;
            Ok::<_, Infallible>(answer.unwrap_or_else(|miss| {
                add(&shared.counters.not_forwarded);
                bad_gateway(miss)
            }))
        }
    });
    let connection = http1::Builder::new()
        .preserve_header_case(true)
        .auto_date_header(false)
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    {
        let mut connection = pin!(connection);
        tokio::select! {
            biased;
            // How a client breaks off is the client's affair.
            _ = connection.as_mut() => {}
            () = cancel.cancelled() => {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
        }
    }
    let Way { sender, mut tasks } = way.into_inner();
    drop(sender);
    // A connection to the upstream ends with its last request; a relay with either side.
    while let Some(joined) = tasks.join_next().await {
        reraise(joined);
    }
}

/// Hands a disguised line of the request to the writer.
fn record(shared: &Shared, request: &Request<Incoming>, address: &str) {
    add(&shared.counters.requests);
    let at = (shared.clock.now() - shared.origin).as_nanos();
    let target = request.uri().to_string();
    let fields = request.headers().iter();
    let fields = fields.map(|(name, value)| (name.as_str(), text(value)));
    let at = u64::try_from(at).unwrap_or(u64::MAX);
    match shared.disguise.line(at, request.method().as_str(), &target, fields, address) {
        Some(line) => shared.pen.write(line),
        None => add(&shared.counters.unfit),
    }
}

fn text(value: &HeaderValue) -> Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

async fn forward(
    shared: &Shared,
    mut request: Request<Incoming>,
    way: &mut Way,
) -> Result<Response<Body>, Miss> {
    // Relays that have ended leave the set.
    while let Some(joined) = way.tasks.try_join_next() {
        reraise(joined);
    }
    let switch = request.headers().get(UPGRADE).cloned();
    let client = switch.is_some().then(|| hyper::upgrade::on(&mut request));
    let (mut head, body) = request.into_parts();
    strip_hop_by_hop(&mut head.headers);
    // The server side has answered it already.
    head.headers.remove(EXPECT);
    if let Some(protocol) = switch {
        head.headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        head.headers.insert(UPGRADE, protocol);
    }
    if !head.headers.contains_key(HOST) {
        head.headers.insert(HOST, shared.upstream.host_field());
    }
    if let Some(path) = head.uri.path_and_query() {
        head.uri = Uri::from(path.clone());
    }
    head.version = Version::HTTP_11;
    let mut answer = send(shared, Request::from_parts(head, body), way).await?;
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        let protocol = answer.headers().get(UPGRADE).cloned();
        let upstream = hyper::upgrade::on(&mut answer);
        if let Some(client) = client {
            way.tasks.spawn(relay(client, upstream));
        }
        strip_hop_by_hop(answer.headers_mut());
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("upgrade"));
        if let Some(protocol) = protocol {
            answer.headers_mut().insert(UPGRADE, protocol);
        }
    } else {
        strip_hop_by_hop(answer.headers_mut());
    }
    Ok(answer.map(Either::Left))
}

/// Sends a request over the connection that is there; if that was closed before the request began,
/// over a new one.
async fn send(
    shared: &Shared,
    request: Request<Incoming>,
    way: &mut Way,
) -> Result<Response<Incoming>, Miss> {
    let mut request = request;
    if let Some(mut sender) = way.sender.take()
        && sender.ready().await.is_ok()
    {
        match sender.try_send_request(request).await {
            Ok(answer) => {
                way.sender = Some(sender);
                return Ok(answer);
            }
            Err(mut error) => request = error.take_message().ok_or(Miss::BrokenOff)?,
        }
    }
    let mut sender = connect(shared, way).await.map_err(|()| Miss::Unreachable)?;
    let answer = sender.send_request(request).await.map_err(|_| Miss::BrokenOff)?;
    way.sender = Some(sender);
    Ok(answer)
}

async fn connect(shared: &Shared, way: &mut Way) -> Result<SendRequest<Incoming>, ()> {
    let upstream = &shared.upstream;
    let connecting = TcpStream::connect((upstream.host.as_str(), upstream.port));
    let stream = tokio::time::timeout(CONNECT_LIMIT, connecting).await;
    let stream = stream.map_err(drop)?.map_err(drop)?;
    let _ = stream.set_nodelay(true);
    let (sender, connection) = ClientBuilder::new()
        .preserve_header_case(true)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(drop)?;
    way.tasks.spawn(async {
        // What goes wrong shows in the answer, or in its body.
        let _ = connection.with_upgrades().await;
    });
    Ok(sender)
}

/// Passes bytes both ways until one side ends.
async fn relay(client: OnUpgrade, upstream: OnUpgrade) {
    let (Ok(client), Ok(upstream)) = (client.await, upstream.await) else { return };
    let (mut client, mut upstream) = (TokioIo::new(client), TokioIo::new(upstream));
    let _ = tokio::io::copy_bidirectional(&mut client, &mut upstream).await;
}

fn bad_gateway(miss: Miss) -> Response<Body> {
    let text = match miss {
        Miss::Unreachable => "the upstream could not be reached\n",
        Miss::BrokenOff => "the upstream was connected to and broke off without an answer\n",
    };
    let mut answer = Response::new(Either::Right(Full::from(text)));
    *answer.status_mut() = StatusCode::BAD_GATEWAY;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    answer
}
