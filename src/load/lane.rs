//! A lane carries one request at a time over a connection that it keeps.
//!
//! Open phases hand jobs to idle lanes; in closed phases each virtual user has a lane of its own.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};

use super::context::{Context, Job};
use super::deadline::Deadline;
use super::examine::{self, Examined};
use super::gather::Gather;
use super::ledger::Ledger;
use super::precedence::Precedence;
use super::tap::Tap;
use crate::clock::Tick;
use crate::outcome::{Class, Failure, Observation};
use crate::wire::{Connected, Connection as _, Connector, Received};

/// Times that a request is sent again because the peer did nothing with it. A peer that goes away
/// needs one, and a few in a row if its connections are short; more would drive a peer that refuses all.
const RESENDS_MAX: u32 = 3;

/// Where an idle lane waits for its next job.
#[derive(Default)]
pub struct Slot {
    job: Cell<Option<Job>>,
    closing: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Slot {
    /// Gives the lane a job. It must be idle.
    pub fn put(&self, job: Job) {
        self.job.set(Some(job));
        self.wake();
    }

    /// Takes a job back that the lane has not begun.
    pub fn take(&self) -> Option<Job> {
        self.job.take()
    }

    /// Ends the lane once it is idle.
    pub fn close(&self) {
        self.closing.set(true);
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    /// The next job; `None` once the slot is closed.
    pub async fn next(&self) -> Option<Job> {
        poll_fn(|cx| match self.job.take() {
            Some(job) => Poll::Ready(Some(job)),
            None if self.closing.get() => Poll::Ready(None),
            None => {
                *self.waker.borrow_mut() = Some(cx.waker().clone());
                Poll::Pending
            }
        })
        .await
    }
}

/// A lane and what it is doing.
#[derive(Default)]
pub struct Seat {
    /// Where it waits for its next job.
    pub slot: Slot,
    /// What is under way, and since when, for whoever gives up waiting.
    pub in_flight: Cell<Option<(Job, Tick)>>,
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat").finish_non_exhaustive()
    }
}

/// What the lanes of a worker share.
pub struct Shared<C: Connector> {
    /// What every worker reads.
    pub run: Arc<Context>,
    /// Makes connections.
    pub connector: C,
    /// What this worker counts.
    pub ledger: RefCell<Ledger>,
    /// Knows what lanes wait for.
    pub gather: Arc<Gather>,
    /// Knows what is to be sent before answers are read.
    pub precedence: Precedence,
    /// Where requests are handed on, if somebody keeps them.
    pub tap: Option<RefCell<Tap>>,
}

/// One lane.
pub struct Lane<C: Connector> {
    shared: Rc<Shared<C>>,
    connection: Option<Kept<C::Connection>>,
    deadline: Deadline,
    subject: String,
    /// When the answer to its last request came.
    freed: Tick,
}

/// A connection and what it has been through.
struct Kept<C> {
    connection: C,
    /// Another connection's transport carries it.
    shares: bool,
    /// Requests that it has carried.
    carried: u32,
    /// When it was last of use.
    used: Tick,
}

impl<C: Connector> Lane<C> {
    /// A lane without a connection yet.
    pub fn new(shared: Rc<Shared<C>>) -> Self {
        let deadline = Deadline::new(shared.run.clock);
        let subject = String::with_capacity(64);
        Self { shared, connection: None, deadline, subject, freed: Tick::ZERO }
    }

    /// Opens a connection ahead of the first job. If that fails, the job finds out.
    pub async fn open(&mut self) {
        if let Ok(kept) = self.connect(0, Tick::MAX).await {
            self.connection = Some(kept);
        }
    }

    /// The present instant.
    pub fn now(&self) -> Tick {
        self.shared.run.clock.now()
    }

    /// It has its turn after it was handed a request.
    pub fn begun(&self) {
        self.shared.precedence.begun();
    }

    /// Whether it has a connection, as far as is known.
    pub fn is_connected(&self) -> bool {
        self.connection.is_some()
    }

    /// As [`perform`](Self::perform), for a request that has waited for a connection since `since`.
    ///
    /// Of its lag, the generator's own part is that before `since`, and that after the answer came
    /// which freed this lane.
    pub async fn perform_late(&mut self, job: &Job, since: Tick, at: &Seat) -> Option<Job> {
        let sent = self.now();
        let own = (since - job.due) + (sent - self.freed.max(since));
        self.shared.ledger.borrow_mut().had_waited(job, sent, own);
        self.perform(job, sent, at).await
    }

    /// Sends a request at `sent`, which is now, waits for its answer, and records both. Gives what the client asks next
    /// because of the answer, with the instant at which that is due.
    pub async fn perform(&mut self, job: &Job, sent: Tick, at: &Seat) -> Option<Job> {
        let shared = Rc::clone(&self.shared);
        let run = &*shared.run;
        self.drop_worn(sent);
        at.in_flight.set(Some((job.clone(), sent)));
        shared.ledger.borrow_mut().sent(job, sent);
        let examined = match self.exchange_until_processed(job, sent).await {
            Ok(examined) => examined,
            Err(failure) => {
                self.connection = None;
                if failure.is_own() {
                    at.in_flight.set(None);
                    self.freed = run.clock.now();
                    shared.ledger.borrow_mut().lacked(job.phase, failure);
                    return None;
                }
                examine::failure(run, job, sent, run.clock.now(), failure)
            }
        };
        at.in_flight.set(None);
        self.freed = sent + examined.sample.service;
        shared.ledger.borrow_mut().answered(job, &examined);
        if let Some(tap) = &shared.tap {
            tap.borrow_mut().offer(job, sent, &examined);
        }
        self.ask_again(job, examined.sample.class)
    }

    fn ask_again(&self, job: &Job, class: Class) -> Option<Job> {
        let run = &*self.shared.run;
        run.plan.retry.as_ref()?;
        match class {
            Class::UserNotFound => match run.retry(job) {
                Some((pause, again)) => return Some(Job { due: run.clock.now() + pause, ..again }),
                None => self.gave_up(job),
            },
            Class::Accepted if job.attempt > 0 => {
                self.shared.ledger.borrow_mut().retried(job.phase, true);
            }
            _ => {}
        }
        None
    }

    /// The client does not ask again, although it was turned away.
    pub fn gave_up(&self, job: &Job) {
        self.shared.ledger.borrow_mut().retried(job.phase, false);
    }

    /// A connection that has done its share, that was idle for too long, or that the peer has
    /// closed is of no further use.
    fn drop_worn(&mut self, now: Tick) {
        let Some(kept) = &mut self.connection else { return };
        let plan = &self.shared.run.plan;
        let most = plan.requests_per_connection;
        let worn = most > 0 && kept.carried >= most;
        let stale = !plan.idle_timeout.is_zero() && now - kept.used > plan.idle_timeout;
        if worn || stale || kept.connection.is_closed() {
            self.connection = None;
        }
    }

    /// Sends the request again on another connection if the peer did nothing with it. As with any
    /// client the time limit and the service time are those of all tries.
    async fn exchange_until_processed(
        &mut self,
        job: &Job,
        sent: Tick,
    ) -> Result<Examined, Failure> {
        let mut connected_by = Tick::MAX;
        let mut resent = 0;
        loop {
            let outcome = self.exchange(job, sent, connected_by).await;
            if resent == RESENDS_MAX || !matches!(outcome, Err(Failure::NotProcessed)) {
                return outcome;
            }
            resent += 1;
            self.connection = None;
            self.shared.ledger.borrow_mut().resent(job.phase);
            connected_by = sent + self.shared.run.plan.request_timeout;
        }
    }

    async fn exchange(
        &mut self,
        job: &Job,
        sent: Tick,
        connected_by: Tick,
    ) -> Result<Examined, Failure> {
        if self.connection.is_none() {
            self.connection = Some(self.connect(job.phase, connected_by).await?);
        }
        let Self { shared, connection, deadline, subject, .. } = self;
        let run = &*shared.run;
        let kept = connection.as_mut().ok_or(Failure::Refused)?;
        let first = kept.carried == 0 && !kept.shares;
        kept.carried += 1;
        run.stage(job, subject, &mut kept.connection);
        deadline.set(sent + run.plan.request_timeout);
        let received = deadline.bound(async {
            {
                let _moving = shared.gather.moving();
                kept.connection.send().await?;
            }
            let read = |seen: &Observation<'_>| {
                // An arrival before the request belongs to an earlier answer, or to a clock that
                // was set.
                let arrival = seen.arrival.filter(|arrival| arrival.at >= sent);
                let done = arrival.map_or_else(|| run.clock.now(), |arrival| arrival.at);
                shared.ledger.borrow_mut().saw(job, seen);
                let mut examined = examine::answer(run, job, (sent, done), seen, subject);
                examined.sample.read_lag = arrival.map(|arrival| arrival.read - arrival.at);
                (arrival.map_or(done, |arrival| arrival.read), examined)
            };
            shared.precedence.before(kept.connection.receive(read)).await
        });
        let Received { value: (read, mut examined), reusable } = received.await?;
        examined.sample.first_on_connection = first;
        kept.used = read;
        if !reusable {
            self.connection = None;
        }
        Ok(examined)
    }

    /// Connects within its own time limit and not after `latest`.
    async fn connect(
        &mut self,
        phase: usize,
        latest: Tick,
    ) -> Result<Kept<C::Connection>, Failure> {
        let Self { shared, deadline, .. } = self;
        let run = &*shared.run;
        let _moving = shared.gather.moving();
        deadline.set(latest.min(run.clock.now() + run.plan.connect_timeout));
        let Connected { connection, set_up, shares } =
            deadline.bound(shared.connector.connect()).await?;
        if let Some(set_up) = &set_up {
            shared.ledger.borrow_mut().connected(phase, set_up);
        }
        Ok(Kept { connection, shares, carried: 0, used: run.clock.now() })
    }
}
