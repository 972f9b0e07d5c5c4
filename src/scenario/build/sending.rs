//! The tables `[load]`, `[load.retry]` and `[probe]`.

use super::routes::routes;
use crate::load::{LoadPlan, ProbePlan, ReceiveTime, RetryPlan, Spin};
use crate::scenario::read::{Reader, TableAt};
use crate::scenario::tables::{LOAD, PROBE, RETRY};
use crate::setting::Settings;
use crate::units::Share;
use crate::wire::EngineKind;

/// How requests are sent.
pub(super) fn load(reader: &mut Reader<'_>, root: &TableAt<'_>) -> LoadPlan {
    let table = super::section(reader, root, &LOAD);
    let settings = super::read(reader, &table, &LOAD);
    let span = |key: &str| settings.span(key).unwrap_or_default();
    let (grain, limit) = (span("grain"), span("send_lag_limit"));
    if !grain.is_zero() && grain >= limit {
        let limit = crate::units::format_span(limit);
        let message = format!(
            "requests wait up to a grain, so no run would be valid: make it shorter than \
             `send_lag_limit` ({limit}), or raise that"
        );
        reader.reject(&table, "grain", message);
    }
    LoadPlan {
        engine: match settings.text("engine").as_deref() {
            Some("reqwest") => EngineKind::Reqwest,
            _ => EngineKind::Raw,
        },
        workers: small(&settings, "workers"),
        connections: small(&settings, "connections").max(1),
        streams_per_connection: small(&settings, "streams_per_connection").max(1),
        backlog: small(&settings, "backlog"),
        connect_timeout: span("connect_timeout"),
        request_timeout: span("request_timeout"),
        requests_per_connection: small(&settings, "requests_per_connection"),
        drain: span("drain"),
        idle_timeout: span("idle_timeout"),
        open_connections: small(&settings, "open_connections"),
        spin: spin(&settings),
        grain: span("grain"),
        receive_time: receive_time(&settings),
        retry: retry(reader, &table),
        routes: routes(reader, root),
        send_lag_limit: span("send_lag_limit"),
        unsent_limit: settings.share("unsent_limit").unwrap_or(Share::NONE),
    }
}

/// A count whose bounds keep it below 2³².
pub(super) fn small(settings: &Settings, key: &str) -> u32 {
    settings.count(key).and_then(|count| u32::try_from(count).ok()).unwrap_or(0)
}

/// What clients do that are told that their user does not exist.
fn retry(reader: &mut Reader<'_>, load: &TableAt<'_>) -> Option<RetryPlan> {
    let table = super::section(reader, load, &RETRY);
    let settings = super::read(reader, &table, &RETRY);
    let times = small(&settings, "times");
    (times > 0).then(|| RetryPlan {
        times,
        backoff: settings.span("backoff").unwrap_or_default(),
        growth: settings.number("growth").unwrap_or(1.0),
    })
}

fn spin(settings: &Settings) -> Spin {
    match settings.text("spin").as_deref() {
        Some("never") => Spin::Never,
        Some("always") => Spin::Always,
        _ => Spin::Auto,
    }
}

fn receive_time(settings: &Settings) -> ReceiveTime {
    match settings.text("receive_time").as_deref() {
        Some("kernel") => ReceiveTime::Kernel,
        Some("read") => ReceiveTime::Read,
        _ => ReceiveTime::Auto,
    }
}

/// How changed users are followed.
pub(super) fn probe(reader: &mut Reader<'_>, root: &TableAt<'_>) -> ProbePlan {
    let table = super::section(reader, root, &PROBE);
    let settings = super::read(reader, &table, &PROBE);
    let span = |key: &str| settings.span(key).unwrap_or_default();
    let probe = ProbePlan {
        gap: span("gap"),
        growth: settings.number("growth").unwrap_or(0.0),
        until: span("until"),
        prime: span("prime"),
        quiet: settings.share("quiet").unwrap_or(Share::NONE),
    };
    if probe.until < probe.gap {
        let until = crate::units::format_span(probe.until);
        reader.reject(&table, "until", format!("found {until}, which is shorter than `gap`"));
    }
    probe
}
