//! Hearing of changes: the directory's stream of changed subjects, one JSON object a line.
//!
//! When the stream ends it is opened again, with a pause that grows while that fails. Nothing is
//! replayed, so changes announced in between are never heard of: such entries live out their
//! time. That is the gateway's weakness by design, and what a lost invalidation shows.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{StatusCode, Uri};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::client::Client;
use super::stats::Stats;

/// The first pause before opening the stream again.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(800);

/// How long the stream may take to open.
const OPEN_LIMIT: Duration = Duration::from_secs(2);

/// The longest line that is read, in bytes. Longer ones are passed over.
const MAX_LINE: usize = 64 * 1024;

/// One announcement.
#[derive(Deserialize)]
struct Change {
    subject: String,
}

/// Listens until cancelled and gives each changed subject to `hear`.
pub async fn listen<F, Fut>(
    client: &Client,
    uri: &Uri,
    stats: &Stats,
    cancel: CancellationToken,
    hear: F,
) where
    F: Fn(String) -> Fut,
    Fut: Future<Output = ()>,
{
    let rounds = async {
        let mut pause = FIRST_PAUSE;
        loop {
            if let Some(body) = open(client, uri).await {
                stats.changes_connections.count();
                pause = FIRST_PAUSE;
                read(body, stats, &hear).await;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    };
    cancel.run_until_cancelled(rounds).await;
}

async fn open(client: &Client, uri: &Uri) -> Option<Incoming> {
    let answer = tokio::time::timeout(OPEN_LIMIT, client.open(uri)).await.ok()?.ok()?;
    (answer.status() == StatusCode::OK).then(|| answer.into_body())
}

async fn read<F, Fut>(mut body: Incoming, stats: &Stats, hear: &F)
where
    F: Fn(String) -> Fut,
    Fut: Future<Output = ()>,
{
    let mut lines = Lines::default();
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(bytes) = frame.into_data() else { continue };
        for subject in lines.feed(&bytes) {
            hear(subject).await;
            stats.changes_heard.count();
        }
    }
}

/// Cuts the stream into lines.
#[derive(Default)]
struct Lines {
    partial: Vec<u8>,
    too_long: bool,
}

impl Lines {
    /// Takes the next bytes and gives the subjects of the lines that they complete. Lines that
    /// are no announcement, such as blank ones that keep the connection alive, are passed over.
    fn feed(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut subjects = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (piece, ended) = match piece.strip_suffix(b"\n") {
                Some(piece) => (piece, true),
                None => (piece, false),
            };
            self.too_long |= self.partial.len() + piece.len() > MAX_LINE;
            if !self.too_long {
                self.partial.extend_from_slice(piece);
            }
            if ended {
                if !self.too_long
                    && let Ok(change) = serde_json::from_slice::<Change>(&self.partial)
                {
                    subjects.push(change.subject);
                }
                self.partial.clear();
                self.too_long = false;
            }
        }
        subjects
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_however_they_come() {
        let text = "{\"subject\":\"a\"}\n\n{\"subject\":\"b\\n\",\"seq\":7}\r\nnonsense\n{\"x\":1}\n\
                    {\"subject\":\"c\"}\n{\"subject\":\"unfini";
        for size in 1..text.len() {
            let mut lines = Lines::default();
            let heard: Vec<String> =
                text.as_bytes().chunks(size).flat_map(|chunk| lines.feed(chunk)).collect();
            assert_eq!(heard, ["a", "b\n", "c"], "in pieces of {size}");
        }
    }

    #[test]
    fn a_line_without_end_takes_no_memory() {
        let mut lines = Lines::default();
        for _ in 0..100 {
            assert!(lines.feed(&[b'x'; 4096]).is_empty());
        }
        assert!(lines.partial.len() <= MAX_LINE);
        assert_eq!(lines.feed(b"\n{\"subject\":\"a\"}\n"), ["a"]);
    }
}
