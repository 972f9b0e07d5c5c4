//! What stands in front of a gateway: it speaks TLS, HTTP/2 and Unix sockets, and passes each
//! request on in HTTP/1.1. Real servers' front ends do the same.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

type Body = BoxBody<Bytes, hyper::Error>;

/// A front that serves until it is dropped.
pub struct Front {
    pub address: SocketAddr,
    task: JoinHandle<()>,
    /// Connections taken.
    pub connections: Arc<AtomicUsize>,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How a front serves.
#[derive(Clone, Default)]
pub struct Options {
    pub tls: Option<Arc<ServerConfig>>,
    /// Requests after which a connection is ended in order: GOAWAY, or `Connection: close`.
    pub requests_per_connection: Option<usize>,
}

impl Options {
    /// TLS with these protocols on offer.
    pub fn tls(mut config: ServerConfig, alpn: &[&str]) -> Self {
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Self { tls: Some(Arc::new(config)), ..Self::default() }
    }
}

/// Listens on a loopback port in front of `gateway`.
pub async fn on_tcp(gateway: SocketAddr, options: Options) -> Front {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let task = tokio::spawn(async move {
        let (client, mut serving) =
            (Client::builder(TokioExecutor::new()).build_http(), JoinSet::new());
        while let Ok((tcp, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            let (client, options) = (client.clone(), options.clone());
            tcp.set_nodelay(true).unwrap();
            serving.spawn(async move {
                match &options.tls {
                    None => serve(tcp, client, gateway, &options).await,
                    Some(config) => {
                        let acceptor = TlsAcceptor::from(Arc::clone(config));
                        // A client that does not like us says so in the handshake.
                        if let Ok(tls) = acceptor.accept(tcp).await {
                            serve(tls, client, gateway, &options).await;
                        }
                    }
                }
            });
        }
    });
    Front { address, task, connections }
}

/// Listens on a Unix socket in front of `gateway`.
pub fn on_unix(gateway: SocketAddr, path: &Path) -> Front {
    let listener = UnixListener::bind(path).unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let task = tokio::spawn(async move {
        let (client, mut serving) =
            (Client::builder(TokioExecutor::new()).build_http(), JoinSet::new());
        while let Ok((unix, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            let client = client.clone();
            serving.spawn(async move { serve(unix, client, gateway, &Options::default()).await });
        }
    });
    Front { address: gateway, task, connections }
}

async fn serve<S>(
    stream: S,
    client: Client<HttpConnector, Full<Bytes>>,
    gateway: SocketAddr,
    options: &Options,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let seen = Arc::new(AtomicUsize::new(0));
    let enough = Arc::new(tokio::sync::Notify::new());
    let limit = options.requests_per_connection.unwrap_or(usize::MAX);
    let told = Arc::clone(&enough);
    let service = service_fn(move |request: Request<Incoming>| {
        if seen.fetch_add(1, Ordering::Relaxed) + 1 == limit {
            told.notify_one();
        }
        let client = client.clone();
        async move { Ok::<_, Infallible>(pass_on(request, &client, gateway).await) }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // A connection that the client breaks off ends with an error that concerns nobody here.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = enough.notified() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

async fn pass_on(
    request: Request<Incoming>,
    client: &Client<HttpConnector, Full<Bytes>>,
    gateway: SocketAddr,
) -> Response<Body> {
    // Whole before it is passed on: a body of unknown length would make the gateway close the
    // connection behind its answer, under the next request.
    let (mut head, body) = request.into_parts();
    head.headers.remove("transfer-encoding");
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let mut request = Request::from_parts(head, Full::new(body));
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = format!("http://{gateway}{path}").parse::<Uri>().unwrap();
    *request.version_mut() = hyper::Version::HTTP_11;
    match client.request(request).await {
        Ok(answer) => {
            let (mut head, body) = answer.into_parts();
            head.version = hyper::Version::default();
            for field in ["connection", "keep-alive", "transfer-encoding"] {
                head.headers.remove(field);
            }
            Response::from_parts(head, body.boxed())
        }
        Err(error) => {
            let body = Full::new(Bytes::from(error.to_string()));
            let mut answer = Response::new(body.map_err(|never| match never {}).boxed());
            *answer.status_mut() = StatusCode::BAD_GATEWAY;
            answer
        }
    }
}
