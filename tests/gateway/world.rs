//! What surrounds the gateway under test.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use substorm::clock::unix_now;
use substorm::gateway::{self, GatewayConfig, Policies};
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
pub const ISSUER: &str = "https://idp.test";
pub const AUDIENCE: &str = "orders";

/// What the stub does with lookups.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mood {
    Well,
    Failing,
    Hanging,
    /// Answers 200 with what is no answer.
    Garbled,
    /// Answers 200 with ten megabytes.
    Huge,
    /// Answers later what was true when it was asked.
    Slow(Duration),
}

/// Directories and identity provider in one.
pub struct Stub {
    pub replica: Mutex<HashMap<String, bool>>,
    pub primary: Mutex<HashMap<String, bool>>,
    pub denied: Mutex<HashSet<String>>,
    pub jwks: Mutex<Value>,
    pub mood: Mutex<Mood>,
    pub lookups: AtomicU32,
    pub key_fetches: AtomicU32,
    pub changes: Mutex<broadcast::Sender<String>>,
}

impl Stub {
    fn new() -> Self {
        let users = [("alice", true), ("bob", true), ("mallory", false)];
        Self {
            replica: Mutex::new(users.map(|(user, active)| (user.to_owned(), active)).into()),
            primary: Mutex::default(),
            denied: Mutex::default(),
            jwks: Mutex::new(jwks("k1")),
            mood: Mutex::new(Mood::Well),
            lookups: AtomicU32::new(0),
            key_fetches: AtomicU32::new(0),
            changes: Mutex::new(broadcast::channel(64).0),
        }
    }

    pub fn put(&self, user: &str, active: bool) {
        self.replica.lock().unwrap().insert(user.to_owned(), active);
    }

    pub fn remove(&self, user: &str) {
        self.replica.lock().unwrap().remove(user);
    }

    pub fn set_mood(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub fn lookups(&self) -> u32 {
        self.lookups.load(Ordering::SeqCst)
    }

    /// Announces a change; says how many gateways hear it.
    pub fn announce(&self, user: &str) -> usize {
        let line = json!({ "subject": user }).to_string() + "\n";
        self.changes.lock().unwrap().send(line).unwrap_or(0)
    }

    /// Ends the open streams of changes.
    pub fn cut_changes(&self) {
        *self.changes.lock().unwrap() = broadcast::channel(64).0;
    }

    /// Waits until a gateway listens to the changes.
    pub async fn until_heard(&self) {
        until(|| self.changes.lock().unwrap().receiver_count() > 0).await;
    }
}

/// Waits for something that should come soon.
pub async fn until(done: impl Fn() -> bool) {
    for _ in 0..500 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("five seconds were not enough");
}

/// The key set whose one key has this id.
pub fn jwks(kid: &str) -> Value {
    json!({"keys": [{"kty": "oct", "kid": kid, "alg": "HS256", "k": URL_SAFE_NO_PAD.encode(SECRET)}]})
}

async fn lookup(stub: &Stub, users: &Mutex<HashMap<String, bool>>, subject: &str) -> Response {
    stub.lookups.fetch_add(1, Ordering::SeqCst);
    let found = users.lock().unwrap().get(subject).copied();
    let mood = *stub.mood.lock().unwrap();
    match mood {
        Mood::Well => {}
        Mood::Failing => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Mood::Hanging => std::future::pending().await,
        Mood::Garbled => return "<html>welcome</html>".into_response(),
        Mood::Huge => return "{\"subject\":\"".repeat(800_000).into_response(),
        Mood::Slow(by) => tokio::time::sleep(by).await,
    }
    match found {
        Some(active) => Json(json!({"subject": subject, "active": active})).into_response(),
        None => (StatusCode::NOT_FOUND, Json(json!({"code": "user_not_found"}))).into_response(),
    }
}

fn stream(stub: &Stub) -> Response {
    let heard = stub.changes.lock().unwrap().subscribe();
    let lines = futures_util::stream::unfold(heard, |mut heard| async {
        let line = heard.recv().await.ok()?;
        Some((Ok::<_, Infallible>(Bytes::from(line)), heard))
    });
    Body::from_stream(lines).into_response()
}

type Shared = State<Arc<Stub>>;

fn router(stub: Arc<Stub>) -> Router {
    Router::new()
        .route(
            "/replica/users/{subject}",
            get(async |State(stub): Shared, Path(subject): Path<String>| {
                lookup(&stub, &stub.replica, &subject).await
            }),
        )
        .route(
            "/primary/users/{subject}",
            get(async |State(stub): Shared, Path(subject): Path<String>| {
                lookup(&stub, &stub.primary, &subject).await
            }),
        )
        .route("/changes", get(async |State(stub): Shared| stream(&stub)))
        .route(
            "/jwks.json",
            get(async |State(stub): Shared| {
                stub.key_fetches.fetch_add(1, Ordering::SeqCst);
                Json(stub.jwks.lock().unwrap().clone())
            }),
        )
        .route(
            "/deny-list",
            get(async |State(stub): Shared| Json(stub.denied.lock().unwrap().clone())),
        )
        // As an upstream, tells what fields reach it.
        .fallback(async |headers: HeaderMap| {
            let fields = headers.iter().map(|(name, value)| {
                format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))
            });
            Json(fields.collect::<Vec<_>>())
        })
        .with_state(stub)
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub status: u16,
    pub code: String,
    pub user: Option<String>,
    pub headers: reqwest::header::HeaderMap,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status and code of a refusal, or the user who was let in.
    pub fn brief(&self) -> (u16, &str) {
        (self.status, self.user.as_deref().unwrap_or(&self.code))
    }
}

/// A gateway and what surrounds it.
pub struct World {
    pub stub: Arc<Stub>,
    pub gateway: SocketAddr,
    pub control: String,
    pub client: reqwest::Client,
    cancel: CancellationToken,
    tasks: JoinSet<std::io::Result<()>>,
    minted: AtomicU64,
}

impl World {
    pub async fn start(policies: Policies) -> Self {
        Self::start_with(policies, |_| {}).await
    }

    pub async fn start_with(policies: Policies, adapt: impl FnOnce(&mut GatewayConfig)) -> Self {
        let (stub, cancel) = (Arc::new(Stub::new()), CancellationToken::new());
        let mut tasks = JoinSet::new();
        let bind = async || TcpListener::bind("127.0.0.1:0").await.unwrap();
        let around = bind().await;
        let base = format!("http://{}", around.local_addr().unwrap());
        let (router, ended) = (router(Arc::clone(&stub)), cancel.clone());
        tasks.spawn(async move {
            // Hanging answers never end, so that the stub is not asked to.
            ended.run_until_cancelled(axum::serve(around, router).into_future()).await;
            Ok(())
        });
        let upstream = bind().await;
        let mut config = GatewayConfig {
            directory: format!("{base}/replica"),
            primary: format!("{base}/primary"),
            wrong_directory: format!("{base}/primary"),
            changes: Some(format!("{base}/changes")),
            jwks: format!("{base}/jwks.json"),
            deny_list: Some(format!("{base}/deny-list")),
            upstream: format!("http://{}", upstream.local_addr().unwrap()),
            issuer: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            algorithms: vec!["HS256".to_owned()],
            policies,
        };
        adapt(&mut config);
        tasks.spawn(gateway::upstream::serve(upstream, cancel.clone()));
        let (listener, control) = (bind().await, bind().await);
        let gateway = listener.local_addr().unwrap();
        let control_at = format!("http://{}", control.local_addr().unwrap());
        tasks.spawn(gateway::serve(listener, control, config, cancel.clone()));
        let client = reqwest::Client::new();
        let minted = AtomicU64::new(0);
        Self { stub, gateway, control: control_at, client, cancel, tasks, minted }
    }

    /// Claims of a good token.
    pub fn claims(&self, subject: &str) -> Value {
        let number = self.minted.fetch_add(1, Ordering::SeqCst);
        json!({"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "iat": unix_now(),
            "exp": unix_now() + 600, "jti": format!("t{number}")})
    }

    pub fn token(&self, subject: &str) -> String {
        sign(&self.claims(subject))
    }

    pub async fn get(&self, token: &str) -> Seen {
        self.get_with(&[("authorization", &format!("Bearer {token}"))]).await
    }

    pub async fn get_with(&self, headers: &[(&str, &str)]) -> Seen {
        let mut request = self.client.get(format!("http://{}/orders/1?x=y", self.gateway));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        seen(request).await
    }

    /// A request with a fresh, good token of this user.
    pub async fn visit(&self, subject: &str) -> Seen {
        self.get(&self.token(subject)).await
    }

    pub async fn stats(&self) -> Value {
        let answer = self.client.get(format!("{}/stats", self.control)).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// Waits until the gateway has heard so many changes.
    pub async fn until_heard(&self, changes: u64) {
        for _ in 0..500 {
            if self.stats().await["changes_heard"].as_u64() >= Some(changes) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{changes} changes were not heard within five seconds");
    }

    pub async fn misconfigure(&self, order: &Value) -> u16 {
        let request = self.client.put(format!("{}/misconfigure", self.control)).json(order);
        request.send().await.unwrap().status().as_u16()
    }

    /// Stops everything; panics if a task panicked.
    pub async fn stop(mut self) {
        self.cancel.cancel();
        while let Some(joined) = self.tasks.join_next().await {
            joined.unwrap().unwrap();
        }
    }
}

pub async fn seen(request: reqwest::RequestBuilder) -> Seen {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default();
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    Seen { status, code: text("code").unwrap_or_default(), user: text("user"), headers }
}

pub fn header(kid: &str) -> Header {
    Header { kid: Some(kid.to_owned()), ..Header::default() }
}

pub fn sign(claims: &Value) -> String {
    sign_with(&header("k1"), claims, SECRET)
}

pub fn sign_with(header: &Header, claims: &Value, secret: &[u8]) -> String {
    jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret)).unwrap()
}

/// Signs header and payload as they stand, however wrong they are.
pub fn sign_text(header: &str, payload: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = jsonwebtoken::crypto::sign(
        signed.as_bytes(),
        &EncodingKey::from_secret(SECRET),
        jsonwebtoken::Algorithm::HS256,
    );
    format!("{signed}.{}", signature.unwrap())
}
