//! Makes the users of a run in the directory, and removes them again.
//!
//! The embedded stack takes all of them in one go and dies with the run. In a directory of one's
//! own each user is made by SCIM, journalled first, and deleted at the end, so that nothing stays;
//! nothing that the run did not make is ever touched.

use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::identity::UserIndex;
use crate::report::{Observer, Step};
use crate::scenario::Plan;
use crate::token::TokenSource;

use super::error::RunError;
use super::journal::{Entry, Journal};
use super::prepare::Prepared;
use super::system::System;

/// SCIM requests under way at once.
const AT_ONCE: usize = 16;

/// Users journalled, and then made, at once.
const BATCH: u32 = 1_000;

/// Makes the initial users.
pub async fn seed(
    plan: &Plan,
    prepared: &Prepared,
    system: &Arc<System>,
    journal: &Journal,
    observer: &Arc<dyn Observer>,
    stop: &CancellationToken,
) -> Result<(), RunError> {
    if system.embedded().is_some() || system.scim().is_some() {
        observer.step(&Step::Seeding { users: u64::from(plan.population.users) });
    }
    if let Some(stack) = system.embedded() {
        let population = prepared.population.clone();
        let users = 0..population.initial();
        let subjects = users.map(move |n| population.subject(UserIndex(n)));
        stack.seed(subjects).await?;
    } else if system.scim().is_some() {
        refuse_strangers(plan, prepared, system).await?;
        for first in (0..plan.population.users).step_by(BATCH as usize) {
            if stop.is_cancelled() {
                return Err(RunError::Interrupted);
            }
            let batch = first..plan.population.users.min(first + BATCH);
            let subjects: Vec<String> =
                batch.map(|n| prepared.population.subject(UserIndex(n))).collect();
            let entry = Entry::Seeding { subjects: subjects.clone() };
            journal.write(&entry).map_err(RunError::Record)?;
            let failed = each(system, subjects, Work::Create).await;
            if let Some((subject, reason)) = failed.first() {
                let more = failed.len() - 1;
                return Err(RunError::Seeding(format!("{subject}: {reason} (and {more} more)")));
            }
        }
    }
    if stop.is_cancelled() { Err(RunError::Interrupted) } else { Ok(()) }
}

/// A user who is there already is somebody else's: the run must neither change nor remove it, so
/// it does not begin. Spare users count too, because faults make them later.
async fn refuse_strangers(
    plan: &Plan,
    prepared: &Prepared,
    system: &Arc<System>,
) -> Result<(), RunError> {
    let all = plan.population.users + plan.population.spare;
    for first in (0..all).step_by(BATCH as usize) {
        let batch = first..all.min(first + BATCH);
        let subjects = batch.map(|n| prepared.population.subject(UserIndex(n))).collect();
        let there = each(system, subjects, Work::Absent).await;
        if let Some((subject, reason)) = there.iter().find(|(_, reason)| reason != IS_THERE) {
            return Err(RunError::Seeding(format!("{subject}: {reason}; nothing was touched")));
        }
        if let Some((subject, reason)) = there.first() {
            let advice = match plan.token.source {
                TokenSource::Minted => "take another seed or subject scheme",
                TokenSource::Brought(_) => "leave out `scim`, or bring tokens of users who are not",
            };
            return Err(RunError::Seeding(format!(
                "{subject}: {reason}; nothing was touched: {advice}"
            )));
        }
    }
    Ok(())
}

/// Removes every user that this run made or may have made, and verifies it. Gives what could not
/// be undone; goes on past failures.
pub async fn undo(system: &Arc<System>, journal: &Journal) -> Vec<String> {
    if system.embedded().is_some() || system.scim().is_none() {
        let _ = journal.write(&Entry::Undone);
        return Vec::new();
    }
    let subjects: Vec<String> = match journal.subjects() {
        Ok(subjects) => subjects.into_iter().collect(),
        Err(error) => return vec![format!("the undo journal cannot be read: {error}")],
    };
    let mut left = each(system, subjects.clone(), Work::Delete).await;
    left.extend(each(system, subjects, Work::Absent).await);
    if left.is_empty() {
        let _ = journal.write(&Entry::Undone);
    }
    left.into_iter().map(|(subject, reason)| format!("{subject}: {reason}")).collect()
}

/// Why a user is not absent.
const IS_THERE: &str = "is there";

#[derive(Clone, Copy)]
enum Work {
    Create,
    Delete,
    /// The user must not be there.
    Absent,
}

/// Does the work for each subject; gives those for which it failed, and why.
async fn each(system: &Arc<System>, subjects: Vec<String>, work: Work) -> Vec<(String, String)> {
    let mut tasks = JoinSet::new();
    let mut failed = Vec::new();
    for subject in subjects {
        while tasks.len() >= AT_ONCE {
            collect(tasks.join_next().await, &mut failed);
        }
        let system = Arc::clone(system);
        tasks.spawn(async move {
            let done = one(&system, &subject, work).await;
            done.err().map(|reason| (subject, reason))
        });
    }
    while !tasks.is_empty() {
        collect(tasks.join_next().await, &mut failed);
    }
    failed
}

type Ended = Option<Result<Option<(String, String)>, tokio::task::JoinError>>;

fn collect(ended: Ended, failed: &mut Vec<(String, String)>) {
    match ended {
        Some(Ok(Some(failure))) => failed.push(failure),
        Some(Err(error)) => failed.push(("a task".to_owned(), error.to_string())),
        Some(Ok(None)) | None => {}
    }
}

async fn one(system: &System, subject: &str, work: Work) -> Result<(), String> {
    let scim = system.scim().ok_or("there is no directory")?;
    let says = |error: crate::directory::scim::ScimError| error.to_string();
    match work {
        Work::Create => scim.create(subject).await.map_err(says),
        Work::Delete if scim.active(subject).await.map_err(says)?.is_none() => Ok(()),
        Work::Delete => scim.delete(subject).await.map_err(says),
        Work::Absent => match scim.active(subject).await.map_err(says)? {
            None => Ok(()),
            Some(_) => Err(IS_THERE.to_owned()),
        },
    }
}
