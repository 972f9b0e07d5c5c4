//! The page that shows a run, and then becomes its report.
//!
//! Everything in it is made here, escaped; the browser only puts parts in place. So the page that is
//! sent first, or again after a reload, holds what there is to see by then, and the stream of events
//! (Server-Sent Events, HTML standard §9.2) carries the parts that have changed, about once a
//! second. Parts are made when somebody looks, once for all who do.

mod charts;
mod parts;
mod render;

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use futures_util::Stream;
use tokio::sync::Mutex;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::feed::{Listening, Subscriber};
use super::moment::{End, Moment};
use parts::Parts;

/// The shortest time between two events to one browser.
const PACE: Duration = Duration::from_millis(900);

/// No script but the page's own, and nothing from elsewhere. Styles stand in a file of their own.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Of the report, which brings a policy of its own that knows its scripts by their digests.
const REPORT_POLICY: &str = "frame-ancestors 'none'";

/// The report's name in a run's folder.
const REPORT: &str = "report.html";

/// What the routes work with.
#[derive(Clone, Debug)]
struct Page {
    feed: Subscriber,
    /// The scenario's name and its sentence about itself.
    title: Arc<(String, String)>,
    stop: CancellationToken,
    /// The parts that were made last; who waits for it gets what the one before has made.
    made: Arc<Mutex<Option<Arc<Parts>>>>,
}

/// The page's routes; `title` is the scenario's name and its sentence about itself, and `stop` ends
/// the streams.
pub fn routes(feed: Subscriber, title: (String, String), stop: CancellationToken) -> Router {
    let page = Page { feed, title: Arc::new(title), stop, made: Arc::default() };
    Router::new()
        .route("/", get(index))
        .route("/events", get(events))
        .route(
            "/live.js",
            get(|| async { asset("text/javascript; charset=utf-8", render::SCRIPT) }),
        )
        .route("/live.css", get(|| async { asset("text/css; charset=utf-8", &render::style()) }))
        .with_state(page)
}

fn asset(media: &'static str, text: &str) -> Response {
    ([(header::CONTENT_TYPE, media)], text.to_owned()).into_response()
}

async fn index(State(page): State<Page>) -> Response {
    let moment = page.feed.clone().newest();
    if let Some(report) = report_file(&moment).await {
        return with_policy(REPORT_POLICY, Html(report).into_response());
    }
    let parts = page.parts(&moment).await;
    match parts {
        Ok(parts) => with_policy(
            POLICY,
            Html(render::page(&parts, &page.title.0, &page.title.1)).into_response(),
        ),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error).into_response(),
    }
}

fn with_policy(policy: &'static str, mut response: Response) -> Response {
    let name: HeaderName = header::CONTENT_SECURITY_POLICY;
    response.headers_mut().insert(name, axum::http::HeaderValue::from_static(policy));
    response
}

/// The finished run's report; `None` while it goes, and where there is none.
async fn report_file(moment: &Moment) -> Option<String> {
    let Some(End::Finished { folder, .. }) = &moment.end else { return None };
    tokio::fs::read_to_string(report_path(folder)).await.ok()
}

fn report_path(folder: &Path) -> PathBuf {
    folder.join(REPORT)
}

impl Page {
    /// The parts of a moment, or of one a little before.
    async fn parts(&self, moment: &Arc<Moment>) -> Result<Arc<Parts>, String> {
        let mut made = self.made.lock().await;
        if let Some(parts) = made.as_ref().filter(|parts| parts.number >= moment.number) {
            return Ok(Arc::clone(parts));
        }
        let moment = Arc::clone(moment);
        // Drawing takes a while, and the other routes go on.
        let parts = tokio::task::spawn_blocking(move || Parts::of(&moment));
        let parts = Arc::new(parts.await.map_err(|error| format!("cannot draw: {error}"))?);
        *made = Some(Arc::clone(&parts));
        Ok(parts)
    }
}

async fn events(State(page): State<Page>) -> Response {
    let stream = changes(page);
    with_policy(POLICY, Sse::new(stream).keep_alive(KeepAlive::default()).into_response())
}

/// What one browser has been sent.
struct Reader {
    page: Page,
    /// While it is there, the feed makes what only a page needs.
    _listening: Listening,
    /// The digest of each part that it has.
    sent: HashMap<String, u64>,
    is_first: bool,
    is_over: bool,
}

/// The changed parts, one event a moment, until the run ends or the reader goes.
fn changes(page: Page) -> impl Stream<Item = Result<Event, Infallible>> {
    let listening = page.feed.listen();
    let reader = Reader {
        page,
        _listening: listening,
        sent: HashMap::new(),
        is_first: true,
        is_over: false,
    };
    futures_util::stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok(event), reader))
    })
}

impl Reader {
    async fn next(&mut self) -> Option<Event> {
        if self.is_over {
            return None;
        }
        let stop = self.page.stop.clone();
        let moment = if std::mem::take(&mut self.is_first) {
            self.page.feed.newest()
        } else {
            tokio::select! {
                () = stop.cancelled() => return None,
                moment = async { sleep(PACE).await; self.page.feed.next().await } => moment?,
            }
        };
        self.is_over = moment.end.is_some();
        let parts = self.page.parts(&moment).await.ok()?;
        let changed: HashMap<&str, &str> = parts
            .all
            .iter()
            .filter(|part| self.sent.get(&part.name) != Some(&part.digest))
            .map(|part| (part.name.as_str(), part.html.as_str()))
            .collect();
        let data = serde_json::json!({
            "parts": changed,
            "spoken": parts.spoken,
            "over": parts.over,
            "report": parts.over && report_file(&moment).await.is_some(),
        });
        for part in &parts.all {
            self.sent.insert(part.name.clone(), part.digest);
        }
        Event::default().id(moment.number.to_string()).json_data(data).ok()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use tokio::time::timeout;

    use super::*;
    use crate::live::feed::{Feed, Wants};
    use crate::report::Observer as _;

    fn page(feed: &Feed) -> Page {
        Page {
            feed: feed.subscribe(),
            title: Arc::default(),
            stop: CancellationToken::new(),
            made: Arc::default(),
        }
    }

    /// What one browser is sent next.
    async fn event(body: &mut axum::body::Body) -> String {
        let frame = timeout(3 * PACE, body.frame()).await.expect("an event comes in time");
        let bytes = frame.unwrap().unwrap().into_data().unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_browser_that_stops_reading_does_not_hold_up_another() {
        let feed = Feed::new(Wants::default());
        let page = page(&feed);
        let mut idle = events(State(page.clone())).await.into_body();
        // Its connection takes one event, and no more.
        event(&mut idle).await;
        let mut quick = events(State(page)).await.into_body();
        event(&mut quick).await;
        for n in 0..5 {
            feed.remark(&format!("remark {n}."));
            let told = event(&mut quick).await;
            assert!(told.contains(&format!("remark {n}.")), "{told}");
        }
        // The newest, and what happened meanwhile with it.
        let told = event(&mut idle).await;
        assert!(told.contains("id: 5") && told.contains("remark 0."), "{told}");
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_has_changed_is_sent_again() {
        let feed = Feed::new(Wants::default());
        let mut body = events(State(page(&feed))).await.into_body();
        let first = event(&mut body).await;
        assert!(first.contains("\"state\":") && first.contains("\"log\":"), "{first}");
        feed.remark("well.");
        let second = event(&mut body).await;
        assert!(second.contains("\"log\":") && !second.contains("\"state\":"), "{second}");
    }
}
