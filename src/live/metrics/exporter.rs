//! Sends the metrics to an OTLP receiver over HTTP (OTLP 1.x, "OTLP/HTTP", binary protobuf).
//!
//! Sums are cumulative, so an export that fails loses nothing: the next one tells it all. Failures
//! are counted, and never those of the run.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use percent_encoding::percent_decode_str;
use prost::Message as _;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Url};
use tokio::time::{Instant, sleep_until};

use crate::clock::Clock;

use super::super::feed::Subscriber;
use super::super::moment::Moment;
use super::otlp::{Span, request};
use super::tally::Tally;

/// Where metrics of OTLP/HTTP go, below the base address.
const PATH: &str = "/v1/metrics";

/// The longest that one export may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Why there can be no export.
#[derive(Debug, thiserror::Error)]
pub enum ExporterError {
    /// The address cannot be used.
    #[error(
        "--otlp {url}: {reason}; give the base address of an OTLP/HTTP receiver, such as \
         http://127.0.0.1:4318"
    )]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The headers cannot be used. Their values are secrets, so they are not shown.
    #[error("OTEL_EXPORTER_OTLP_HEADERS: entry {entry} is not name=value, or not a header")]
    Headers {
        /// Which one, from 1.
        entry: usize,
    },
    /// The client could not be made.
    #[error("cannot make the OTLP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// How long the last export waits before it is repeated, if that may help.
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// Exports a run's metrics.
#[derive(Debug)]
pub struct Exporter {
    client: Client,
    url: Url,
    clock: Clock,
    start_unix_ns: u64,
    /// From one export to the next.
    every: Duration,
}

/// What became of the exports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// All of them.
    pub tried: u64,
    /// Those that failed.
    pub failed: u64,
    /// Why the first one failed.
    pub first_failure: Option<String>,
}

impl Exporter {
    /// An exporter to the receiver at `url`, with headers as `OTEL_EXPORTER_OTLP_HEADERS` has them
    /// (`name=value,name=value`, percent-encoded).
    pub fn new(url: &str, headers: &str, every: Duration) -> Result<Self, ExporterError> {
        let wrong = |reason: String| ExporterError::Url { url: shown(url), reason };
        let mut parsed = Url::parse(url).map_err(|error| wrong(error.to_string()))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(wrong(format!("the scheme is {}, not http or https", parsed.scheme())));
        }
        let path = parsed.path().trim_end_matches('/').to_owned();
        if !path.ends_with(PATH) {
            parsed.set_path(&format!("{path}{PATH}"));
        }
        let mut headers = parse_headers(headers)?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        let client = Client::builder()
            .default_headers(headers)
            .timeout(LIMIT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("substorm/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let start_unix_ns = unix_ns();
        Ok(Self { client, url: parsed, clock: Clock::start(), start_unix_ns, every })
    }

    /// Exports until the run ends, and then once more. The feed must make tallies.
    pub async fn run(self, mut feed: Subscriber) -> Exported {
        let mut exported = Exported::default();
        let mut due = self.now();
        while let Some(moment) = feed.next().await {
            let ended = moment.end.is_some();
            if let Some(tally) = moment.tally.as_ref().filter(|_| ended || self.now() >= due) {
                due = self.now() + self.every;
                self.export(tally, &moment, &mut exported).await;
            }
            if ended {
                break;
            }
            // Whatever comes meanwhile is replaced by what comes after it.
            if self.now() < due {
                tokio::select! {
                    () = sleep_until(due) => {}
                    () = until_ended(feed.clone()) => {}
                }
            }
        }
        exported
    }

    async fn export(&self, tally: &Arc<Tally>, moment: &Moment, exported: &mut Exported) {
        exported.tried += 1;
        let report = &tally.report;
        let run = format!("{}-{}-{}", report.scenario, report.started_at, report.seed);
        // By the run's clock: the wall clock may be set back meanwhile.
        let age = self.clock.now().as_nanos();
        let span = Span {
            start_unix_ns: self.start_unix_ns,
            at_unix_ns: self.start_unix_ns.saturating_add(age),
        };
        let body = Bytes::from(request(tally, &run, span).encode_to_vec());
        let mut sent = self.send(body.clone()).await;
        // What fails is made good by the next export; the last one has none.
        if moment.end.is_some() && sent.as_ref().is_err_and(|refusal| refusal.may_pass) {
            sleep_until(self.now() + LAST_PAUSE).await;
            sent = self.send(body).await;
        }
        if let Err(Refusal { reason, .. }) = sent {
            exported.failed += 1;
            exported.first_failure.get_or_insert_with(|| format!("{}: {reason}", when(moment)));
        }
    }

    async fn send(&self, body: Bytes) -> Result<(), Refusal> {
        let answer = self.client.post(self.url.clone()).body(body).send().await;
        let answer = answer.map_err(Refusal::from)?;
        let status = answer.status();
        if !status.is_success() {
            let may_pass = matches!(status.as_u16(), 429 | 502 | 503 | 504);
            return Err(Refusal { reason: format!("the receiver answered {status}"), may_pass });
        }
        let body = answer.bytes().await.map_err(Refusal::from)?;
        // An answer that is no protobuf still says that all was taken.
        let partial =
            ExportMetricsServiceResponse::decode(body).ok().and_then(|a| a.partial_success);
        match partial.filter(|partial| partial.rejected_data_points > 0) {
            Some(partial) => {
                let (points, message) = (partial.rejected_data_points, partial.error_message);
                let reason = format!("the receiver rejected {points} data points: {message}");
                Err(Refusal { reason, may_pass: false })
            }
            None => Ok(()),
        }
    }

    fn now(&self) -> Instant {
        self.clock.deadline(self.clock.now())
    }
}

/// Why the receiver did not take an export.
struct Refusal {
    reason: String,
    /// It may take the same one later; of others the protocol says that they must not be repeated
    /// (OTLP specification 1.5, "Failures" of OTLP/HTTP).
    may_pass: bool,
}

impl From<reqwest::Error> for Refusal {
    fn from(error: reqwest::Error) -> Self {
        let may_pass = error.is_connect();
        // The address may hold a password.
        Self { reason: with_causes(&error.without_url()), may_pass }
    }
}

/// When in the run a moment is, in words.
fn when(moment: &Moment) -> String {
    match &moment.standing {
        _ if moment.end.is_some() => "at the end of the run".to_owned(),
        Some(standing) => {
            format!("after {:.0} s of load", standing.elapsed.as_secs_f64())
        }
        None => "before the load".to_owned(),
    }
}

async fn until_ended(mut feed: Subscriber) {
    while feed.next().await.is_some_and(|moment| moment.end.is_none()) {}
}

fn unix_ns() -> u64 {
    u64::try_from(crate::clock::utc_now().unix_timestamp_nanos()).unwrap_or(0)
}

fn with_causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

/// The address without a password, also where it is none.
fn shown(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = rest.rsplit_once('@').map_or(rest, |(_, after)| after);
    if scheme.is_empty() { rest.to_owned() } else { format!("{scheme}://{rest}") }
}

fn parse_headers(text: &str) -> Result<HeaderMap, ExporterError> {
    let mut headers = HeaderMap::new();
    let entries = text.split(',').map(str::trim).enumerate();
    for (n, entry) in entries.filter(|(_, entry)| !entry.is_empty()) {
        let wrong = ExporterError::Headers { entry: n + 1 };
        let Some((name, value)) = entry.split_once('=') else { return Err(wrong) };
        let value = percent_decode_str(value.trim()).decode_utf8_lossy();
        let (Ok(name), Ok(mut value)) =
            (name.trim().parse::<HeaderName>(), HeaderValue::from_str(&value))
        else {
            return Err(wrong);
        };
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsPartialSuccess;

    use super::*;
    use crate::live::{End, sample};

    fn url(text: &str) -> String {
        Exporter::new(text, "", Duration::from_secs(1)).unwrap().url.to_string()
    }

    #[test]
    fn the_path_of_metrics_is_added_where_it_is_missing() {
        assert_eq!(url("http://127.0.0.1:4318"), "http://127.0.0.1:4318/v1/metrics");
        assert_eq!(url("http://h/otlp/"), "http://h/otlp/v1/metrics");
        assert_eq!(url("https://h/v1/metrics"), "https://h/v1/metrics");
    }

    #[test]
    fn what_is_wrong_is_said_without_secrets() {
        let error = Exporter::new("grpc://u:hunter2@h", "", LIMIT).unwrap_err().to_string();
        assert!(error.contains("grpc") && !error.contains("hunter2"), "{error}");
        let error = Exporter::new("http://h", "a=b,hunter2", LIMIT).unwrap_err().to_string();
        assert!(error.contains("entry 2") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn a_failure_is_told_with_its_time_in_the_run() {
        assert_eq!(when(&sample::minting()), "before the load");
        let moment = sample::in_an_outage();
        assert_eq!(when(&moment), "after 14 s of load");
        assert_eq!(when(&Moment { end: Some(End::GaveUp), ..moment }), "at the end of the run");
    }

    #[test]
    fn headers_are_decoded_and_kept_out_of_sight() {
        let headers = parse_headers("Authorization=Basic%20aGk=, x-tenant = a").unwrap();
        assert_eq!(headers["authorization"], "Basic aGk=");
        assert_eq!(headers["x-tenant"], "a");
        assert!(!format!("{headers:?}").contains("aGk"));
    }

    /// The answer of a receiver that takes some of the figures, and its body.
    const PARTLY: &str = "200 Partly";

    fn partly() -> Vec<u8> {
        let error_message = "200 Partly, too many".to_owned();
        let partial = ExportMetricsPartialSuccess { rejected_data_points: 3, error_message };
        ExportMetricsServiceResponse { partial_success: Some(partial) }.encode_to_vec()
    }

    /// What comes of an export at the end of a run to a receiver that answers so, once for each
    /// request, and how many requests there were.
    async fn at_the_end(answers: &'static [&'static str]) -> (Exported, usize) {
        let ended = Moment { end: Some(End::GaveUp), ..sample::in_an_outage() };
        exported_once(&ended, answers).await
    }

    async fn exported_once(moment: &Moment, answers: &'static [&'static str]) -> (Exported, usize) {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let receiver = tokio::spawn(async move {
            for (n, answer) in answers.iter().enumerate() {
                let wait = tokio::time::timeout(3 * LAST_PAUSE, listener.accept());
                let Ok(Ok((mut peer, _))) = wait.await else { return n };
                let mut request = Vec::new();
                let length = loop {
                    peer.read_buf(&mut request).await.unwrap();
                    let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
                    if let Some((head, _)) = text.split_once("\r\n\r\n") {
                        let field = head.lines().find_map(|l| l.strip_prefix("content-length: "));
                        break head.len() + 4 + field.unwrap().parse::<usize>().unwrap();
                    }
                };
                while request.len() < length {
                    peer.read_buf(&mut request).await.unwrap();
                }
                let body = if *answer == PARTLY { partly() } else { Vec::new() };
                let length = body.len();
                let head = format!("HTTP/1.1 {answer}\r\ncontent-length: {length}\r\n");
                let head = format!("{head}connection: close\r\n\r\n");
                peer.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
            }
            answers.len()
        });
        let tally = Arc::new(Tally::default());
        let mut exported = Exported::default();
        let sender = Exporter::new(&url, "", Duration::from_secs(1)).unwrap();
        sender.export(&tally, moment, &mut exported).await;
        (exported, receiver.await.unwrap())
    }

    #[tokio::test]
    async fn the_last_export_is_repeated_where_that_may_help() {
        let answers: [&[&str]; 5] = [
            &["429 Slow down", "200 OK"],
            &["502 Bad Gateway", "200 OK"],
            &["503 Busy", "200 OK"],
            &["504 Late", "200 OK"],
            &["503 Busy", "503 Busy"],
        ];
        let ends = join_all(answers.map(at_the_end)).await;
        let ends = ends.iter().map(|(exported, requests)| (exported.failed, *requests));
        assert_eq!(ends.collect::<Vec<_>>(), [(0, 2), (0, 2), (0, 2), (0, 2), (1, 2)]);
    }

    #[tokio::test]
    async fn what_must_not_be_repeated_is_sent_once() {
        let answers: [&[&str]; 4] = [
            &["400 Bad", "200 OK"],
            &["401 Who", "200 OK"],
            &["500 Broken", "200 OK"],
            &[PARTLY, "200 OK"],
        ];
        for (answers, (exported, requests)) in
            answers.iter().zip(join_all(answers.map(at_the_end)).await)
        {
            assert_eq!((exported.tried, exported.failed, requests), (1, 1, 1), "{answers:?}");
            let reason = exported.first_failure.unwrap();
            assert!(reason.contains("at the end") && reason.contains(&answers[0][..3]), "{reason}");
        }
        // Before the end of the run the next export makes it good.
        let answers = &["503 Busy", "200 OK"];
        let (exported, requests) = exported_once(&sample::in_an_outage(), answers).await;
        assert_eq!((exported.tried, exported.failed, requests), (1, 1, 1));
    }

    #[tokio::test]
    async fn a_receiver_that_cannot_be_reached_may_be_later() {
        let sender = |address| Exporter::new(&format!("http://{address}"), "", LIMIT).unwrap();
        // Nobody else is given the port, and nobody listens there.
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let there = sender(socket.local_addr().unwrap());
        let refusal = there.send(Bytes::new()).await.unwrap_err();
        assert!(refusal.may_pass, "{}", refusal.reason);
        // Who took the request and went away may have taken the figures too.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = sender(listener.local_addr().unwrap());
        let gone = tokio::spawn(async move { drop(listener.accept().await.unwrap()) });
        let refusal = there.send(Bytes::new()).await.unwrap_err();
        assert!(!refusal.may_pass, "{}", refusal.reason);
        gone.await.unwrap();
    }
}
