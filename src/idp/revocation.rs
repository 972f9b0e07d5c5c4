//! Tokens that are revoked before they expire.
//!
//! `POST /revoke` takes `{"jti":"…"}` or `{"jti":["…", …]}` and answers 204; `GET /deny-list`
//! answers a JSON array of every `jti` revoked so far. A token is known by its `jti` alone
//! (RFC 7519 §4.1.7), so this is no RFC 7009 endpoint, which would be given the token.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

use crate::directory::serve::problem;

/// Tokens that may be revoked at a time.
const MOST: usize = 1_000_000;

type DenyList = Arc<Mutex<BTreeSet<String>>>;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Revocation {
    jti: OneOrMany,
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// The routes over a deny list that is empty at first.
pub fn routes() -> Router {
    Router::new()
        .route("/revoke", post(revoke))
        .route("/deny-list", get(deny_list))
        .with_state(DenyList::default())
}

async fn revoke(State(denied): State<DenyList>, body: String) -> Response {
    let revocation: Revocation = match serde_json::from_str(&body) {
        Ok(revocation) => revocation,
        Err(error) => {
            let message = format!("expected {{\"jti\":\"…\"}}: {error}");
            return problem(StatusCode::BAD_REQUEST, "bad_request", &message);
        }
    };
    let ids = match revocation.jti {
        OneOrMany::One(id) => vec![id],
        OneOrMany::Many(ids) => ids,
    };
    let mut denied = denied.lock().unwrap_or_else(PoisonError::into_inner);
    if denied.len() + ids.len() > MOST {
        let message = "the deny list holds as many tokens as it may, 1,000,000";
        return problem(StatusCode::INSUFFICIENT_STORAGE, "deny_list_full", message);
    }
    denied.extend(ids);
    StatusCode::NO_CONTENT.into_response()
}

async fn deny_list(State(denied): State<DenyList>) -> Response {
    Json(&*denied.lock().unwrap_or_else(PoisonError::into_inner)).into_response()
}
