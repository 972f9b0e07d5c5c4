//! The discovery document and the key set.
//!
//! Addresses in the document are those by which the reader reached it (its `Host`), so that who
//! asks through a link is sent through the link.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

struct Keys {
    issuer: String,
    jwks: Value,
}

/// The routes that show the issuer's configuration and keys.
pub fn routes(issuer: String, jwks: Value) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/jwks.json", get(key_set))
        .with_state(Arc::new(Keys { issuer, jwks }))
}

/// OpenID Connect Discovery 1.0 §3, as far as there is something behind it; RFC 8414 §2.
async fn discovery(State(keys): State<Arc<Keys>>, headers: HeaderMap) -> Json<Value> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
    let algorithms: Vec<&Value> = keys.jwks["keys"]
        .as_array()
        .map(|all| all.iter().map(|key| &key["alg"]).filter(|alg| alg.is_string()).collect())
        .unwrap_or_default();
    Json(json!({
        "issuer": keys.issuer,
        "jwks_uri": format!("http://{host}/jwks.json"),
        "revocation_endpoint": format!("http://{host}/revoke"),
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
    }))
}

async fn key_set(State(keys): State<Arc<Keys>>) -> Json<Value> {
    Json(keys.jwks.clone())
}
