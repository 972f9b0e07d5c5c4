//! The same metrics as an OTLP request (opentelemetry-proto 1.x, `ExportMetricsServiceRequest`).
//!
//! Sums and histograms are cumulative since the start of the run. Names have OpenTelemetry's dot
//! after the first word and no unit in them, so that a Prometheus behind a collector shows the very
//! names of the scrape endpoint: `substorm.response_time` in `s` is
//! `substorm_response_time_seconds` there.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
    ResourceMetrics, ScopeMetrics, Sum, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;

use super::families::{Family, Kind, Labels, Value, bounds_seconds, families};
use super::tally::{Buckets, Tally};

/// When the sums began, and now: nanoseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// The start of the run.
    pub start_unix_ns: u64,
    /// When the tally was taken.
    pub at_unix_ns: u64,
}

/// Everything that there is to tell of a tally; `run` names the run.
pub fn request(tally: &Tally, run: &str, span: Span) -> ExportMetricsServiceRequest {
    let filled = families(tally).into_iter().filter(|family| !family.points.is_empty());
    let metrics = filled.map(|family| metric(family, span)).collect();
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let scope = InstrumentationScope {
        name: "substorm".to_owned(),
        version: version.clone(),
        ..InstrumentationScope::default()
    };
    let attributes = vec![
        text("service.name", "substorm".to_owned()),
        text("service.version", version),
        text("service.instance.id", run.to_owned()),
        text("substorm.scenario", tally.report.scenario.clone()),
        text("substorm.seed", tally.report.seed.to_string()),
        text("substorm.run.id", run.to_owned()),
    ];
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(Resource { attributes, ..Resource::default() }),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(scope),
                metrics,
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    }
}

fn metric(family: Family, span: Span) -> Metric {
    let description = family.description;
    let points = family.points;
    let temporality = AggregationTemporality::Cumulative as i32;
    let data = match description.kind {
        Kind::Counter => metric::Data::Sum(Sum {
            data_points: points.into_iter().map(|point| number(point, span)).collect(),
            aggregation_temporality: temporality,
            is_monotonic: true,
        }),
        Kind::Gauge => metric::Data::Gauge(Gauge {
            data_points: points.into_iter().map(|point| number(point, span)).collect(),
        }),
        Kind::Histogram => metric::Data::Histogram(Histogram {
            data_points: points
                .into_iter()
                .filter_map(|(labels, value)| match value {
                    Value::Times(times) => Some(histogram(labels, &times, span)),
                    Value::Count(_) | Value::Seconds(_) => None,
                })
                .collect(),
            aggregation_temporality: temporality,
        }),
    };
    Metric {
        name: description.name.replacen('_', ".", 1),
        description: description.help.to_owned(),
        unit: if description.seconds { "s" } else { "" }.to_owned(),
        data: Some(data),
        ..Metric::default()
    }
}

fn number((labels, value): (Labels, Value), span: Span) -> NumberDataPoint {
    let value = match value {
        Value::Count(count) => number_data_point::Value::AsInt(count.cast_signed()),
        Value::Seconds(seconds) => number_data_point::Value::AsDouble(seconds),
        Value::Times(times) => number_data_point::Value::AsInt(times.count.cast_signed()),
    };
    NumberDataPoint {
        attributes: attributes(labels),
        start_time_unix_nano: span.start_unix_ns,
        time_unix_nano: span.at_unix_ns,
        value: Some(value),
        ..NumberDataPoint::default()
    }
}

fn histogram(labels: Labels, times: &Buckets, span: Span) -> HistogramDataPoint {
    let mut before = 0;
    let up_to = times.up_to.iter().copied().chain([times.count]);
    HistogramDataPoint {
        attributes: attributes(labels),
        start_time_unix_nano: span.start_unix_ns,
        time_unix_nano: span.at_unix_ns,
        count: times.count,
        sum: Some(times.sum_us as f64 / 1e6),
        bucket_counts: up_to.map(|sum| sum - std::mem::replace(&mut before, sum)).collect(),
        explicit_bounds: bounds_seconds().collect(),
        ..HistogramDataPoint::default()
    }
}

fn attributes(labels: Labels) -> Vec<KeyValue> {
    labels.into_iter().map(|(name, value)| text(name, value)).collect()
}

fn text(key: &str, value: String) -> KeyValue {
    let value = AnyValue { value: Some(any_value::Value::StringValue(value)) };
    KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
}
