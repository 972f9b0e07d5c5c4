//! What every worker reads and none writes.

use std::sync::Arc;

use crate::arrival::PhasePlan;
use crate::clock::{Clock, Tick};
use crate::identity::UserIndex;
use crate::measure::Shape;
use crate::oracle::{Expiry, FaultWindows};
use crate::outcome::Profile;
use crate::population::{Lifecycle, Population};
use crate::seed::Stream;
use crate::token::{MutatedTokens, TokenStore};
use crate::wire::{Template, Values};

use super::mix::{Credentials, Mix};
use super::plan::{IdentityProof, LoadPlan, ProbePlan};

/// The fixed surroundings of a run's load.
#[derive(Debug)]
pub struct Context {
    /// The run's clock.
    pub clock: Clock,
    /// When load starts.
    pub start: Tick,
    /// How requests are sent.
    pub plan: LoadPlan,
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
    /// How the target spells its answers.
    pub profile: &'static Profile,
    /// How the target shows as whom a request was let in.
    pub identity: IdentityProof,
    /// When each fault was under way.
    pub windows: Arc<FaultWindows>,
    /// How large recorders are.
    pub shape: Shape,
}

/// One request on its way.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    /// Its number in the run, or for a probe in its worker.
    pub seq: u64,
    /// The phase it was due in.
    pub phase: usize,
    /// When it was due.
    pub due: Tick,
    /// For whom.
    pub user: UserIndex,
    /// Which route.
    pub route: usize,
    /// With which token.
    pub credentials: Credentials,
}

impl Context {
    /// The `seq`-th request of the run: a pure function of its number and due instant.
    pub fn job(&self, seq: u64, phase: usize, due: Tick) -> Job {
        let choice = self.mix.choose(seq, due.since(self.start));
        let (user, credentials) = match choice.defect {
            Some(kind) => {
                let bits = self.mix.defect_bits(seq);
                (self.mutated.pick(kind, bits).user, Credentials::Defective { kind, bits })
            }
            None => (self.population.pick(choice.user_bits), Credentials::Own),
        };
        Job { seq, phase, due, user, route: choice.route, credentials }
    }

    /// A follow-up for one user.
    pub fn probe(&self, seq: u64, user: UserIndex, due: Tick) -> Job {
        let phase = self.phase_at(due);
        let route = self.mix.choose(seq, due.since(self.start)).route;
        Job { seq, phase, due, user, route, credentials: Credentials::Own }
    }

    /// When the user's token expires, if it does before the load ends.
    pub fn expiry(&self, user: UserIndex) -> Option<Expiry> {
        let at = self.expiries.binary_search_by_key(&user, |(whose, _)| *whose).ok()?;
        Some(self.expiries[at].1)
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

    /// Writes a request's bytes; `subject` is room to work in.
    pub fn fill(&self, job: &Job, subject: &mut String, out: &mut Vec<u8>) {
        subject.clear();
        self.population.write_subject(job.user, subject);
        let mut fill = |token: &[u8]| {
            self.templates[job.route].fill(&Values { user: subject, seq: job.seq, token }, out);
        };
        match job.credentials {
            Credentials::Own => self.tokens.with_token(job.user, fill),
            Credentials::Defective { kind, bits } => fill(self.mutated.pick(kind, bits).bytes),
        }
    }
}
