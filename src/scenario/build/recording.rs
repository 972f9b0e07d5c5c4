//! A look at the recordings that phases replay.

use std::sync::Arc;
use std::time::Duration;

use crate::arrival::{Arrival, PhasePlan};
use crate::load::LoadPlan;
use crate::replay::{ReplayPlan, Sign, Survey};
use crate::scenario::node::{Content, Entry, Node, Place, abridged, join};
use crate::scenario::read::{Reader, TableAt};
use crate::scenario::tables::TOKEN;
use crate::token::TokenSource;
use crate::units::grouped;
use crate::wire::TokenPlace;

/// A recording, and where the scenario names it.
pub(super) struct Named {
    place: Place,
    path: String,
    file: String,
    /// Users that the phase's part of it has.
    users: u64,
    /// What told them apart.
    signs: String,
}

/// The plan with the recording's place in full and what a look at it showed. Whatever keeps it from
/// being replayed is recorded where the scenario names it; whether the population is large enough
/// is not known yet, and the recording left in `named`.
pub(super) fn looked_at(
    reader: &mut Reader<'_>,
    entry: &Entry,
    plan: &ReplayPlan,
    length: Duration,
    named: &mut Vec<Named>,
) -> Arc<ReplayPlan> {
    let mut plan = plan.clone();
    let Some(folder) = &reader.folder else { return Arc::new(plan) };
    if plan.file.is_relative() {
        plan.file = folder.join(&plan.file);
    }
    match Survey::of(&plan, length) {
        Ok(survey) => {
            if let Some((key, message)) = unfit(&plan, &survey) {
                reject(reader, entry, key, message);
            } else {
                let Node { place, path, .. } = node_of(entry, "file");
                named.push(Named {
                    place: place.clone(),
                    path: path.clone(),
                    file: plan.file.display().to_string(),
                    users: survey.counts.users,
                    signs: survey.counts.signs_in_words(),
                });
            }
            // Another recording at the same place makes another load.
            reader.settle(join(&entry.node.path, "requests"), survey.digest.clone());
            plan.survey = Some(survey);
        }
        Err(error) => reject(reader, entry, error.key(), error.to_string()),
    }
    Arc::new(plan)
}

/// Records something wrong with a key of an arrival process.
pub(super) fn reject(reader: &mut Reader<'_>, entry: &Entry, key: &str, message: String) {
    let node = node_of(entry, key);
    reader.problems.add(&node.place, &node.path, message);
}

/// Where a key of an arrival process stands, or the process if the key is left out.
fn node_of<'a>(entry: &'a Entry, key: &str) -> &'a Node {
    let found = match &entry.node.content {
        Content::Table(table) => table.get(key).map(|inner| &inner.node),
        _ => None,
    };
    found.unwrap_or(&entry.node)
}

/// Why a recording cannot be replayed to any population, and the key that says so.
fn unfit(plan: &ReplayPlan, survey: &Survey) -> Option<(&'static str, String)> {
    let counts = &survey.counts;
    let file = plan.file.display();
    if counts.is_unfit() {
        let message = format!(
            "{file}, read as {}: {}; at most 1% may be. Is it another format?",
            survey.format.name,
            counts.malformed_in_words()
        );
        return Some(("file", message));
    }
    if counts.due == 0 {
        let left_out = (counts.left_out, "with other methods");
        let rest = [left_out, (counts.without, "without a request that can be sent again")];
        let rest = rest.iter().filter(|(count, _)| *count > 0);
        let rest: Vec<_> =
            rest.map(|(count, what)| format!("{} {what}", grouped(*count))).collect();
        let rest = if rest.is_empty() { String::new() } else { format!(" ({})", rest.join(", ")) };
        let key = if counts.left_out > 0 { "methods" } else { "file" };
        let name = survey.format.name;
        return Some((key, format!("{file}, read as {name}, holds no request to replay{rest}")));
    }
    if let Some(name) = plan.fields.get("user")
        && counts.told_by(Sign::Named) == 0
    {
        let message = format!(
            "`user` is \"{}\", which no request of {file} has; its users would be told by {}. Name \
             another field, or leave it out",
            abridged(name),
            counts.signs_in_words()
        );
        return Some(("fields", message));
    }
    (plan.rate.is_some() && counts.untimed == 0).then(|| {
        let message = format!(
            "would have no effect: the requests of {file} have times of their own; leave it out, \
             and see `speed`"
        );
        ("rate", message)
    })
}

/// Holds the users of the recordings against the population.
pub(super) fn fit_population(
    reader: &mut Reader<'_>,
    root: &TableAt<'_>,
    named: &[Named],
    source: &TokenSource,
    users: u32,
) {
    let is_brought = super::section(reader, root, &TOKEN).get("source").is_some();
    let remedy = match source {
        // How many there would have been is not known.
        TokenSource::Minted if is_brought => return,
        TokenSource::Minted => "set population.users to",
        TokenSource::Brought(_) => "there have to be tokens, and population.users, for",
    };
    for Named { place, path, file, users: found, signs } in named {
        if *found > u64::from(users) {
            let message = format!(
                "what is replayed of {file} has {} users, told by {signs}, and the population {}; \
                 {remedy} {found} or more",
                grouped(*found),
                grouped(u64::from(users)),
            );
            reader.problems.add(place, path, message);
        }
    }
}

/// Replayed requests have no placeholder of their own for a token.
pub(super) fn can_carry_token(
    reader: &mut Reader<'_>,
    head: &TableAt<'_>,
    phases: &[PhasePlan],
    load: &LoadPlan,
) {
    let replays = phases.iter().any(|phase| matches!(phase.arrival, Arrival::Replay(_)));
    let in_text = load.routes.iter().any(|route| route.request.token == TokenPlace::Placeholder);
    if replays && in_text {
        let message = "`token.send` is \"placeholder\", and replayed requests have none: name a \
                       header, cookie or query parameter";
        reader.problems.add(head.place_of("token"), "token.send", message);
    }
}
