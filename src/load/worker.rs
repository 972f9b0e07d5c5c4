//! One worker: a thread with its own runtime, schedule, lanes and books.
//!
//! The pacer hands what is due to idle lanes; when none is idle it opens another, up to the limit,
//! and beyond that the request waits in a bounded backlog, its clock running. What finds no room
//! there is counted as unsent. Nothing that a request does can hold the pacer up.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{JoinSet, LocalSet};
use tokio_util::sync::CancellationToken;

use crate::clock::{Tick, thread_cpu};
use crate::wire::Connector;

use super::alarm::Alarm;
use super::context::{Context, Job};
use super::lane::{Lane, Shared, Slot};
use super::ledger::{Entries, Ledger};
use super::probe::{Errand, ProbeQueue};
use super::schedule::{Schedule, Step};

/// How often a worker hands over.
pub const HAND_OVER: Duration = Duration::from_secs(1);

/// The longest the pacer sleeps: it looks after its books at least so often.
const NAP_MAX: Duration = Duration::from_millis(100);

/// The niceness of a worker's thread.
const WORKER_NICE: i32 = -10;

/// Requests dispatched before the lanes get a turn.
const BATCH: usize = 32;

/// Numbers of probes start here, so that they never meet those of the schedule.
const PROBE_SEQ: u64 = 1 << 60;

/// What a worker reports, once a second and at its end.
#[derive(Debug)]
pub struct Report {
    /// Which worker.
    pub worker: u32,
    /// When it was made.
    pub at: Tick,
    /// What happened since the last one.
    pub entries: Entries,
    /// CPU time of the worker's thread so far.
    pub cpu: Duration,
}

/// What a worker is started with.
pub struct WorkerSetup<C> {
    /// Its number, from 0.
    pub number: u32,
    /// How many there are.
    pub workers: u32,
    /// What all of them read.
    pub context: Arc<Context>,
    /// Makes its connections.
    pub connector: C,
    /// What it is asked to do meanwhile.
    pub errands: mpsc::Receiver<Errand>,
    /// Where its reports go.
    pub reports: mpsc::Sender<Report>,
    /// Send nothing more; wait for what is in flight.
    pub stop: CancellationToken,
    /// Do not wait either.
    pub abort: CancellationToken,
}

/// Runs a worker to its end on the calling thread.
pub fn run<C: Connector>(setup: WorkerSetup<C>) -> io::Result<()> {
    // A worker uses little of its core but must have it when a request is due. Only for this
    // thread (setpriority(2)); refused without the privilege, and then it competes like others.
    let _ = rustix::process::setpriority_process(None, WORKER_NICE);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async move { Worker::new(setup)?.run().await })
}

/// A lane and what it is doing.
#[derive(Debug, Default)]
struct Seat {
    slot: Slot,
    in_flight: Cell<Option<(Job, Tick)>>,
}

/// The lanes of open phases.
#[derive(Debug, Default)]
struct Pool {
    seats: Vec<Rc<Seat>>,
    idle: Vec<usize>,
    backlog: VecDeque<Job>,
}

struct Worker<C: Connector> {
    shared: Rc<Shared<C>>,
    pool: Rc<RefCell<Pool>>,
    lanes: JoinSet<()>,
    /// What virtual users are doing, for the count of what was given up.
    virtual_seats: Vec<Rc<Seat>>,
    schedule: std::iter::Peekable<Schedule>,
    alarm: Alarm,
    errands: mpsc::Receiver<Errand>,
    reports: mpsc::Sender<Report>,
    stop: CancellationToken,
    abort: CancellationToken,
    number: u32,
    workers: u32,
    probes_sent: u64,
    next_hand_over: Tick,
    lanes_max: usize,
    backlog_max: usize,
}

impl<C: Connector> Worker<C> {
    fn new(setup: WorkerSetup<C>) -> io::Result<Self> {
        let run = setup.context;
        let share = |total: u32| (total.div_ceil(setup.workers.max(1))).max(1) as usize;
        let schedule = Schedule::new(
            Arc::clone(&run.phases),
            run.arrivals,
            run.start,
            setup.number,
            setup.workers,
        );
        let ledger = Ledger::new(run.shape.clone(), ProbeQueue::new(run.probe, run.end()));
        Ok(Self {
            pool: Rc::default(),
            lanes: JoinSet::new(),
            virtual_seats: Vec::new(),
            schedule: schedule.peekable(),
            alarm: Alarm::new()?,
            errands: setup.errands,
            reports: setup.reports,
            stop: setup.stop,
            abort: setup.abort,
            number: setup.number,
            workers: setup.workers,
            probes_sent: 0,
            next_hand_over: run.start + HAND_OVER,
            lanes_max: share(run.plan.connections),
            backlog_max: share(run.plan.backlog),
            shared: Rc::new(Shared {
                run,
                connector: setup.connector,
                ledger: RefCell::new(ledger),
            }),
        })
    }

    async fn run(mut self) -> io::Result<()> {
        self.pace().await?;
        self.drain().await?;
        self.lanes.shutdown().await;
        self.final_hand_over().await;
        Ok(())
    }

    /// Sends what is due until the end of the last phase, or until told to stop.
    async fn pace(&mut self) -> io::Result<()> {
        let end = self.shared.run.end();
        while !self.stop.is_cancelled() {
            let now = self.shared.run.clock.now();
            if now >= end && self.schedule.peek().is_none() {
                break;
            }
            let behind = self.dispatch(now);
            self.reap();
            self.hand_over_if_due(now);
            if behind {
                tokio::task::yield_now().await;
                continue;
            }
            let now = self.shared.run.clock.now();
            let wake = self.next_instant(now, end);
            if wake <= now {
                tokio::task::yield_now().await;
                continue;
            }
            tokio::select! {
                biased;
                () = self.stop.cancelled() => {}
                Some(errand) = self.errands.recv() => self.shared.ledger.borrow_mut().probes.take(errand),
                slept = self.alarm.wait(wake - now) => slept?,
            }
        }
        Ok(())
    }

    fn next_instant(&mut self, now: Tick, end: Tick) -> Tick {
        let step = self.schedule.peek().map_or(Tick::MAX, Step::at);
        let probe = self.shared.ledger.borrow().probes.next_at().unwrap_or(Tick::MAX);
        let end = if end > now { end } else { Tick::MAX };
        step.min(probe).min(end).min(self.next_hand_over).min(now + NAP_MAX)
    }

    /// Hands out what is due by `now`; true if there is more than a batch of it.
    fn dispatch(&mut self, now: Tick) -> bool {
        while let Ok(errand) = self.errands.try_recv() {
            self.shared.ledger.borrow_mut().probes.take(errand);
        }
        for _ in 0..BATCH {
            let Some(step) = self.schedule.next_if(|step| step.at() <= now) else {
                return self.dispatch_probes(now);
            };
            match step {
                Step::Due { seq, phase, at } => {
                    let job = self.shared.run.job(seq, phase, at);
                    self.shared.ledger.borrow_mut().due(&job, false);
                    self.assign(job);
                }
                Step::Closed { phase, until, users, first, think, .. } => {
                    for n in 0..users {
                        let number = first + n * self.workers;
                        self.open_virtual_user(phase, number, until, think);
                    }
                }
            }
        }
        true
    }

    fn dispatch_probes(&mut self, now: Tick) -> bool {
        for _ in 0..BATCH {
            let due = self.shared.ledger.borrow_mut().probes.pop(now);
            let Some((at, user)) = due else { return false };
            let seq =
                PROBE_SEQ + self.probes_sent * u64::from(self.workers) + u64::from(self.number);
            self.probes_sent += 1;
            let job = self.shared.run.probe(seq, user, at);
            self.shared.ledger.borrow_mut().due(&job, true);
            self.assign(job);
        }
        true
    }

    /// To an idle lane, or a new one, or the backlog.
    fn assign(&mut self, job: Job) {
        let mut pool = self.pool.borrow_mut();
        if let Some(n) = pool.idle.pop() {
            pool.seats[n].slot.put(job);
        } else if pool.seats.len() < self.lanes_max {
            let seat = Rc::new(Seat::default());
            seat.slot.put(job);
            let n = pool.seats.len();
            pool.seats.push(Rc::clone(&seat));
            let lane = Lane::new(Rc::clone(&self.shared));
            self.lanes.spawn_local(serve(lane, seat, n, Rc::clone(&self.pool)));
        } else if pool.backlog.len() < self.backlog_max {
            pool.backlog.push_back(job);
        } else {
            self.shared.ledger.borrow_mut().unsent(&job);
        }
    }

    fn open_virtual_user(&mut self, phase: usize, number: u32, until: Tick, think: Duration) {
        let seat = Rc::new(Seat::default());
        self.virtual_seats.push(Rc::clone(&seat));
        let lane = Lane::new(Rc::clone(&self.shared));
        let user = VirtualUser { phase, number, until, think, stop: self.stop.clone() };
        self.lanes.spawn_local(user.run(lane, seat, Rc::clone(&self.shared)));
    }

    /// Waits for what is in flight, up to the drain limit; counts what is left.
    async fn drain(&mut self) -> io::Result<()> {
        let clock = self.shared.run.clock;
        let limit = clock.now() + self.shared.run.plan.drain;
        loop {
            let now = clock.now();
            self.hand_over_if_due(now);
            self.reap();
            if self.stop.is_cancelled() {
                self.give_up_backlog();
            }
            let waiting = !self.pool.borrow().backlog.is_empty();
            let in_flight = self.shared.ledger.borrow().in_flight;
            if (in_flight == 0 && !waiting) || now >= limit || self.abort.is_cancelled() {
                break;
            }
            tokio::select! {
                () = self.abort.cancelled() => {}
                slept = self.alarm.wait(Duration::from_millis(2)) => slept?,
            }
        }
        self.count_what_is_left(clock.now());
        Ok(())
    }

    /// What waits for a connection is not sent any more.
    fn give_up_backlog(&mut self) {
        let mut ledger = self.shared.ledger.borrow_mut();
        for job in self.pool.borrow_mut().backlog.drain(..) {
            ledger.unsent(&job);
        }
    }

    fn count_what_is_left(&mut self, now: Tick) {
        self.give_up_backlog();
        let pool = self.pool.borrow();
        let mut ledger = self.shared.ledger.borrow_mut();
        for seat in pool.seats.iter().chain(&self.virtual_seats) {
            if let Some((job, _sent)) = seat.in_flight.take() {
                ledger.censored(&job, now);
            }
            // Handed to a lane that had no turn any more.
            if let Some(job) = seat.slot.take() {
                ledger.unsent(&job);
            }
            seat.slot.close();
        }
    }

    /// Lanes end only when told to; one that ended otherwise has panicked, which must not look
    /// like a quiet target.
    fn reap(&mut self) {
        while let Some(ended) = self.lanes.try_join_next() {
            if let Err(error) = ended
                && error.is_panic()
            {
                std::panic::resume_unwind(error.into_panic());
            }
        }
    }

    fn hand_over_if_due(&mut self, now: Tick) {
        if now < self.next_hand_over {
            return;
        }
        while self.next_hand_over <= now {
            self.next_hand_over += HAND_OVER;
        }
        // Where the collector is behind, the books simply go on; nothing is lost.
        if let Ok(permit) = self.reports.try_reserve() {
            permit.send(self.report(now));
        }
    }

    fn report(&self, at: Tick) -> Report {
        let worker = self.number;
        let entries = self.shared.ledger.borrow_mut().hand_over();
        Report { worker, at, entries, cpu: thread_cpu() }
    }

    async fn final_hand_over(&mut self) {
        let report = self.report(self.shared.run.clock.now());
        // The collector outlives the workers; if it is gone there is nobody to tell.
        let _ = self.reports.send(report).await;
    }
}

/// A lane of an open phase: job after job, the backlog before idleness.
async fn serve<C: Connector>(mut lane: Lane<C>, seat: Rc<Seat>, n: usize, pool: Rc<RefCell<Pool>>) {
    while let Some(first) = seat.slot.next().await {
        let mut next = Some(first);
        while let Some(job) = next {
            lane.perform(job, &seat.in_flight).await;
            next = pool.borrow_mut().backlog.pop_front();
        }
        pool.borrow_mut().idle.push(n);
    }
}

/// A virtual user of a closed phase.
struct VirtualUser {
    phase: usize,
    number: u32,
    until: Tick,
    think: Duration,
    stop: CancellationToken,
}

impl VirtualUser {
    async fn run<C: Connector>(self, mut lane: Lane<C>, seat: Rc<Seat>, shared: Rc<Shared<C>>) {
        let clock = shared.run.clock;
        // Each user's requests have numbers of their own: phase, user, count.
        let base = (1 << 61) | ((self.phase as u64) << 48) | (u64::from(self.number) << 28);
        for count in 0.. {
            let due = clock.now();
            if due >= self.until || self.stop.is_cancelled() {
                return;
            }
            let job = shared.run.job(base + count, self.phase, due);
            shared.ledger.borrow_mut().due(&job, false);
            lane.perform(job, &seat.in_flight).await;
            if self.think.is_zero() {
                // A connection that is refused at once never waits; others must have their turn.
                tokio::task::yield_now().await;
                continue;
            }
            let until = clock.deadline((clock.now() + self.think).min(self.until));
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }
}
