//! The tables `[[fault]]`: what goes wrong, and when.

use std::time::Duration;

use super::defects::{Defects, did_you_mean};
use super::phases::scaled;
use crate::arrival::PhasePlan;
use crate::fault::{self, Action, FaultKind, FaultPlan};
use crate::scenario::node::{Content, abridged};
use crate::scenario::overrides::Overrides;
use crate::scenario::read::{Reader, TableAt};
use crate::scenario::tables::FAULT;
use crate::setting::{Absent, Setting, Settings};
use crate::units::{format_span, parse_span};

/// Most faults that one table may repeat to.
const MOST_REPEATS: u128 = 10_000;

/// A fault and the table that it comes from.
pub(super) struct Placed<'n> {
    pub plan: FaultPlan,
    pub kind: &'static FaultKind,
    pub table: TableAt<'n>,
    /// The table's number, which faults that repeat share.
    pub number: usize,
}

/// What faults are placed on, and held against.
#[derive(Clone, Copy)]
pub(super) struct Timeline<'a> {
    pub phases: &'a [PhasePlan],
    pub defects: &'a Defects,
    pub overrides: &'a Overrides,
}

impl Timeline<'_> {
    /// The faults, in the order of the text.
    pub fn faults<'n>(self, reader: &mut Reader<'_>, root: &TableAt<'n>) -> Vec<Placed<'n>> {
        let mut found = Vec::new();
        for (number, table) in super::sections(reader, root, &FAULT).into_iter().enumerate() {
            let before = reader.problems.count();
            let Some((kind, settings)) = settings(reader, &table) else { continue };
            let action = self.action(reader, &table, kind, &settings);
            let first = self.start(reader, &table, &settings);
            let (Some(action), Some(first)) = (action, first) else { continue };
            if reader.problems.count() > before {
                continue;
            }
            let length = self.length(&action, &settings);
            for at in self.starts(reader, &table, &settings, first, length) {
                let until = length.map(|length| at.saturating_add(length));
                let plan = FaultPlan { kind: kind.name, at, until, action: action.clone() };
                found.push(Placed { plan, kind, table, number });
            }
        }
        found
    }

    /// What the fault does.
    fn action(
        self,
        reader: &mut Reader<'_>,
        table: &TableAt<'_>,
        kind: &FaultKind,
        settings: &Settings,
    ) -> Option<Action> {
        let before = reader.problems.count();
        match (kind.build)(settings) {
            Ok(Action::ChangeUsers { change, who, over, gap }) => {
                // What is part of the timeline follows `--duration-scale`; latencies, lags and
                // gaps, which are what is done, do not.
                let over = scaled(over, self.overrides);
                Some(Action::ChangeUsers { change, who, over, gap })
            }
            Ok(Action::Mutate { kinds, share }) if kinds.is_empty() => {
                Some(Action::Mutate { kinds: self.defects.of_subjects(), share })
            }
            Ok(Action::Mutate { kinds, share }) => {
                if let Some(Content::List(nodes)) = table.get("kinds").map(|e| &e.node.content) {
                    self.defects.check_list(reader, nodes);
                }
                (reader.problems.count() == before).then_some(Action::Mutate { kinds, share })
            }
            Ok(action) => Some(action),
            Err(message) => {
                // A key that is missing has been told of already.
                let required = |s: &&Setting| matches!(s.absent, Absent::Required);
                if kind.settings.iter().filter(required).all(|s| settings.has(s.key)) {
                    reader.problems.add(table.place_of("kind"), table.path, message);
                }
                None
            }
        }
    }

    /// How long the fault lasts; nothing for one that happens at an instant.
    fn length(self, action: &Action, settings: &Settings) -> Option<Duration> {
        match action {
            Action::ChangeUsers { over, gap, .. } => {
                Some(over.saturating_add(*gap)).filter(|length| !length.is_zero())
            }
            _ => settings.span(fault::FOR.key).map(|span| scaled(span, self.overrides)),
        }
    }

    /// When the fault first starts.
    fn start(
        self,
        reader: &mut Reader<'_>,
        table: &TableAt<'_>,
        settings: &Settings,
    ) -> Option<Duration> {
        let text = settings.text("at")?;
        let (message, help) = match self.instant(&text) {
            Ok(at) => return Some(at),
            Err(wrong) => wrong,
        };
        let (place, path) = (table.place_of("at"), table.path_of("at"));
        match help {
            Some(help) => reader.problems.add_with_help(place, &path, message, help),
            None => reader.problems.add(place, &path, message),
        }
        None
    }

    /// Reads `steady+5s`, `steady` or `12s`.
    fn instant(self, text: &str) -> Result<Duration, (String, Option<String>)> {
        let (name, into) = match text.split_once('+') {
            Some((name, into)) => (name.trim(), Some(into.trim())),
            None => (text.trim(), None),
        };
        let span = |text: &str| {
            let span = parse_span(text).map_err(|error| (error.to_string(), None))?;
            Ok(scaled(span, self.overrides))
        };
        let Some(phase) = self.phases.iter().find(|phase| phase.name == name) else {
            if into.is_none() && name.starts_with(|c: char| c.is_ascii_digit()) {
                return span(name);
            }
            let names: Vec<_> = self.phases.iter().map(|phase| phase.name.as_str()).collect();
            let help = did_you_mean(name, names.iter().copied())
                .unwrap_or_else(|| format!("the phases are {}", names.join(", ")));
            return Err((format!("there is no phase \"{}\"", abridged(name)), Some(help)));
        };
        let into = into.map_or(Ok(Duration::ZERO), span)?;
        if into >= phase.length {
            let length = format_span(phase.length);
            return Err((
                format!("the phase \"{name}\" lasts {length}, so this is after it"),
                None,
            ));
        }
        Ok(phase.start + into)
    }

    /// Every start of a fault that may repeat.
    fn starts(
        self,
        reader: &mut Reader<'_>,
        table: &TableAt<'_>,
        settings: &Settings,
        first: Duration,
        length: Option<Duration>,
    ) -> Vec<Duration> {
        let Some(every) = settings.span("every").map(|every| scaled(every, self.overrides)) else {
            if settings.has("times") {
                reader.reject(table, "times", "has no meaning without `every`");
            }
            return vec![first];
        };
        if let Some(length) = length
            && every <= length
        {
            let (every, length) = (format_span(every), format_span(length));
            let message =
                format!("found {every}, but the fault lasts {length}; it would overlap itself");
            reader.reject(table, "every", message);
            return vec![first];
        }
        let end = self.phases.last().map_or(Duration::ZERO, |phase| phase.start + phase.length);
        // What takes no time must still start before the end.
        let takes = length.unwrap_or(Duration::from_nanos(1));
        let room = end.saturating_sub(first.saturating_add(takes));
        let fits = room.as_nanos() / every.as_nanos().max(1) + 1;
        let times = settings.count("times").map_or(fits, u128::from);
        if times > MOST_REPEATS {
            let message = format!("the fault would start {times} times; at most {MOST_REPEATS}");
            reader.reject(table, "every", message);
            return vec![first];
        }
        (0..times as u32).map(|i| first.saturating_add(every.saturating_mul(i))).collect()
    }
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
