//! The tables `[load]`, `[[route]]` and `[probe]`.

use crate::load::{LoadPlan, ProbePlan, Route};
use crate::scenario::node::abridged;
use crate::scenario::read::{Reader, TableAt};
use crate::scenario::tables::{LOAD, PROBE, ROUTE};
use crate::setting::Settings;
use crate::units::Share;

/// Methods that a request may have.
const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// Longest path of a request, in bytes.
const LONGEST_PATH: usize = 2_048;

/// How requests are sent.
pub(super) fn load(reader: &mut Reader<'_>, root: &TableAt<'_>) -> LoadPlan {
    let table = super::section(reader, root, &LOAD);
    let settings = super::read(reader, &table, &LOAD);
    let span = |key: &str| settings.span(key).unwrap_or_default();
    LoadPlan {
        workers: small(&settings, "workers"),
        connections: small(&settings, "connections").max(1),
        backlog: small(&settings, "backlog"),
        connect_timeout: span("connect_timeout"),
        request_timeout: span("request_timeout"),
        requests_per_connection: small(&settings, "requests_per_connection"),
        drain: span("drain"),
        routes: routes(reader, root),
        send_lag_limit: span("send_lag_limit"),
        unsent_limit: settings.share("unsent_limit").unwrap_or(Share::NONE),
    }
}

fn small(settings: &Settings, key: &str) -> u32 {
    settings.count(key).and_then(|count| u32::try_from(count).ok()).unwrap_or(0)
}

fn routes(reader: &mut Reader<'_>, root: &TableAt<'_>) -> Vec<Route> {
    let mut routes = Vec::new();
    for table in super::sections(reader, root, &ROUTE) {
        let settings = super::read(reader, &table, &ROUTE);
        let Some(request) = settings.text("request") else { continue };
        match route(&request) {
            Ok((method, path)) => {
                routes.push(Route { method, path, weight: small(&settings, "weight").max(1) });
            }
            Err(message) => reader.reject(&table, "request", message),
        }
    }
    if routes.is_empty() {
        routes.push(Route { method: "GET".to_owned(), path: "/me".to_owned(), weight: 1 });
    }
    routes
}

/// Method and path of a request such as `GET /orders/{user}`.
fn route(text: &str) -> Result<(String, String), String> {
    let (method, path) = text
        .split_once(' ')
        .map(|(method, path)| (method, path.trim_start()))
        .ok_or_else(|| format!("found \"{}\"; expected such as GET /me", abridged(text)))?;
    if !METHODS.contains(&method) {
        let known = METHODS.join(", ");
        return Err(format!("found the method \"{}\"; known are {known}", abridged(method)));
    }
    if !path.starts_with('/') || path.len() > LONGEST_PATH {
        return Err(format!("a path starts with `/` and has at most {LONGEST_PATH} bytes"));
    }
    if let Some(odd) = path.chars().find(|c| !c.is_ascii_graphic() || *c == '#') {
        return Err(format!("a path cannot hold {odd:?}; write it percent-encoded"));
    }
    if path.replace("{user}", "").contains(['{', '}']) {
        return Err("the only thing in braces that a path takes is `{user}`".to_owned());
    }
    Ok((method.to_owned(), path.to_owned()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_a_method_and_a_path() {
        assert_eq!(route("GET /a?b={user}").unwrap(), ("GET".to_owned(), "/a?b={user}".to_owned()));
        for text in ["", "GET", "get /", "GET x", "GET /a b", "GET /\u{e9}", "GET /{id}", "GET /#"]
        {
            assert!(route(text).is_err(), "{text}");
        }
    }
}
