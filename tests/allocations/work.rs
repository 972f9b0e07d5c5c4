//! A worker's books and the requests that go into them, as a run of many kinds of answers has them.

use std::sync::Arc;
use std::time::Duration;

use substorm::clock::{Clock, Tick};
use substorm::identity::{Change, UserIndex};
use substorm::load::{Credentials, Examined, Gather, Job, Ledger, ProbePlan, ProbeQueue};
use substorm::measure::{Allowance, Sample, Shape};
use substorm::oracle::{
    Answer, Credential, FaultWindows, History, Identity, Sighting, judge, truth,
};
use substorm::outcome::{Class, Reading, Verdict};
use substorm::population::Lifecycle;
use substorm::seed::{Seed, Stream};
use substorm::units::Share;

/// Users; every hundredth is deleted before the load.
pub const USERS: u32 = 10_000;

/// When load begins.
pub const BEGIN: Tick = Tick::from_micros(60_000_000);

/// A run of ten phases with some faults, routes and allowances.
pub fn shape() -> Shape {
    let allowance =
        |secs| Allowance { verdict: Verdict::FalseAccept, after: Duration::from_secs(secs) };
    Shape {
        phases: 10,
        faults: 5,
        defects: 2,
        routes: 3,
        allowances: [1, 2, 5, 60].map(allowance).into(),
        ..Shape::default()
    }
}

/// Empty books.
pub fn ledger() -> Ledger {
    let plan = ProbePlan {
        gap: Duration::from_millis(20),
        growth: 0.1,
        until: Duration::from_secs(5),
        prime: Duration::ZERO,
        quiet: Share::NONE,
    };
    let gather = Arc::new(Gather::of_this_thread(Clock::start()));
    Ledger::new(shape(), ProbeQueue::new(plan, Tick::MAX), gather)
}

/// What the answers are judged by.
pub struct World {
    life: Lifecycle,
    windows: FaultWindows,
    draws: Stream,
}

impl World {
    pub fn new() -> Self {
        let life = Lifecycle::new(USERS, USERS);
        for user in (0..USERS).step_by(100).map(UserIndex) {
            life.asked(user, Change::Delete, Tick::from_micros(10_000_000));
            life.acknowledged(user, Tick::from_micros(10_002_000));
        }
        let windows = FaultWindows::new([true, false, false, true, false]);
        windows.open(0, Tick::from_micros(5));
        windows.close(0, Tick::from_micros(50));
        windows.open(1, Tick::from_micros(70));
        Self { life, windows, draws: Seed(7).stream("work") }
    }

    /// Draws for a purpose.
    pub fn draws(&self, purpose: &str) -> Stream {
        self.draws.named(purpose)
    }

    /// The `n`-th request, due at `due`: from its due instant to its judged answer, which is of
    /// this class and takes so long.
    pub fn request(
        &self,
        ledger: &mut Ledger,
        n: u64,
        (phase, class): (usize, Class),
        due: Tick,
        service: Duration,
    ) {
        let user = UserIndex((self.draws.at(n) % u64::from(USERS)) as u32);
        let route = (n % 3) as usize;
        let job = Job {
            seq: n,
            phase,
            due,
            user,
            route,
            asked: None,
            credentials: Credentials::Own,
            attempt: 0,
        };
        ledger.due(&job, n.is_multiple_of(50));
        let sent = due + Duration::from_nanos(self.draws.named("lag").at(n) % 60_000);
        ledger.sent(&job, sent);
        let done = sent + service;
        ledger.answered(&job, &self.examine(&job, sent, done, class));
    }

    fn examine(&self, job: &Job, sent: Tick, done: Tick, class: Class) -> Examined {
        let standing = self.life.standing(job.user);
        let history =
            History { state: standing.state, asked: standing.asked, acknowledged: standing.acked };
        let right = truth(history, Credential::Good, sent, done);
        let faults = self.windows.touching(sent, done);
        let store_faulted = self.windows.store_faulted(faults);
        let (reading, identity) = (Reading::certain(class), Identity::Same);
        let answer = Answer {
            reading,
            identity,
            lacks_challenge: false,
            check_failed: false,
            store_faulted,
        };
        let sample = Sample {
            phase: job.phase,
            route: job.route,
            truth: right.truth,
            class,
            verdict: judge(&right, &answer),
            response: done - job.due,
            service: done - sent,
            read_lag: Some(Duration::from_micros(30)),
            known_for: right.known_for,
            faults,
            lacks_challenge: false,
            check_failed: job.seq.is_multiple_of(1_000),
            first_on_connection: job.seq.is_multiple_of(500),
            defect: job.seq.is_multiple_of(40).then_some(1),
        };
        let tells = standing.changes > 0 && (class == Class::Accepted || class.is_reject());
        let accepted = class == Class::Accepted;
        let sighting = tells.then_some(Sighting { user: job.user, sent, done, accepted });
        Examined { sample, sighting, status: 200 }
    }
}
