//! A lane carries one request at a time over a connection that it keeps.
//!
//! Open phases hand jobs to idle lanes; in closed phases each virtual user has a lane of its own.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use tokio::time::{timeout, timeout_at};

use crate::clock::Tick;
use crate::outcome::Failure;
use crate::wire::{Connection as _, Connector, Received};

use super::context::{Context, Job};
use super::examine::{self, Examined};
use super::ledger::Ledger;

/// Where an idle lane waits for its next job.
#[derive(Debug, Default)]
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

/// One lane.
pub struct Lane<C: Connector> {
    context: Rc<Shared<C>>,
    connection: Option<C::Connection>,
    /// Requests that the present connection has carried.
    carried: u32,
    request: Vec<u8>,
    subject: String,
}

/// What the lanes of a worker share.
pub struct Shared<C: Connector> {
    /// What every worker reads.
    pub run: std::sync::Arc<Context>,
    /// Makes connections.
    pub connector: C,
    /// What this worker counts.
    pub ledger: RefCell<Ledger>,
}

impl<C: Connector> Lane<C> {
    /// A lane without a connection yet.
    pub fn new(context: Rc<Shared<C>>) -> Self {
        Self {
            context,
            connection: None,
            carried: 0,
            request: Vec::with_capacity(2048),
            subject: String::with_capacity(64),
        }
    }

    /// Sends a request, waits for its answer, and records both. `in_flight` shows what is under
    /// way meanwhile, for whoever gives up waiting.
    pub async fn perform(&mut self, job: Job, in_flight: &Cell<Option<(Job, Tick)>>) {
        let worn = self.context.run.plan.requests_per_connection;
        if (worn > 0 && self.carried >= worn)
            || self.connection.as_mut().is_some_and(C::Connection::is_closed)
        {
            self.connection = None;
        }
        let sent = self.context.run.clock.now();
        in_flight.set(Some((job, sent)));
        self.context.ledger.borrow_mut().sent(&job, sent);
        let examined = match self.exchange(&job, sent).await {
            Ok(examined) => examined,
            Err(failure) => {
                self.connection = None;
                let done = self.context.run.clock.now();
                examine::failure(&self.context.run, &job, sent, done, failure)
            }
        };
        in_flight.set(None);
        self.context.ledger.borrow_mut().answered(&job, &examined);
    }

    async fn exchange(&mut self, job: &Job, sent: Tick) -> Result<Examined, Failure> {
        self.connect(job).await?;
        let Self { context, connection, carried, request, subject } = self;
        let run = &context.run;
        run.fill(job, subject, request);
        let connection = connection.as_mut().ok_or(Failure::Refused)?;
        *carried += 1;
        let deadline = run.clock.deadline(sent + run.plan.request_timeout);
        let received = timeout_at(deadline, async {
            connection.send(request).await?;
            let read = |seen: &crate::outcome::Observation<'_>| {
                examine::answer(run, job, sent, run.clock.now(), seen, subject)
            };
            connection.receive(read).await
        })
        .await;
        let Received { value, reusable } = received.map_err(|_elapsed| Failure::Timeout)??;
        if !reusable {
            self.connection = None;
        }
        Ok(value)
    }

    /// Connects, if there is no connection.
    async fn connect(&mut self, job: &Job) -> Result<(), Failure> {
        if self.connection.is_some() {
            return Ok(());
        }
        let run = &self.context.run;
        let began = run.clock.now();
        let connecting = timeout(run.plan.connect_timeout, self.context.connector.connect());
        let connection = connecting.await.map_err(|_elapsed| Failure::Timeout)??;
        self.context.ledger.borrow_mut().connected(job.phase, run.clock.now() - began);
        self.connection = Some(connection);
        self.carried = 0;
        Ok(())
    }
}
