//! `POST /bulk`: users, many at once, for seeding.
//!
//! The body is a JSON string a line, each a subject; blank lines are passed over. Each becomes an
//! active user. The answer, `{"users":n}`, comes when all are committed; a bad line, and none is
//! taken. The sync does not hear of these users: the replica gets them with a
//! snapshot of everything.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router, body::Body};
use futures_util::StreamExt;

use super::primary::Primary;
use crate::directory::serve::problem;
use crate::directory::{Load, StoreError};

/// Users that are handed on at a time.
const BATCH: usize = 20_000;
/// Longest line, in bytes.
const LONGEST_LINE: usize = 1 << 20;

/// The route that takes users into this primary.
pub fn routes(primary: Arc<Primary>) -> Router {
    Router::new().route("/bulk", post(bulk)).layer(DefaultBodyLimit::disable()).with_state(primary)
}

async fn bulk(State(primary): State<Arc<Primary>>, body: Body) -> Response {
    match take_in(&primary, body).await {
        Ok(users) => Json(serde_json::json!({ "users": users })).into_response(),
        Err((status, message)) => problem(status, "bulk_failed", &message),
    }
}

type Failure = (StatusCode, String);

async fn take_in(primary: &Arc<Primary>, body: Body) -> Result<u64, Failure> {
    let mut body = body.into_data_stream();
    let mut lines = Lines::default();
    let store = primary.store();
    let mut load = blocking(move || Load::begin(store)).await?;
    loop {
        let chunk = body.next().await.transpose();
        let chunk = chunk.map_err(|error| bad(error.to_string()))?;
        match &chunk {
            Some(chunk) => lines.push(chunk).map_err(bad)?,
            None => lines.finish().map_err(bad)?,
        }
        if lines.subjects.len() >= BATCH || chunk.is_none() {
            let subjects = std::mem::take(&mut lines.subjects);
            load = blocking(move || load.add(&subjects).map(|()| load)).await?;
        }
        if chunk.is_none() {
            return blocking(move || load.commit()).await;
        }
    }
}

fn bad(message: String) -> Failure {
    (StatusCode::BAD_REQUEST, message)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Failure> {
    let failed = |message| (StatusCode::INTERNAL_SERVER_ERROR, message);
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|panicked| failed(panicked.to_string()))?
        .map_err(|error| failed(error.to_string()))
}

/// Splits a stream of bytes into lines, and reads each as a subject.
#[derive(Default)]
struct Lines {
    /// The start of a line whose end has not come yet.
    rest: Vec<u8>,
    number: u64,
    subjects: Vec<String>,
}

impl Lines {
    fn push(&mut self, chunk: &[u8]) -> Result<(), String> {
        let mut pieces = chunk.split(|&byte| byte == b'\n');
        let last = pieces.next_back().unwrap_or_default();
        for piece in pieces {
            if self.rest.is_empty() {
                self.line(piece)?;
            } else {
                let mut line = std::mem::take(&mut self.rest);
                line.extend_from_slice(piece);
                self.line(&line)?;
            }
        }
        self.rest.extend_from_slice(last);
        if self.rest.len() > LONGEST_LINE {
            return Err(format!("line {} is longer than 1 MiB", self.number + 1));
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), String> {
        let line = std::mem::take(&mut self.rest);
        self.line(&line)
    }

    fn line(&mut self, line: &[u8]) -> Result<(), String> {
        self.number += 1;
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let subject = serde_json::from_slice(line)
            .map_err(|error| format!("line {} is no JSON string: {error}", self.number))?;
        self.subjects.push(subject);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], chunk: usize) -> Result<Vec<String>, String> {
        let mut lines = Lines::default();
        for piece in bytes.chunks(chunk) {
            lines.push(piece)?;
        }
        lines.finish()?;
        Ok(lines.subjects)
    }

    #[test]
    fn lines_are_the_same_wherever_the_stream_is_cut() {
        let text = "\"a\"\n\n\"b\\nc\"\r\n\"\"\n\"é\"".as_bytes();
        for chunk in 1..=text.len() {
            assert_eq!(read(text, chunk).unwrap(), ["a", "b\nc", "", "é"], "cut at {chunk}");
        }
    }

    #[test]
    fn a_bad_line_is_named() {
        let error = read(b"\"a\"\nb\n", 3).unwrap_err();
        assert!(error.starts_with("line 2 is no JSON string"), "{error}");
        let error = read(&vec![b'"'; LONGEST_LINE + 2], 65_536).unwrap_err();
        assert!(error.contains("line 1 is longer"), "{error}");
    }
}
