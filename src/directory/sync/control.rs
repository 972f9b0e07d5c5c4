//! The sync's control API.
//!
//! | request | does |
//! |---|---|
//! | `GET /sync` | tells how the sync stands ([`Status`](super::Status)) |
//! | `POST /sync` | disturbs it: the keys of [`Disturbance`], and `ttl_ms`, after which it heals itself |
//! | `DELETE /sync` | heals it |
//! | `POST /sync/snapshot` | copies everything to the replica; answers `{"users":n}` |

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

use super::plan::{Disturbance, LONGEST_LEASE_MS, Unreasonable};
use super::pump::Pump;
use crate::directory::serve::problem;

/// The routes that control this pump.
pub fn routes(pump: Arc<Pump>) -> Router {
    Router::new()
        .route("/sync", get(status).post(disturb).delete(heal))
        .route("/sync/snapshot", post(snapshot))
        .with_state(pump)
}

async fn status(State(pump): State<Arc<Pump>>) -> Response {
    Json(pump.queue().status(pump.clock().now())).into_response()
}

async fn disturb(State(pump): State<Arc<Pump>>, body: String) -> Response {
    match read_order(&body) {
        Ok((disturbance, ttl)) => {
            pump.queue().disturb(disturbance, pump.clock().now() + ttl);
            status(State(pump)).await
        }
        Err(message) => problem(StatusCode::BAD_REQUEST, "bad_request", &message),
    }
}

/// The disturbance and how long it holds.
fn read_order(body: &str) -> Result<(Disturbance, Duration), String> {
    let mut fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(body)
        .map_err(|error| format!("the body is no JSON object: {error}"))?;
    // Taken out by hand: serde cannot flatten into a type that refuses unknown keys.
    let ttl = fields.remove("ttl_ms").ok_or("ttl_ms is missing: every fault ends by itself")?;
    let ttl_ms =
        ttl.as_u64().filter(|ttl| (1..=LONGEST_LEASE_MS).contains(ttl)).ok_or_else(|| {
            let allowed = "1 to 2592000000, thirty days";
            Unreasonable { key: "ttl_ms", found: ttl.to_string(), allowed }.to_string()
        })?;
    let disturbance: Disturbance =
        serde_json::from_value(fields.into()).map_err(|error| error.to_string())?;
    disturbance.check().map_err(|error| error.to_string())?;
    Ok((disturbance, Duration::from_millis(ttl_ms)))
}

async fn heal(State(pump): State<Arc<Pump>>) -> Response {
    pump.queue().heal();
    status(State(pump)).await
}

async fn snapshot(State(pump): State<Arc<Pump>>) -> Response {
    match pump.snapshot().await {
        Ok(users) => Json(serde_json::json!({ "users": users })).into_response(),
        Err(error) => {
            problem(StatusCode::INTERNAL_SERVER_ERROR, "snapshot_failed", &error.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_must_say_when_it_ends_and_make_sense() {
        let (disturbance, ttl) = read_order(r#"{"lag_ms":1500,"ttl_ms":20000}"#).unwrap();
        assert_eq!((disturbance.lag_ms, ttl), (1_500, Duration::from_secs(20)));
        for (body, word) in [
            (r#"{"lag_ms":1500}"#, "ttl_ms is missing"),
            (r#"{"ttl_ms":0}"#, "ttl_ms is 0"),
            (r#"{"ttl_ms":1000,"drop":2}"#, "drop is 2"),
            (r#"{"ttl_ms":1000,"lagms":2}"#, "lagms"),
            ("[]", "no JSON object"),
            ("", "no JSON object"),
        ] {
            let error = read_order(body).unwrap_err();
            assert!(error.contains(word), "{body}: {error}");
        }
    }
}
