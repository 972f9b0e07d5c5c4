//! The replica directory's HTTP server: lookups, and a stream of what changed.
//!
//! `GET /changes` answers with a line of JSON, `{"subject":"…"}`, for each change, once the
//! replica has it. The stream starts when it is asked for and says nothing of earlier changes. It
//! ends when the server stops, or when the reader is so slow that lines were lost; either way a
//! reader whose stream ended must take it that anything may have changed.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use super::lookup;
use super::store::{SqliteStore, UserChange};

/// Some whole lines of the stream.
pub type Announcement = Bytes;

/// Announcements that may wait for a slow reader.
const BACKLOG: usize = 4_096;
/// Lines in one announcement.
const BATCH: usize = 256;

/// A place to announce changes from; readers subscribe to it.
pub fn announcements() -> broadcast::Sender<Announcement> {
    broadcast::Sender::new(BACKLOG)
}

/// Tells every reader of these changes.
pub(super) fn announce(to: &broadcast::Sender<Announcement>, changes: &[UserChange]) {
    for batch in changes.chunks(BATCH) {
        let mut lines = String::with_capacity(batch.len() * 64);
        for change in batch {
            lines.push_str(&serde_json::json!({ "subject": change.subject }).to_string());
            lines.push('\n');
        }
        // No reader is no error.
        drop(to.send(Bytes::from(lines)));
    }
}

#[derive(Clone)]
struct Feed {
    announcements: broadcast::Sender<Announcement>,
    stop: CancellationToken,
}

/// The routes of a replica: lookups from `store`, changes from `announcements` until `stop`.
pub fn routes(
    store: Arc<SqliteStore>,
    announcements: broadcast::Sender<Announcement>,
    stop: CancellationToken,
) -> Router {
    let feed = Feed { announcements, stop };
    let changes = Router::new().route("/changes", get(changes)).with_state(feed);
    lookup::routes(store).merge(changes)
}

async fn changes(State(feed): State<Feed>) -> Response {
    let reader = feed.announcements.subscribe();
    let lines = stream::unfold((reader, feed.stop), |(mut reader, stop)| async move {
        let received = tokio::select! {
            received = reader.recv() => received.ok()?,
            () = stop.cancelled() => return None,
        };
        Some((Ok::<_, std::convert::Infallible>(received), (reader, stop)))
    });
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response()
}
