//! A look at the recordings that phases replay.

use std::sync::Arc;
use std::time::Duration;

use crate::arrival::{Arrival, PhasePlan};
use crate::load::LoadPlan;
use crate::replay::{ReplayPlan, Survey};
use crate::scenario::node::Entry;
use crate::scenario::read::{Reader, TableAt};
use crate::units::grouped;
use crate::wire::TokenPlace;

/// The plan with the recording's place in full and what a look at it showed. Whatever keeps it from
/// being replayed is recorded where the scenario names it.
pub(super) fn looked_at(
    reader: &mut Reader<'_>,
    entry: &Entry,
    plan: &ReplayPlan,
    length: Duration,
    users: u32,
) -> Arc<ReplayPlan> {
    let mut plan = plan.clone();
    let Some(folder) = &reader.folder else { return Arc::new(plan) };
    if plan.file.is_relative() {
        plan.file = folder.join(&plan.file);
    }
    match Survey::of(&plan, length) {
        Ok(survey) => {
            if let Some(message) = unfit(&plan, &survey, users) {
                reader.problems.add(&entry.node.place, &entry.node.path, message);
            }
            plan.survey = Some(survey);
        }
        Err(error) => {
            reader.problems.add(&entry.node.place, &entry.node.path, error.to_string());
        }
    }
    Arc::new(plan)
}

/// Why a recording cannot be replayed to a population of so many.
fn unfit(plan: &ReplayPlan, survey: &Survey, users: u32) -> Option<String> {
    let counts = &survey.counts;
    let file = plan.file.display();
    if counts.is_unfit() {
        return Some(format!(
            "{file}, read as {}: {}; at most 1% may be. Is it another format?",
            survey.format.name,
            counts.malformed_in_words()
        ));
    }
    if counts.due == 0 {
        return Some(format!("{file}, read as {}, holds no request to replay", survey.format.name));
    }
    (counts.users > u64::from(users)).then(|| {
        format!(
            "what is replayed of {file} has {} users, and the population {}; set population.users \
             to {} or more",
            grouped(counts.users),
            grouped(u64::from(users)),
            counts.users,
        )
    })
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
