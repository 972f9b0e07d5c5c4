//! From the tree to the parts of a plan: one file a subject.
//!
//! A builder never fails: what is wrong is recorded with the reader, and something harmless taken
//! in its place, so that the remaining checks have something to go by.

mod approach;
mod conditions;
mod conflicts;
mod defects;
mod effects;
mod files;
mod gateway;
mod people;
mod phases;
mod recording;
mod routes;
mod sending;
mod source;
mod target;
mod timeline;
mod tokens;

use std::time::Duration;

use super::estimate::{self, Basis};
use super::node::{Node, Table};
use super::overrides::{Overrides, relocate};
use super::plan::{IdentityProof, Plan, TargetPlan};
use super::read::{Reader, TableAt};
use super::tables::{self, FormKey, TableSpec};
use crate::arrival::PhasePlan;
use crate::load::LoadPlan;
use crate::outcome::{Profile, profiles};
use crate::seed::Seed;
use crate::setting::{Absent, Settings};
use crate::token::TokenSource;

pub(super) use people::ZIPF;
pub(super) use routes::TOKEN_PLACES;
pub(super) use source::FILE;
pub(super) use target::PROOFS;
pub(super) use tokens::ALGORITHMS;

/// The header field in which the reference gateway's upstream says for whom it was called.
const EMBEDDED_PROOF: &str = "X-User-ID";

/// Builds the plan, all but what concerns the text itself.
pub(super) fn plan(reader: &mut Reader<'_>, root: &Node, overrides: &Overrides) -> Plan {
    let nothing = TableAt { table: &EMPTY, place: &root.place, path: "" };
    let head = reader.table(root).unwrap_or(nothing);
    let settings = read(reader, &head, &tables::ROOT);
    let name = own_name(reader, &head, &settings);
    let mut population = people::population(reader, &head);
    let seed = Seed(settings.count("seed").unwrap_or(1));
    let (phases, recordings) = phases::phases(reader, &head, overrides);
    let mut load = sending::load(reader, &head);
    recording::can_carry_token(reader, &head, &phases, &load);
    let source = source::source(reader, &head, &mut population, until_drained(&phases, &load));
    recording::fit_population(reader, &head, &recordings, &source, population.users);
    let defects = defects::Defects::of(&population, seed);
    let token = tokens::tokens(reader, &head, source, &defects);
    let probe = sending::probe(reader, &head);
    let policies = gateway::policies(reader, &head);
    let sync = gateway::sync(reader, &head);
    let target = target::target(reader, &head, overrides);
    let way = target.as_ref().map(|target| &target.plan.approach);
    effects::check(reader, &head, &phases, &mut load, way);
    files::check(reader, &head, &token, way, overrides);
    let faults =
        timeline::Timeline { phases: &phases, defects: &defects, overrides }.faults(reader, &head);
    let whole = conflicts::Whole {
        phases: &phases,
        population: &population,
        token: &token,
        policies: &policies,
        target: target.as_ref().map(|target| &target.plan),
    };
    let tally = conflicts::check(reader, &faults, &whole);
    source::check(reader, &head, &token, &faults, target.is_none());
    population.spare = tally.spare;
    let thresholds = conditions::thresholds(reader, &head, &phases);
    let warnings = source::warnings(&token.source);
    let estimate = estimate::of(&Basis {
        population: &population,
        token: &token,
        phases: &phases,
        probe: &probe,
        connections: load.connections,
        drain: load.drain,
        changes: tally.changes,
    });
    let (target, profile, identity) = reached(target, &token.source);
    Plan {
        name,
        about: settings.text("about").unwrap_or_default(),
        seed,
        file: String::new(),
        text: String::new(),
        overrides: overrides.written(),
        digest: String::new(),
        population,
        token,
        phases,
        load,
        probe,
        policies,
        sync,
        target,
        profile,
        identity,
        faults: timeline::in_order(faults),
        thresholds,
        estimate,
        warnings,
    }
}

/// From the start of load to the end of the drain at its limit.
fn until_drained(phases: &[PhasePlan], load: &LoadPlan) -> Duration {
    phases.last().map_or(Duration::ZERO, |phase| phase.start + phase.length) + load.drain
}

/// The target and what its answers look like; without one, those of the embedded stack.
fn reached(
    target: Option<target::Target>,
    source: &TokenSource,
) -> (Option<TargetPlan>, &'static Profile, IdentityProof) {
    match target {
        // Where nobody knows whose a token is, no answer proves anything.
        Some(target) if source::is_nameless(source) => {
            (Some(target.plan), target.profile, IdentityProof::None)
        }
        Some(target) => (Some(target.plan), target.profile, target.identity),
        None => (None, profiles::REGISTRY[0], IdentityProof::Header(EMBEDDED_PROOF.to_owned())),
    }
}

static EMPTY: Table = Table(Vec::new());

/// The values of a table's plain keys; keys that it does not have are recorded.
fn read(reader: &mut Reader<'_>, table: &TableAt<'_>, spec: &'static TableSpec) -> Settings {
    reader.only_known(table, &spec.keys());
    reader.settings(table, spec.settings)
}

/// A table inside another; an empty one if it is left out.
fn section<'n>(
    reader: &mut Reader<'_>,
    around: &TableAt<'n>,
    spec: &'static TableSpec,
) -> TableAt<'n> {
    let given = around.get(spec.key()).and_then(|entry| reader.table(&entry.node));
    given.unwrap_or(TableAt { table: &EMPTY, place: around.place, path: spec.name })
}

/// The tables of a list inside another.
fn sections<'n>(
    reader: &mut Reader<'_>,
    around: &TableAt<'n>,
    spec: &'static TableSpec,
) -> Vec<TableAt<'n>> {
    around.get(spec.key()).map(|entry| reader.tables(&entry.node)).unwrap_or_default()
}

/// The value of a key with a form of its own: as written, or the default, or nothing.
fn formed(reader: &mut Reader<'_>, table: &TableAt<'_>, form: &FormKey) -> Option<Node> {
    if let Some(entry) = table.get(form.key) {
        return Some(entry.node.clone());
    }
    reader.missing_if_required(table, form.key, form.absent);
    let Absent::Default(text) = form.absent else { return None };
    let value = text.parse::<toml_edit::Value>().ok()?;
    let path = table.path_of(form.key);
    let mut node = super::node::from_item(&toml_edit::Item::Value(value), 0, &path);
    relocate(&mut node, table.place);
    Some(node)
}

/// As [`formed`], for the form key with this name.
fn formed_key(
    reader: &mut Reader<'_>,
    table: &TableAt<'_>,
    spec: &'static TableSpec,
    key: &str,
) -> Option<Node> {
    spec.form(key).and_then(|form| formed(reader, table, form))
}

/// A name from a registry; anything else is recorded, with the nearest name.
fn registered<T: Copy>(
    reader: &mut Reader<'_>,
    node: &Node,
    what: &str,
    list: &str,
    registry: impl Iterator<Item = (&'static str, T)>,
) -> Option<T> {
    let name = reader.text(node)?;
    let entries: Vec<_> = registry.collect();
    if let Some((_, found)) = entries.iter().find(|(known, _)| *known == name) {
        return Some(*found);
    }
    let names = entries.iter().map(|(known, _)| *known);
    let help = defects::did_you_mean(&name, names)
        .unwrap_or_else(|| format!("`substorm list {list}` shows them all"));
    let message = format!("there is no {what} \"{}\"", super::node::abridged(&name));
    reader.problems.add_with_help(&node.place, &node.path, message, help);
    None
}

/// The name of the scenario or of a phase; one that cannot be used is recorded.
fn own_name(reader: &mut Reader<'_>, table: &TableAt<'_>, settings: &Settings) -> String {
    let name = settings.text("name").unwrap_or_default();
    if settings.has("name") && !is_name(&name) {
        let message = "a name has 1 to 64 letters, digits, `-`, `_` and `.`, and starts with a \
                       letter or digit";
        reader.reject(table, "name", message);
    }
    name
}

/// Whether the text can name a folder and stand in a path.
fn is_name(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(legal)
}
