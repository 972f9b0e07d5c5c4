//! The tables `[[phase]]`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::recording;
use crate::arrival::{self, Arrival, ArrivalKind, PhasePlan};
use crate::scenario::node::{Content, Entry, Node, Table, join};
use crate::scenario::overrides::Overrides;
use crate::scenario::plan::expected_requests;
use crate::scenario::read::{Reader, TableAt};
use crate::scenario::tables::PHASE;
use crate::setting::{Settings, Value};
use crate::units::{format_span, grouped};

/// Most requests that one phase may have.
const MOST_REQUESTS: f64 = 1e10;
/// Longest load.
const LONGEST: Duration = Duration::from_secs(12 * 86_400);

/// The phases, in order, without gaps, and the recordings that they replay.
pub(super) fn phases(
    reader: &mut Reader<'_>,
    root: &TableAt<'_>,
    overrides: &Overrides,
) -> (Vec<PhasePlan>, Vec<recording::Named>) {
    let tables = super::sections(reader, root, &PHASE);
    if tables.is_empty() && root.get("phase").is_none_or(|entry| is_empty_list(&entry.node)) {
        let help = "add one: [[phase]], name = \"steady\", for = \"30s\"";
        reader.problems.add_with_help(root.place, "phase", "there is no phase", help);
    }
    let (mut phases, mut names, mut start) = (Vec::new(), BTreeSet::new(), Duration::ZERO);
    let mut recordings = Vec::new();
    for table in tables {
        let phase = phase(reader, &table, start, overrides, &mut recordings);
        if !phase.name.is_empty() && !names.insert(phase.name.clone()) {
            let message = format!("there is another phase named \"{}\"", phase.name);
            reader.reject(&table, "name", message);
        }
        start = start.saturating_add(phase.length);
        if start > LONGEST {
            let message =
                format!("the load would last {}; at most {}", format_span(start), "12 days");
            reader.reject(&table, "for", message);
            start = LONGEST;
        }
        phases.push(phase);
    }
    if !phases.is_empty() && phases.iter().all(|phase| phase.warm_up) {
        let message = "every phase is a warm-up, so nothing would be judged";
        reader.problems.add(root.place, "phase", message);
    }
    (phases, recordings)
}

fn is_empty_list(node: &Node) -> bool {
    matches!(&node.content, Content::List(nodes) if nodes.is_empty())
}

fn phase(
    reader: &mut Reader<'_>,
    table: &TableAt<'_>,
    start: Duration,
    overrides: &Overrides,
    recordings: &mut Vec<recording::Named>,
) -> PhasePlan {
    let settings = super::read(reader, table, &PHASE);
    let name = super::own_name(reader, table, &settings);
    let known = settings.span("for").map(|length| scaled(length, overrides));
    let arrival = super::formed_key(reader, table, &PHASE, "arrival")
        .and_then(|node| arrival(reader, &node, known, overrides, recordings))
        .unwrap_or(Arrival::Closed { users: 1, think: Duration::from_secs(1) });
    let length = known.unwrap_or(Duration::from_secs(1)).max(Duration::from_millis(1));
    let requests = expected_requests(&arrival, length);
    if requests > MOST_REQUESTS {
        let message = format!(
            "the phase would have {} requests; at most {}",
            grouped(requests as u64),
            grouped(MOST_REQUESTS as u64)
        );
        reader.reject(table, "arrival", message);
    }
    let warm_up = settings.flag("warm_up").unwrap_or(false);
    PhasePlan { name, start, length, arrival, warm_up }
}

/// A time of the scenario, times `--duration-scale`.
pub(super) fn scaled(span: Duration, overrides: &Overrides) -> Duration {
    Duration::try_from_secs_f64(span.as_secs_f64() * overrides.duration_scale())
        .map_or(LONGEST, |span| span.min(LONGEST))
}

fn arrival(
    reader: &mut Reader<'_>,
    node: &Node,
    length: Option<Duration>,
    overrides: &Overrides,
    recordings: &mut Vec<recording::Named>,
) -> Option<Arrival> {
    let example = "a table such as { poisson = \"500/s\" }";
    let Content::Table(Table(entries)) = &node.content else {
        reader.wrong_type(node, example);
        return None;
    };
    let [entry] = entries.as_slice() else {
        let message = format!("found {} keys; expected one, in {example}", entries.len());
        reader.problems.add(&node.place, &node.path, message);
        return None;
    };
    let Some(kind) = arrival::named(&entry.key) else {
        let names = arrival::REGISTRY.iter().map(|kind| kind.name);
        let help = match crate::diagnostic::nearest(&entry.key, names.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are {}", names.collect::<Vec<_>>().join(", ")),
        };
        let message = "there is no such arrival process";
        reader.problems.add_with_help(&entry.place, &entry.node.path, message, help);
        return None;
    };
    let settings = arrival_settings(reader, kind, entry)?;
    // Without the phase's length there is nothing to hold the settings against.
    let length = length?;
    match (kind.build)(&with_scaled_times(settings, overrides), length) {
        Ok(arrival) => Some(match with_scaled_rate(arrival, overrides.rate_scale()) {
            Arrival::Replay(plan) => {
                Arrival::Replay(recording::looked_at(reader, entry, &plan, length, recordings))
            }
            other => other,
        }),
        Err(message) => {
            // A builder names the key that it means first.
            let key = message.strip_prefix('`').and_then(|rest| rest.split_once('`'));
            let key = key.map_or(String::new(), |(key, _)| key.to_owned());
            recording::reject(reader, entry, &key, message);
            None
        }
    }
}

/// The settings of an arrival process; nothing if they are not as declared.
fn arrival_settings(
    reader: &mut Reader<'_>,
    kind: &'static ArrivalKind,
    entry: &Entry,
) -> Option<Settings> {
    let before = reader.problems.count();
    let spelt_out;
    let node = match (&entry.node.content, kind.bare) {
        (Content::Table(_), _) | (_, None) => &entry.node,
        (_, Some(key)) => {
            // Spelt out, so that both ways to write it come to the same digest.
            let mut value = entry.node.clone();
            value.path = join(&entry.node.path, key);
            let inner = Entry { key: key.to_owned(), place: entry.place.clone(), node: value };
            let content = Content::Table(Table(vec![inner]));
            spelt_out = Node { content, ..entry.node.clone() };
            &spelt_out
        }
    };
    let table = reader.table(node)?;
    let known: Vec<_> = kind.settings.iter().map(|setting| setting.key).collect();
    reader.only_known(&table, &known);
    let settings = reader.settings(&table, kind.settings);
    (reader.problems.count() == before).then_some(settings)
}

/// Times within the phase follow `--duration-scale`; pauses of virtual users do not.
fn with_scaled_times(mut settings: Settings, overrides: &Overrides) -> Settings {
    for key in ["at", "for"] {
        if let Some(span) = settings.span(key) {
            settings.insert(key, Value::Span(scaled(span, overrides)));
        }
    }
    settings
}

fn with_scaled_rate(arrival: Arrival, factor: f64) -> Arrival {
    match arrival {
        Arrival::Open(process) => Arrival::Open(process.scaled(factor)),
        Arrival::Replay(plan) => Arrival::Replay(Arc::new((*plan).clone().faster(factor))),
        Arrival::Closed { users, think } => {
            let users = (f64::from(users) * factor).round().clamp(1.0, 1e6) as u32;
            Arrival::Closed { users, think }
        }
    }
}
