//! How every HTTP server of the directories is run: until told to stop, and then not much longer.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How long requests under way may take once the server was told to stop.
const GRACE: Duration = Duration::from_secs(1);

/// Answers requests until `stop`, then lets those under way finish, for a second at most.
pub async fn serve(listener: TcpListener, app: Router, stop: CancellationToken) -> io::Result<()> {
    // Answers are small and written whole: waiting to fill a segment would only add latency.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let until = stop.clone();
    let server =
        axum::serve(listener, app).with_graceful_shutdown(async move { until.cancelled().await });
    tokio::select! {
        result = server.into_future() => result,
        () = async { stop.cancelled().await; tokio::time::sleep(GRACE).await } => Ok(()),
    }
}

/// An error answer with a JSON body: a code for programs, a message for people.
pub fn problem(status: StatusCode, code: &str, message: &str) -> Response {
    let body = serde_json::json!({ "code": code, "message": message });
    (status, axum::Json(body)).into_response()
}
