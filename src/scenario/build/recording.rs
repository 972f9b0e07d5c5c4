//! A look at the recordings that phases replay.

use std::sync::Arc;
use std::time::Duration;

use crate::arrival::{Arrival, PhasePlan};
use crate::load::LoadPlan;
use crate::replay::{ReplayPlan, Survey};
use crate::scenario::node::{Entry, Node, Place, join};
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
    let Node { place, path, .. } = &entry.node;
    match Survey::of(&plan, length) {
        Ok(survey) => {
            match unfit(&plan, &survey) {
                Some(message) => reader.problems.add(place, path, message),
                None => named.push(Named {
                    place: place.clone(),
                    path: path.clone(),
                    file: plan.file.display().to_string(),
                    users: survey.counts.users,
                }),
            }
            // Another recording at the same place makes another load.
            reader.settle(join(path, "requests"), survey.digest.clone());
            plan.survey = Some(survey);
        }
        Err(error) => reader.problems.add(place, path, error.to_string()),
    }
    Arc::new(plan)
}

/// Why a recording cannot be replayed to any population.
fn unfit(plan: &ReplayPlan, survey: &Survey) -> Option<String> {
    let counts = &survey.counts;
    let file = plan.file.display();
    if counts.is_unfit() {
        return Some(format!(
            "{file}, read as {}: {}; at most 1% may be. Is it another format?",
            survey.format.name,
            counts.malformed_in_words()
        ));
    }
    (counts.due == 0)
        .then(|| format!("{file}, read as {}, holds no request to replay", survey.format.name))
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
    for Named { place, path, file, users: found } in named {
        if *found > u64::from(users) {
            let message = format!(
                "what is replayed of {file} has {} users, and the population {}; {remedy} {found} or \
                 more",
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
