//! The tables `[[fault]]`: what goes wrong, and when.

use std::time::Duration;

use crate::arrival::PhasePlan;
use crate::fault::{self, Action, FaultKind, FaultPlan};
use crate::scenario::node::abridged;
use crate::scenario::overrides::Overrides;
use crate::scenario::read::{Reader, TableAt};
use crate::scenario::tables::FAULT;
use crate::setting::Settings;
use crate::units::{format_span, parse_span};

use super::phases::scaled;

/// Most faults that one table may repeat to.
const MOST_REPEATS: u64 = 10_000;

/// A fault and the table that it comes from.
pub(super) struct Placed<'n> {
    pub plan: FaultPlan,
    pub kind: &'static FaultKind,
    pub table: TableAt<'n>,
    /// The table's number, which faults that repeat share.
    pub number: usize,
}

/// The faults, in the order of the text.
pub(super) fn faults<'n>(
    reader: &mut Reader<'_>,
    root: &TableAt<'n>,
    phases: &[PhasePlan],
    overrides: &Overrides,
) -> Vec<Placed<'n>> {
    let mut found = Vec::new();
    for (number, table) in super::sections(reader, root, &FAULT).into_iter().enumerate() {
        let before = reader.problems.count();
        let Some((kind, settings)) = settings(reader, &table) else { continue };
        let action = match (kind.build)(&settings) {
            Ok(action) => scaled_action(action, overrides),
            Err(_) if reader.problems.count() > before => continue,
            Err(message) => {
                reader.problems.add(table.place_of("kind"), table.path, message);
                continue;
            }
        };
        let Some(at) = start(reader, &table, &settings, phases, overrides) else { continue };
        let length = match &action {
            Action::ChangeUsers { over, .. } => Some(*over).filter(|over| !over.is_zero()),
            _ => settings.span(fault::FOR.key).map(|span| scaled(span, overrides)),
        };
        if reader.problems.count() > before {
            continue;
        }
        for at in starts(reader, &table, &settings, at, length, phases, overrides) {
            let until = length.map(|length| at.saturating_add(length));
            let plan = FaultPlan { kind: kind.name, at, until, action: action.clone() };
            found.push(Placed { plan, kind, table, number });
        }
    }
    found
}

/// The plans alone, in the order of their starts.
pub(super) fn in_order(faults: Vec<Placed<'_>>) -> Vec<FaultPlan> {
    let mut plans: Vec<_> = faults.into_iter().map(|fault| fault.plan).collect();
    plans.sort_by_key(|plan| plan.at);
    plans
}

/// The kind of a fault, and the values of its keys.
fn settings(
    reader: &mut Reader<'_>,
    table: &TableAt<'_>,
) -> Option<(&'static FaultKind, Settings)> {
    let known = fault::REGISTRY.iter().map(|kind| (kind.name, *kind));
    let node = super::formed_key(reader, table, &FAULT, "kind");
    let kind = node.and_then(|node| super::registered(reader, &node, "fault", "faults", known));
    let Some(kind) = kind else {
        // Which further keys it may have is not known; those that all kinds share are.
        reader.settings(table, FAULT.settings);
        return None;
    };
    let own = kind.settings.iter().map(|setting| setting.key);
    reader.only_known(table, &FAULT.keys().into_iter().chain(own).collect::<Vec<_>>());
    let settings = reader.settings(table, FAULT.settings.iter().chain(kind.settings));
    Some((kind, settings))
}

/// When the fault first starts.
fn start(
    reader: &mut Reader<'_>,
    table: &TableAt<'_>,
    settings: &Settings,
    phases: &[PhasePlan],
    overrides: &Overrides,
) -> Option<Duration> {
    let text = settings.text("at")?;
    match instant(&text, phases, overrides) {
        Ok(at) => Some(at),
        Err((message, help)) => {
            let (place, path) = (table.place_of("at"), table.path_of("at"));
            match help {
                Some(help) => reader.problems.add_with_help(place, &path, message, help),
                None => reader.problems.add(place, &path, message),
            }
            None
        }
    }
}

/// Reads `steady+5s`, `steady` or `12s`.
fn instant(
    text: &str,
    phases: &[PhasePlan],
    overrides: &Overrides,
) -> Result<Duration, (String, Option<String>)> {
    let (name, into) = match text.split_once('+') {
        Some((name, into)) => (name.trim(), Some(into.trim())),
        None => (text.trim(), None),
    };
    let span = |text: &str| {
        parse_span(text)
            .map(|span| scaled(span, overrides))
            .map_err(|error| (error.to_string(), None))
    };
    let Some(phase) = phases.iter().find(|phase| phase.name == name) else {
        if into.is_none() && name.starts_with(|c: char| c.is_ascii_digit()) {
            return span(name);
        }
        let names: Vec<_> = phases.iter().map(|phase| phase.name.as_str()).collect();
        let help = match crate::diagnostic::nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if names.is_empty() => return Err(("there are no phases".to_owned(), None)),
            None => format!("the phases are {}", names.join(", ")),
        };
        return Err((format!("there is no phase \"{}\"", abridged(name)), Some(help)));
    };
    let into = into.map_or(Ok(Duration::ZERO), span)?;
    if into >= phase.length {
        let message = format!(
            "the phase \"{name}\" lasts {}, so this is after it",
            format_span(phase.length)
        );
        return Err((message, None));
    }
    Ok(phase.start + into)
}

/// Every start of a fault that may repeat.
fn starts(
    reader: &mut Reader<'_>,
    table: &TableAt<'_>,
    settings: &Settings,
    first: Duration,
    length: Option<Duration>,
    phases: &[PhasePlan],
    overrides: &Overrides,
) -> Vec<Duration> {
    let Some(every) = settings.span("every").map(|every| scaled(every, overrides)) else {
        if settings.has("times") {
            reader.reject(table, "times", "has no meaning without `every`");
        }
        return vec![first];
    };
    if let Some(length) = length
        && every < length
    {
        let message = format!(
            "found {}, but the fault lasts {}; it would overlap itself",
            format_span(every),
            format_span(length)
        );
        reader.reject(table, "every", message);
        return vec![first];
    }
    let end = phases.last().map_or(Duration::ZERO, |phase| phase.start + phase.length);
    // What takes no time must still start before the end.
    let takes = length.unwrap_or(Duration::from_nanos(1));
    let room = end.saturating_sub(first.saturating_add(takes));
    let fits = room.as_nanos() / every.as_nanos().max(1) + 1;
    let times = settings.count("times").map_or(fits, u128::from);
    if times > u128::from(MOST_REPEATS) {
        let message = format!("the fault would start {times} times; at most {MOST_REPEATS}");
        reader.reject(table, "every", message);
        return vec![first];
    }
    (0..times as u32).map(|i| first.saturating_add(every.saturating_mul(i))).collect()
}

/// Times of an action follow `--duration-scale` where they are part of the timeline; what is done
/// (latencies, lags) does not.
fn scaled_action(action: Action, overrides: &Overrides) -> Action {
    match action {
        Action::ChangeUsers { change, who, over, gap } => {
            Action::ChangeUsers { change, who, over: scaled(over, overrides), gap }
        }
        other => other,
    }
}
