//! The text formats that Prometheus scrapes: OpenMetrics 1.0 for who asks for it, else version 0.0.4.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, MetricEncoder, NoLabelSet, prometheus_text, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::super::feed::Subscriber;
use super::families::{Family, Kind, Value, bounds_seconds, families};
use super::tally::Tally;

/// The media type of OpenMetrics (its specification, "Overall Structure").
pub const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The routes of the endpoint: `/metrics`, and a pointer to it.
pub fn routes(feed: Subscriber) -> Router {
    let pointer = || async { "Metrics of a run of Substorm are at /metrics.\n" };
    Router::new().route("/", get(pointer)).route("/metrics", get(scrape)).with_state(feed)
}

async fn scrape(State(feed): State<Subscriber>, headers: HeaderMap) -> Response {
    let moment = feed.clone().newest();
    let tally = moment.tally.clone().unwrap_or_default();
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    match exposition(&tally, accept) {
        Ok((media, text)) => ([(header::CONTENT_TYPE, media)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Media type and text of a tally; `accept` is what the scraper says that it reads.
pub fn exposition(
    tally: &Arc<Tally>,
    accept: Option<&str>,
) -> Result<(&'static str, String), fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Snapshot(Arc::clone(tally))));
    let mut page = String::new();
    if accept.is_some_and(|accept| accept.contains("application/openmetrics-text")) {
        text::encode(&mut page, &registry)?;
        Ok((OPEN_METRICS, page))
    } else {
        prometheus_text::encode(&mut page, &registry)?;
        Ok((prometheus_text::CONTENT_TYPE, page))
    }
}

#[derive(Debug)]
struct Snapshot(Arc<Tally>);

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for family in families(&self.0) {
            encode(&family, &mut encoder)?;
        }
        Ok(())
    }
}

fn encode(family: &Family, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let description = family.description;
    let kind = match description.kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge => MetricType::Gauge,
        Kind::Histogram => MetricType::Histogram,
    };
    let unit = description.seconds.then_some(&Unit::Seconds);
    let mut metric = encoder.encode_descriptor(description.name, description.help, unit, kind)?;
    for (labels, value) in &family.points {
        if labels.is_empty() {
            encode_value(description.kind, value, &mut metric)?;
        } else {
            encode_value(description.kind, value, &mut metric.encode_family(labels)?)?;
        }
    }
    Ok(())
}

fn encode_value(kind: Kind, value: &Value, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
    match (kind, value) {
        (Kind::Counter, Value::Count(count)) => {
            encoder.encode_counter::<NoLabelSet, u64, f64>(count, None)
        }
        (Kind::Counter, Value::Seconds(seconds)) => {
            encoder.encode_counter::<NoLabelSet, f64, f64>(seconds, None)
        }
        (_, Value::Count(count)) => encoder.encode_gauge(count),
        (_, Value::Seconds(seconds)) => encoder.encode_gauge(seconds),
        (_, Value::Times(times)) => {
            // This encoder adds them up itself.
            let bounds = bounds_seconds().chain([f64::INFINITY]);
            let up_to = times.up_to.iter().copied().chain([times.count]);
            let mut before = 0;
            let buckets: Vec<(f64, u64)> = bounds
                .zip(up_to)
                .map(|(bound, up_to)| (bound, up_to - std::mem::replace(&mut before, up_to)))
                .collect();
            let sum = times.sum_us as f64 / 1e6;
            encoder.encode_histogram::<NoLabelSet>(sum, times.count, &buckets, None)
        }
    }
}
