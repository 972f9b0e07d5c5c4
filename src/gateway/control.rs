//! The gateway's control API, on a listener of its own.
//!
//! `POST /cache/flush`, `PUT` and `DELETE /misconfigure`, `GET /stats`. It is for the harness and
//! has no authentication: the listener must be on loopback.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::admit::Admission;
use super::misconfig::{MAX_TTL, Mistakes};
use super::stats::Counts;

/// An order to make mistakes for a while.
#[derive(Debug, Deserialize)]
struct Order {
    ttl_ms: u64,
    #[serde(flatten)]
    mistakes: Mistakes,
}

/// What `GET /stats` shows.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    counts: Counts,
    cache_entries: u64,
}

/// Answers until cancelled.
pub(super) async fn serve(
    listener: TcpListener,
    admission: Arc<Admission>,
    cancel: CancellationToken,
) -> io::Result<()> {
    let router = Router::new()
        .route("/cache/flush", post(flush))
        .route("/misconfigure", put(misconfigure).delete(configure))
        .route("/stats", get(stats))
        .with_state(admission);
    axum::serve(listener, router).with_graceful_shutdown(cancel.cancelled_owned()).await
}

async fn flush(State(admission): State<Arc<Admission>>) -> Response {
    let entries = admission.store.flush().await + admission.wrong_store.flush().await;
    Json(json!({ "entries": entries })).into_response()
}

async fn misconfigure(
    State(admission): State<Arc<Admission>>,
    order: Result<Json<Order>, JsonRejection>,
) -> Response {
    let order = match order {
        Ok(Json(order)) => order,
        Err(rejection) => return bad(&rejection.body_text()),
    };
    let ttl = Duration::from_millis(order.ttl_ms);
    if ttl.is_zero() || ttl > MAX_TTL {
        let found = order.ttl_ms;
        return bad(&format!("`ttl_ms` is {found}; expected 1 to {}", MAX_TTL.as_millis()));
    }
    if order.mistakes == Mistakes::default() {
        return bad(
            "no mistake is named; name `claim`, `prefix`, `lower_case` or `wrong_directory`",
        );
    }
    // A gateway that starts to ask another directory knows nothing of it.
    admission.wrong_store.flush().await;
    admission.misconfig.set(order.mistakes.clone(), admission.clock.now() + ttl);
    Json(json!({ "mistakes": order.mistakes, "ttl_ms": order.ttl_ms })).into_response()
}

async fn configure(State(admission): State<Arc<Admission>>) -> StatusCode {
    admission.misconfig.clear();
    StatusCode::NO_CONTENT
}

async fn stats(State(admission): State<Arc<Admission>>) -> Json<Shown> {
    let cache_entries = admission.store.entries().await + admission.wrong_store.entries().await;
    Json(Shown { counts: admission.manner.stats.counts(), cache_entries })
}

fn bad(message: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": "bad_request", "message": message })))
        .into_response()
}
