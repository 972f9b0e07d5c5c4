//! Carries the faults of a plan out when they are due, and ends them.
//!
//! One task a fault, all owned and joined here. Each fault is a lease: where it lives on a link or
//! in another process, that place is given the deadline too and keeps it by itself; ending it here
//! as well is what makes the end exact.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Tick};
use crate::fault::{Action, FaultPlan, LinkFault, LinkName, Selection};
use crate::identity::{Change, UserIndex};
use crate::oracle::{Cohort, FaultWindows};
use crate::proxy::Mode;
use crate::seed::Stream;
use crate::units::Rate;

use super::changes::{Changer, Note};
use super::hits::Hits;
use super::journal::Journal;
use super::system::{System, SystemError};

/// Changes of users that may be under way at once.
const CHANGES_AT_ONCE: usize = 16;

/// A lease lasts so much longer than its fault: ending it is this module's part, and the lease's
/// only if this process cannot.
const LEASE_SLACK: Duration = Duration::from_secs(2);

/// How often a fault under way is asked for its hits: as often as they are shown.
const LOOK: Duration = Duration::from_secs(1);

/// Churned users beyond this rate are not probed, so that probing does not become the load.
const CHURN_PROBED_PER_SECOND: f64 = 20.0;

/// What faults are carried out with.
#[derive(Clone)]
pub struct Hands {
    /// The run's clock.
    pub clock: Clock,
    /// When load starts.
    pub start: Tick,
    /// What is tested.
    pub system: Arc<System>,
    /// Makes changes of users, where there is a directory to change.
    pub changer: Option<Changer>,
    /// What could outlive the run is written here first.
    pub journal: Journal,
    /// When faults were under way.
    pub windows: Arc<FaultWindows>,
    /// How often faults have bitten so far.
    pub hits: Hits,
    /// Who is told.
    pub notes: mpsc::Sender<Note>,
    /// Draws who is hit.
    pub stream: Stream,
    /// Ends every fault at once.
    pub stop: CancellationToken,
}

/// Why a fault could not be carried out as planned.
#[derive(Debug, thiserror::Error)]
pub enum FaultError {
    /// The target has no directory that the scenario names.
    #[error("the target has no SCIM directory to change users in; give [target] scim")]
    NoDirectory,
    /// It needs the embedded stack.
    #[error("this fault works on the embedded stack only")]
    NotEmbedded,
    /// Fewer users were there than it needs.
    #[error("{wanted} users wanted, {found} found in the state that it needs")]
    TooFewUsers {
        /// How many the plan asks for.
        wanted: u32,
        /// How many there were.
        found: u32,
    },
    /// A part of the stack refused.
    #[error(transparent)]
    System(#[from] SystemError),
    /// The undo journal could not be written, so nothing was changed.
    #[error("undo journal: {0}; nothing was changed")]
    Journal(#[from] std::io::Error),
}

/// Carries all faults out; returns when the last one has ended.
pub async fn run(faults: &[FaultPlan], hands: &Hands) {
    let mut tasks = JoinSet::new();
    for (n, fault) in faults.iter().cloned().enumerate() {
        let hands = hands.clone();
        tasks.spawn(async move { hands.fault(n, fault).await });
    }
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}

impl Hands {
    async fn fault(&self, n: usize, fault: FaultPlan) {
        let at = self.start + fault.at;
        let until = fault.until.map(|until| self.start + until);
        let lead = match (&fault.action, &self.changer) {
            (Action::ChangeUsers { .. }, Some(changer)) => changer.prime,
            _ => Duration::ZERO,
        };
        if !self.sleep_until(at.saturating_sub(lead)).await {
            return;
        }
        let ended = match &fault.action {
            Action::ChangeUsers { change, who, over, gap } => {
                self.change_users(n, at, *change, *who, *over, *gap).await
            }
            Action::Churn { rate } => self.churn(n, at, until.unwrap_or(at), *rate).await,
            Action::Link { link, mode } => self.link(n, *link, *mode, until.unwrap_or(at)).await,
            Action::Sync(sync) => {
                let until = until.unwrap_or(at);
                self.begin(n).await;
                let ttl = until.since(self.clock.now()) + LEASE_SLACK;
                match self.system.disturb_sync(sync, ttl).await {
                    Ok(before) => {
                        let counts = &before;
                        let look = || async move { self.system.sync_hits(counts).await.ok() };
                        self.watch(n, until, look).await;
                        self.system.heal_sync(&before).await.map_err(FaultError::from)
                    }
                    Err(error) => Err(error.into()),
                }
            }
            Action::FlushCache => {
                self.begin(n).await;
                self.system.flush_cache().await.map_err(FaultError::from)
            }
            Action::Mutate { .. } => {
                self.begin(n).await;
                self.sleep_until(until.unwrap_or(at)).await;
                // Counted by the recorders, request by request.
                Ok(0)
            }
            Action::Misconfigure(how) => {
                let until = until.unwrap_or(at);
                self.begin(n).await;
                let ttl = until.since(self.clock.now()) + LEASE_SLACK;
                match self.system.misconfigure(how, ttl).await {
                    Ok(before) => {
                        let look = || async move { self.system.misconfigured(before).await.ok() };
                        self.watch(n, until, look).await;
                        self.system.correct(before).await.map_err(FaultError::from)
                    }
                    Err(error) => Err(error.into()),
                }
            }
        };
        self.end(n, ended).await;
    }

    async fn begin(&self, n: usize) {
        let at = self.clock.now();
        self.windows.open(n, at);
        let _ = self.notes.send(Note::FaultBegan { fault: n, at }).await;
    }

    async fn end(&self, n: usize, ended: Result<u64, FaultError>) {
        let at = self.clock.now();
        self.windows.close(n, at);
        let (hits, trouble) = match ended {
            Ok(hits) => (hits, None),
            Err(error) => (self.hits.so_far(n), Some(error.to_string())),
        };
        let _ = self.notes.send(Note::FaultEnded { fault: n, at, hits, trouble }).await;
    }

    /// False if told to stop before then.
    async fn sleep_until(&self, at: Tick) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep_until(self.clock.deadline(at)) => true,
        }
    }

    /// Waits until then, and meanwhile asks for the hits at each whole second of the load. Where
    /// they cannot be had, the ones before stand; the fault's end does not wait for an answer.
    async fn watch<F>(&self, n: usize, until: Tick, look: impl Fn() -> F)
    where
        F: Future<Output = Option<u64>>,
    {
        loop {
            let next =
                self.start + LOOK * (self.clock.now().since(self.start).as_secs() + 1) as u32;
            if next >= until || !self.sleep_until(next).await {
                break;
            }
            tokio::select! {
                biased;
                _ = self.sleep_until(until) => return,
                hits = look() => if let Some(hits) = hits { self.hits.set(n, hits) },
            }
        }
        self.sleep_until(until).await;
    }

    async fn link(
        &self,
        n: usize,
        name: LinkName,
        fault: LinkFault,
        until: Tick,
    ) -> Result<u64, FaultError> {
        let link = self.system.link(name).ok_or(FaultError::NotEmbedded)?;
        self.begin(n).await;
        link.set(mode_of(fault), Some(until));
        self.watch(n, until, || async move { Some(link.counts().hits) }).await;
        link.clear();
        Ok(link.counts().hits)
    }

    async fn change_users(
        &self,
        n: usize,
        at: Tick,
        change: Change,
        who: Selection,
        over: Duration,
        gap: Duration,
    ) -> Result<u64, FaultError> {
        let changer = self.changer.as_ref().ok_or(FaultError::NoDirectory)?;
        let users = self.select(n, change, who, changer)?;
        let subjects: Vec<String> = users.iter().map(|&u| changer.population.subject(u)).collect();
        self.journal.before(change, &subjects).await?;
        let count = users.len().max(1) as u32;
        let instants: Vec<Tick> = (0..count).map(|i| at + over * i / count).collect();
        for (&user, &at) in users.iter().zip(&instants) {
            changer.prime(user, at);
        }
        if !self.sleep_until(at).await {
            return Ok(0);
        }
        self.begin(n).await;
        let mut under_way = UnderWay::of(n, &self.hits);
        for (&user, &at) in users.iter().zip(&instants) {
            if !self.sleep_until(at).await {
                break;
            }
            let (hands, changer) = (self.clone(), changer.clone());
            let cohort = changer.cohort(user);
            under_way
                .add(async move {
                    if change != Change::Recreate {
                        return changer.change(user, change, cohort).await;
                    }
                    let deleted = changer.change(user, Change::Delete, cohort).await;
                    // Told to stop or not, the user comes back: a fault that began is ended.
                    hands.sleep_until(hands.clock.now() + gap).await;
                    deleted && changer.change(user, Change::Recreate, cohort).await
                })
                .await;
        }
        Ok(under_way.finish().await)
    }

    fn select(
        &self,
        n: usize,
        change: Change,
        who: Selection,
        changer: &Changer,
    ) -> Result<Vec<UserIndex>, FaultError> {
        let wanted = match who {
            Selection::Count(count) => count,
            Selection::Share(share) => share.of(changer.population.initial()),
        };
        let users = match change {
            Change::Create => changer.lifecycle.choose_absent_spare(wanted),
            _ => changer.lifecycle.choose_live(self.stream.nth(n as u64), wanted),
        };
        let found = users.len() as u32;
        if found < wanted { Err(FaultError::TooFewUsers { wanted, found }) } else { Ok(users) }
    }

    /// Deletes and creates users in turn.
    async fn churn(&self, n: usize, at: Tick, until: Tick, rate: Rate) -> Result<u64, FaultError> {
        let changer = self.changer.as_ref().ok_or(FaultError::NoDirectory)?;
        self.begin(n).await;
        let stream = self.stream.nth(n as u64).named("churn");
        let gap = Duration::from_secs_f64(1.0 / rate.as_per_second().max(1e-3));
        let probed = (CHURN_PROBED_PER_SECOND / rate.as_per_second().max(1e-3)).min(1.0);
        let mut under_way = UnderWay::of(n, &self.hits);
        for count in 0_u32.. {
            let due = at + gap * count;
            let over = due >= until || self.clock.now() >= until;
            if over || !self.sleep_until(due).await {
                break;
            }
            let draw = stream.nth(u64::from(count));
            let (change, user) = if count.is_multiple_of(2) {
                (Change::Delete, changer.lifecycle.choose_live(draw, 1).pop())
            } else {
                (Change::Create, changer.lifecycle.choose_absent_spare(1).pop())
            };
            let Some(user) = user else { continue };
            let subject = changer.population.subject(user);
            if let Err(error) = self.journal.before(change, &[subject]).await {
                // What is under way is not given up half done.
                under_way.finish().await;
                return Err(error.into());
            }
            let cohort = if draw.unit_at(1) < probed { Cohort::Probed } else { Cohort::Unprobed };
            let changer = changer.clone();
            under_way.add(async move { changer.change(user, change, cohort).await }).await;
        }
        Ok(under_way.finish().await)
    }
}

/// Changes of a fault that run beside each other, a bounded number at once.
struct UnderWay {
    tasks: JoinSet<bool>,
    made: u64,
    fault: usize,
    hits: Hits,
}

impl UnderWay {
    fn of(fault: usize, hits: &Hits) -> Self {
        Self { tasks: JoinSet::new(), made: 0, fault, hits: hits.clone() }
    }

    /// Starts one, after waiting for another if too many are under way.
    async fn add(&mut self, change: impl Future<Output = bool> + Send + 'static) {
        while self.tasks.len() >= CHANGES_AT_ONCE {
            self.join_one().await;
        }
        let (fault, hits) = (self.fault, self.hits.clone());
        self.tasks.spawn(async move {
            let made = change.await;
            if made {
                hits.add_one(fault);
            }
            made
        });
    }

    /// Waits for all; gives the number that were made.
    async fn finish(mut self) -> u64 {
        while !self.tasks.is_empty() {
            self.join_one().await;
        }
        self.made
    }

    async fn join_one(&mut self) {
        match self.tasks.join_next().await {
            Some(Ok(made)) => self.made += u64::from(made),
            Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            _ => {}
        }
    }
}

fn mode_of(fault: LinkFault) -> Mode {
    match fault {
        LinkFault::Refuse => Mode::Refuse,
        LinkFault::BlackHole => Mode::BlackHole,
        LinkFault::Reset => Mode::Reset,
        LinkFault::Delay { latency, jitter } => Mode::Delay { latency, jitter },
    }
}
