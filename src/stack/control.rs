//! The parent's requests to the child's control listeners.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::error::StackError;
use crate::directory::sync::{Disturbance, Status};
use crate::fault::{Misconfiguration, SyncFault};

/// How long an order may take.
const LIMIT: Duration = Duration::from_secs(5);
/// How long a snapshot may take: ten million users need about half a minute.
const SNAPSHOT_LIMIT: Duration = Duration::from_secs(600);

impl From<&SyncFault> for Disturbance {
    /// The lag in whole milliseconds, rounded up: what is ordered is never less than was asked.
    fn from(fault: &SyncFault) -> Self {
        let lag_ms = fault.lag.as_nanos().div_ceil(1_000_000);
        Self {
            lag_ms: u64::try_from(lag_ms).unwrap_or(u64::MAX),
            pause: fault.pause,
            drop: fault.drop.fraction(),
            duplicate: fault.duplicate.fraction(),
            reorder: fault.reorder.fraction(),
        }
    }
}

/// Orders to the sync and to the gateway.
#[derive(Debug)]
pub(super) struct Control {
    http: reqwest::Client,
    sync: SocketAddr,
    gateway: SocketAddr,
}

impl Control {
    pub(super) fn new(sync: SocketAddr, gateway: SocketAddr) -> Result<Self, StackError> {
        // A proxy of the environment has no business between a process and its child.
        let http = reqwest::Client::builder()
            .no_proxy()
            .tcp_nodelay(true)
            // Loopback in plain: no certificates need to be looked for.
            .tls_certs_only([])
            .build();
        let http = http.map_err(|error| StackError::Control {
            url: "127.0.0.1".to_owned(),
            problem: format!("has no client: {error}"),
        })?;
        Ok(Self { http, sync, gateway })
    }

    pub(super) async fn sync_status(&self) -> Result<Status, StackError> {
        self.ask(Method::GET, self.sync, "/sync", None, LIMIT).await
    }

    pub(super) async fn disturb_sync(
        &self,
        disturbance: &Disturbance,
        ttl: Duration,
    ) -> Result<Status, StackError> {
        let mut order = json!(disturbance);
        order["ttl_ms"] = millis(ttl);
        self.ask(Method::POST, self.sync, "/sync", Some(order), LIMIT).await
    }

    pub(super) async fn heal_sync(&self) -> Result<Status, StackError> {
        self.ask(Method::DELETE, self.sync, "/sync", None, LIMIT).await
    }

    pub(super) async fn snapshot(&self) -> Result<u64, StackError> {
        let answer: Value =
            self.ask(Method::POST, self.sync, "/sync/snapshot", None, SNAPSHOT_LIMIT).await?;
        count(self.sync, "/sync/snapshot", &answer, "users")
    }

    pub(super) async fn flush_cache(&self) -> Result<u64, StackError> {
        let path = "/cache/flush";
        let answer: Value = self.ask(Method::POST, self.gateway, path, None, LIMIT).await?;
        count(self.gateway, path, &answer, "entries")
    }

    pub(super) async fn misconfigure(
        &self,
        how: &Misconfiguration,
        ttl: Duration,
    ) -> Result<(), StackError> {
        let mut order = match how {
            Misconfiguration::Claim(claim) => json!({ "claim": claim }),
            Misconfiguration::Prefix(prefix) => json!({ "prefix": prefix }),
            Misconfiguration::LowerCase => json!({ "lower_case": true }),
            Misconfiguration::WrongDirectory => json!({ "wrong_directory": true }),
        };
        order["ttl_ms"] = millis(ttl);
        self.order(Method::PUT, self.gateway, "/misconfigure", Some(order)).await
    }

    pub(super) async fn heal_gateway(&self) -> Result<(), StackError> {
        self.order(Method::DELETE, self.gateway, "/misconfigure", None).await
    }

    pub(super) async fn gateway_stats(&self) -> Result<Value, StackError> {
        self.ask(Method::GET, self.gateway, "/stats", None, LIMIT).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        at: SocketAddr,
        path: &str,
        body: Option<Value>,
        limit: Duration,
    ) -> Result<T, StackError> {
        let text = self.send(method, at, path, body, limit).await?;
        serde_json::from_str(&text).map_err(|error| StackError::Control {
            url: format!("http://{at}{path}"),
            problem: format!("gave an answer that cannot be read: {error}"),
        })
    }

    async fn order(
        &self,
        method: Method,
        at: SocketAddr,
        path: &str,
        body: Option<Value>,
    ) -> Result<(), StackError> {
        self.send(method, at, path, body, LIMIT).await.map(drop)
    }

    async fn send(
        &self,
        method: Method,
        at: SocketAddr,
        path: &str,
        body: Option<Value>,
        limit: Duration,
    ) -> Result<String, StackError> {
        let url = format!("http://{at}{path}");
        let mut request = self.http.request(method, &url).timeout(limit);
        if let Some(body) = body {
            let json = "application/json";
            request = request.header("content-type", json).body(body.to_string());
        }
        let answered = async {
            let answer = request.send().await?;
            let status = answer.status();
            Ok::<_, reqwest::Error>((status, answer.text().await?))
        };
        match answered.await {
            Ok((status, text)) if status.is_success() => Ok(text),
            Ok((status, text)) => {
                Err(StackError::Control { url, problem: format!("answered {status}: {text}") })
            }
            Err(error) => {
                let problem = format!("does not answer: {}", error.without_url());
                Err(StackError::Control { url, problem })
            }
        }
    }
}

/// The number under `key` of an answer.
fn count(at: SocketAddr, path: &str, answer: &Value, key: &str) -> Result<u64, StackError> {
    answer[key].as_u64().ok_or_else(|| StackError::Control {
        url: format!("http://{at}{path}"),
        problem: format!("gave no count of {key}: {answer}"),
    })
}

/// At least one: a lease of nothing is no lease.
fn millis(span: Duration) -> Value {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1).into()
}
