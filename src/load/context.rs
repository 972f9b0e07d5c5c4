//! What every worker reads and none writes.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::arrival::{Arrival, PhasePlan};
use crate::clock::{Clock, Tick};
use crate::identity::UserIndex;
use crate::measure::Shape;
use crate::oracle::{Expiry, FaultWindows};
use crate::outcome::Profile;
use crate::population::{Lifecycle, Population};
use crate::replay::{Asked, Request};
use crate::seed::Stream;
use crate::token::{MutatedTokens, TokenStore};
use crate::wire::{Connection, Template, Values};

use super::mix::{Credentials, Mix};
use super::plan::{IdentityProof, LoadPlan, ProbePlan, ReceiveTime};
use super::specimen::Specimens;

/// The fixed surroundings of a run's load.
#[derive(Debug)]
pub struct Context {
    /// The run's clock.
    pub clock: Clock,
    /// When load starts.
    pub start: Tick,
    /// How requests are sent.
    pub plan: LoadPlan,
    /// Whether workers ask for a core before others get one.
    pub urgent: bool,
    /// What is due when.
    pub phases: Arc<[PhasePlan]>,
    /// The random stream of arrivals.
    pub arrivals: Stream,
    /// Which request is for whom.
    pub mix: Mix,
    /// How changed users are followed up.
    pub probe: ProbePlan,
    /// The users.
    pub population: Population,
    /// What happened to them.
    pub lifecycle: Arc<Lifecycle>,
    /// Their tokens.
    pub tokens: Arc<TokenStore>,
    /// The tokens that expire before the load ends, in the order of the users; none where tokens
    /// are renewed.
    pub expiries: Arc<[(UserIndex, Expiry)]>,
    /// Tokens with defects.
    pub mutated: Arc<MutatedTokens>,
    /// The requests, one template a route.
    pub templates: Vec<Template>,
    /// What replayed requests have in common, and what stands before their paths.
    pub replayed: (Template, String),
    /// The random stream of `{uuid}`.
    pub uuids: Stream,
    /// How the target spells its answers.
    pub profile: &'static Profile,
    /// How the target shows as whom a request was let in.
    pub identity: IdentityProof,
    /// Whether a route expects something of its answers that names the user.
    pub checks_name_user: bool,
    /// When each fault was under way.
    pub windows: Arc<FaultWindows>,
    /// The first answer of each unexpected kind.
    pub specimens: Specimens,
    /// How large recorders are.
    pub shape: Shape,
}

/// One request on its way.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its number in the run, or for a probe in its worker.
    pub seq: u64,
    /// The phase it was due in.
    pub phase: usize,
    /// When it was due.
    pub due: Tick,
    /// For whom.
    pub user: UserIndex,
    /// Which route, unless something else is asked for.
    pub route: usize,
    /// What is asked for instead of a route: a recorded request.
    pub asked: Option<Arc<Request>>,
    /// With which token.
    pub credentials: Credentials,
    /// How often it was asked before: 0 for a first request, 1 for its first retry.
    pub attempt: u32,
}

impl Job {
    /// Index of the route that it takes; beyond all of them for a recorded request.
    pub fn own_route(&self) -> usize {
        if self.asked.is_none() { self.route } else { usize::MAX }
    }
}

impl Context {
    /// The `seq`-th request of the run: a pure function of its number and due instant, and of what
    /// was recorded, if it is replayed.
    pub fn job(&self, seq: u64, phase: usize, due: Tick, asked: Option<Asked>) -> Job {
        let choice = self.mix.choose(seq, due.since(self.start));
        let (recorded, asked) = asked.map(|asked| (asked.user, asked.request)).unzip();
        let (user, credentials) = match (choice.defect, recorded) {
            (Some(kind), _) => {
                let bits = self.mix.defect_bits(seq);
                (self.mutated.pick(kind, bits).user, Credentials::Defective { kind, bits })
            }
            (None, Some(user)) => (user, Credentials::Own),
            (None, None) => (self.population.pick(choice.user_bits), Credentials::Own),
        };
        Job { seq, phase, due, user, route: choice.route, asked, credentials, attempt: 0 }
    }

    /// A follow-up for one user.
    pub fn probe(&self, seq: u64, user: UserIndex, due: Tick) -> Job {
        let phase = self.phase_at(due);
        let route = self.mix.choose(seq, due.since(self.start)).route;
        let (credentials, asked) = (Credentials::Own, None);
        Job { seq, phase, due, user, route, asked, credentials, attempt: 0 }
    }

    /// When the user's token expires, if it does before the load ends.
    pub fn expiry(&self, user: UserIndex) -> Option<Expiry> {
        let at = self.expiries.binary_search_by_key(&user, |(whose, _)| *whose).ok()?;
        Some(self.expiries[at].1)
    }

    /// Whether the kernel is to say when answers came, if it can. That costs a closed loop at its limit up to
    /// a tenth more CPU time a request, and an open one less than a wake-up.
    pub fn wants_dates(&self) -> bool {
        match self.plan.receive_time {
            ReceiveTime::Kernel => true,
            ReceiveTime::Read => false,
            ReceiveTime::Auto => {
                let closed = |phase: &PhasePlan| matches!(phase.arrival, Arrival::Closed { .. });
                !self.phases.iter().all(closed)
            }
        }
    }

    /// The phase that an instant falls in; the last one for what comes after.
    pub fn phase_at(&self, at: Tick) -> usize {
        let since = at.since(self.start);
        let begun = self.phases.iter().filter(|phase| phase.start <= since).count();
        begun.saturating_sub(1)
    }

    /// When the last phase ends.
    pub fn end(&self) -> Tick {
        let length = self.phases.iter().map(|phase| phase.start + phase.length).max();
        self.start + length.unwrap_or_default()
    }

    /// Assembles a request on a connection. `subject` is left holding the user's subject if
    /// anything, here or in the answer, depends on it.
    pub fn stage<C: Connection>(&self, job: &Job, subject: &mut String, connection: &mut C) {
        let recorded = job.asked.as_deref().and_then(|request| self.recorded(request));
        let template = recorded.as_ref().unwrap_or(&self.templates[job.route]);
        subject.clear();
        let proved = self.identity != IdentityProof::Nothing;
        if template.names_user() || proved || self.checks_name_user {
            self.population.write_subject(job.user, subject);
        }
        let uuid = if template.draws_uuid() { self.uuid(job) } else { 0 };
        let mut stage = |token: &[u8]| {
            let values = Values { user: subject, number: job.user.0, seq: job.seq, uuid, token };
            connection.stage(template, &values);
        };
        match job.credentials {
            Credentials::Own => self.tokens.with_token(job.user, stage),
            Credentials::Defective { kind, bits } => stage(self.mutated.pick(kind, bits).bytes),
        }
    }

    /// The template of a recorded request.
    fn recorded(&self, request: &Request) -> Option<Template> {
        let (common, prefix) = &self.replayed;
        let path = match prefix.as_str() {
            "" => Cow::Borrowed(&*request.target),
            prefix => Cow::Owned(format!("{prefix}{}", request.target)),
        };
        // The only braces of a recorded target are those of `{user}`, which every path may have.
        common.asking(&request.method, &path).ok()
    }

    /// A retry has a UUID of its own, as a client's has.
    fn uuid(&self, job: &Job) -> u128 {
        let at =
            |half: u64| self.uuids.nth(u64::from(job.attempt)).at(job.seq.wrapping_mul(2) + half);
        u128::from(at(0)) << 64 | u128::from(at(1))
    }

    /// The request to be sent after this one was told that its user does not exist, and the pause
    /// before it; `None` if the client gives up, or never asks again.
    pub fn retry(&self, job: &Job) -> Option<(Duration, Job)> {
        let plan = self.plan.retry.as_ref()?;
        let attempt = job.attempt + 1;
        (attempt <= plan.times).then(|| (plan.pause(attempt), Job { attempt, ..job.clone() }))
    }
}
