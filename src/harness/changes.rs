//! Changes of users: asked for in the primary directory, stamped in the lifecycle, followed up.
//!
//! The order matters. A change is journalled before it is asked for; *asked* is stamped before the
//! request leaves and *acknowledged* after the answer came, so the truth is grey in between; only
//! then are the probes told. A change whose outcome is unknown leaves its user grey for good.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::clock::{Clock, Tick};
use crate::identity::{Change, UserIndex, UserState};
use crate::load::{Errand, Errands};
use crate::oracle::{Cohort, LagKind};
use crate::population::{Lifecycle, Population};
use crate::seed::Stream;
use crate::units::Share;

use super::system::System;

/// Time for an errand to reach its worker.
const PRIME_LEAD: Duration = Duration::from_millis(5);

/// Something that happened, for the collector.
#[derive(Clone, Debug)]
pub enum Note {
    /// A user was changed, and the directory said so.
    Changed {
        /// Who.
        user: UserIndex,
        /// How.
        change: Change,
        /// How it is followed up.
        cohort: Cohort,
        /// When it was asked for.
        asked: Tick,
        /// When it was acknowledged.
        acknowledged: Tick,
    },
    /// A change failed, or its outcome is unknown.
    ChangeFailed {
        /// When that was known.
        at: Tick,
        /// Who.
        user: UserIndex,
        /// How.
        change: Change,
        /// Why.
        reason: String,
    },
    /// A fault began.
    FaultBegan {
        /// Its position in the plan.
        fault: usize,
        /// When.
        at: Tick,
    },
    /// A fault ended.
    FaultEnded {
        /// Its position in the plan.
        fault: usize,
        /// When.
        at: Tick,
        /// How often it bit.
        hits: u64,
        /// What went wrong, if it could not be carried out as planned.
        trouble: Option<String>,
    },
}

/// Makes changes of users and sees to what follows from them.
#[derive(Clone)]
pub struct Changer {
    /// The run's clock.
    pub clock: Clock,
    /// When load starts.
    pub start: Tick,
    /// What is tested; its primary directory is where users are changed.
    pub system: Arc<System>,
    /// The users.
    pub population: Population,
    /// What happened to them.
    pub lifecycle: Arc<Lifecycle>,
    /// Who probes.
    pub errands: Errands,
    /// Who is told.
    pub notes: mpsc::Sender<Note>,
    /// Draws who is quiet and when each user is primed.
    pub stream: Stream,
    /// Share of changed users that is probed once only.
    pub quiet: Share,
    /// Users are asked for once in this time before their change.
    pub prime: Duration,
}

impl Changer {
    /// Sees to it that caches know the user when it is changed at `at`.
    pub fn prime(&self, user: UserIndex, at: Tick) {
        if self.prime.is_zero() {
            return;
        }
        let early = self.prime.mul_f64(self.stream.named("prime").unit_at(u64::from(user.0)));
        // A request that is due before it can be sent would count as late.
        let earliest = self.start.max(self.clock.now() + PRIME_LEAD);
        // A primed user whose worker has no room is simply not primed.
        let _ =
            self.errands.ask(Errand::Prime { user, at: at.saturating_sub(early).max(earliest) });
    }

    /// The cohort that a user falls in.
    pub fn cohort(&self, user: UserIndex) -> Cohort {
        let draw = self.stream.named("quiet").unit_at(u64::from(user.0));
        if draw < self.quiet.fraction() { Cohort::Quiet } else { Cohort::Probed }
    }

    /// Makes one change and waits for its acknowledgement. True if it was made.
    pub async fn change(&self, user: UserIndex, change: Change, cohort: Cohort) -> bool {
        let subject = self.population.subject(user);
        let asked = self.clock.now();
        self.lifecycle.asked(user, change, asked);
        let answer = match self.system.scim() {
            Some(scim) => scim.change(&subject, change).await.map_err(|error| error.to_string()),
            None => Err("the target has no directory that could be changed".to_owned()),
        };
        let acknowledged = self.clock.now();
        let (made, note) = match answer {
            Ok(()) => {
                self.lifecycle.acknowledged(user, acknowledged);
                let kind = lag_kind(change);
                let _ = self.errands.ask(Errand::Watch { user, kind, cohort, acknowledged });
                (true, Note::Changed { user, change, cohort, asked, acknowledged })
            }
            Err(reason) => {
                self.lifecycle.failed(user);
                (false, Note::ChangeFailed { at: acknowledged, user, change, reason })
            }
        };
        // The collector outlives all changes; were it gone, the run would be over.
        let _ = self.notes.send(note).await;
        made
    }
}

/// Which lag a change begins.
pub fn lag_kind(change: Change) -> LagKind {
    match change.leads_to() {
        UserState::Live => LagKind::Provisioning,
        UserState::Absent | UserState::Disabled => LagKind::Revocation,
    }
}
