//! `GET /users/{subject}`: whether a user is there, and active.
//!
//! The subject is the rest of the path, percent-decoded once (RFC 3986 §2.1); an encoded slash or
//! NUL is part of it. Answers: 200 `{"subject":"…","active":true}`, 404
//! `{"code":"user_not_found"}`, 503 where the store failed.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::serve::problem;
use super::store::SqliteStore;

/// Where users are; the subject follows.
const USERS: &str = "/users/";

/// What may stand in a path segment as it is: letters, digits, `-`, `.`, `_`, `~` (RFC 3986 §2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The path of a user: `/users/` and the subject, percent-encoded.
pub fn path_of(subject: &str) -> String {
    format!("{USERS}{}", utf8_percent_encode(subject, ESCAPED))
}

/// The routes that answer lookups from this store.
pub fn routes(store: Arc<SqliteStore>) -> Router {
    Router::new()
        .route("/users/", get(user))
        .route("/users/{*subject}", get(user))
        .with_state(store)
}

async fn user(State(store): State<Arc<SqliteStore>>, uri: Uri) -> Response {
    let encoded = uri.path().strip_prefix(USERS).unwrap_or_default();
    // Subjects are Unicode, so what is not UTF-8 names nobody.
    let Ok(subject) = percent_decode_str(encoded).decode_utf8() else {
        return not_found();
    };
    // On this thread: a lookup takes microseconds, less than handing it to another.
    match store.lookup(&subject) {
        Ok(Some(active)) => {
            let body = serde_json::json!({ "subject": subject, "active": active }).to_string();
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        Ok(None) => not_found(),
        Err(error) => {
            problem(StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", &error.to_string())
        }
    }
}

fn not_found() -> Response {
    let json = [(header::CONTENT_TYPE, "application/json")];
    (StatusCode::NOT_FOUND, json, r#"{"code":"user_not_found"}"#).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::serve::serve;
    use crate::directory::store::Edit;
    use tokio::net::TcpListener;
    use tokio_util::sync::CancellationToken;

    #[tokio::test]
    async fn any_subject_can_be_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(&dir.path().join("users")).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let server = tokio::spawn(serve(listener, routes(Arc::clone(&store)), stop.clone()));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();

        let long = "ß".repeat(4_000);
        for subject in ["u", "auth0|1", "a/b", "a%20b", "\0", "", "a?b#c", " ", "é", &long] {
            let url = format!("{base}{}", path_of(subject));
            assert_eq!(client.get(&url).send().await.unwrap().status(), 404, "{subject:?}");
            store.edit(subject, Edit::Create { active: false }, |_| ()).unwrap();
            let answer = client.get(&url).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{subject:?}");
            let body: serde_json::Value = answer.json().await.unwrap();
            assert_eq!(body, serde_json::json!({ "subject": subject, "active": false }));
        }
        let not_utf8 = client.get(format!("{base}/users/%FF")).send().await.unwrap();
        assert_eq!(not_utf8.status(), 404);

        stop.cancel();
        server.await.unwrap().unwrap();
    }
}
