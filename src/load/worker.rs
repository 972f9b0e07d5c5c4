//! One worker: a thread with its own runtime, schedule, lanes and books.
//!
//! The pacer hands what is due to idle lanes; when none is idle it opens another, up to the limit,
//! and beyond that the request waits in a bounded backlog, its clock running. What finds no room
//! there is counted as unsent. Nothing that a request does can hold the pacer up.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::LocalOptions;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::alarm::Alarm;
use super::context::{Context, Job};
use super::gather::Gather;
use super::lane::{Lane, Seat, Shared};
use super::ledger::{Ledger, Report};
use super::pace::{Pace, Wait};
use super::pool::{Pool, Post, Waiting};
use super::precedence::Precedence;
use super::probe::{Errand, ProbeQueue};
use super::schedule::{Schedule, Step};
use super::tap::Tap;
use super::virtual_user::VirtualUser;
use crate::clock::{Tick, thread_cpu};
use crate::machine::RunQueue;
use crate::replay::Intake;
use crate::wire::Connector;

/// How often a worker hands over.
pub const HAND_OVER: Duration = Duration::from_secs(1);

/// The longest the pacer sleeps: it looks after its books at least so often.
const NAP_MAX: Duration = Duration::from_millis(100);

/// By how much a worker is awake before the load begins.
const WAKE_BEFORE_START: Duration = Duration::from_millis(1);

/// The niceness of a worker's thread.
const WORKER_NICE: i32 = -10;

/// Requests dispatched before the lanes get a turn.
const BATCH: usize = 32;

/// How soon a worker looks again for what was not yet read of a recording.
const PATIENCE: Duration = Duration::from_micros(500);

/// Numbers of probes start here, so that they never meet those of the schedule.
pub const PROBE_SEQ: u64 = 1 << 60;

/// Numbers of the requests of virtual users start here, beyond those of schedules and probes.
pub const VIRTUAL_SEQ: u64 = 1 << 61;

/// What a worker is started with.
pub struct WorkerSetup {
    /// Its number, from 0.
    pub number: u32,
    /// How many there are.
    pub workers: u32,
    /// What all of them read.
    pub context: Arc<Context>,
    /// What it is asked to do meanwhile.
    pub errands: mpsc::Receiver<Errand>,
    /// Where its reports go.
    pub reports: mpsc::Sender<Report>,
    /// Send nothing more; wait for what is in flight.
    pub stop: CancellationToken,
    /// Do not wait either.
    pub abort: CancellationToken,
    /// Where it takes what it replays from.
    pub recordings: Option<Intake>,
    /// Where it hands requests on, if somebody keeps them.
    pub tap: Option<Tap>,
}

/// Runs a worker to its end on the calling thread.
pub fn run<C: Connector>(setup: WorkerSetup, connector: C) -> io::Result<()> {
    // A worker uses little of its core but must have it when a request is due. Only for this
    // thread (setpriority(2)); refused without the privilege, and then it competes like others.
    if setup.context.urgent {
        let _ = rustix::process::setpriority_process(None, WORKER_NICE);
    }
    let gather = Arc::new(Gather::of_this_thread(setup.context.clock));
    let before_idle = Arc::clone(&gather);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_park(move || before_idle.before_idle())
        .build_local(LocalOptions::default())?;
    runtime.block_on(async move { Worker::new(setup, connector, gather)?.run().await })
}

struct Worker<C: Connector> {
    shared: Rc<Shared<C>>,
    pool: Rc<RefCell<Pool>>,
    lanes: JoinSet<()>,
    /// What virtual users are doing, for the count of what was given up.
    virtual_seats: Vec<Rc<Seat>>,
    schedule: std::iter::Peekable<Schedule>,
    alarm: Alarm,
    pace: Pace,
    gather: Arc<Gather>,
    /// For how long answers may lie unread: a grain, where the kernel dates them.
    lie_for: Duration,
    run_queue: RunQueue,
    /// CPU time and run-queue delay of the thread before load began.
    before_load: (Duration, Option<Duration>),
    errands: mpsc::Receiver<Errand>,
    reports: mpsc::Sender<Report>,
    stop: CancellationToken,
    abort: CancellationToken,
    number: u32,
    workers: u32,
    probes_sent: u64,
    next_hand_over: Tick,
    /// When to look again whether more of a recording has been read.
    look_again: Tick,
    lanes_max: usize,
}

impl<C: Connector> Worker<C> {
    fn new(setup: WorkerSetup, connector: C, gather: Arc<Gather>) -> io::Result<Self> {
        let run = setup.context;
        let share = |total: u32| total.div_ceil(setup.workers.max(1)) as usize;
        let schedule = Schedule::new(
            Arc::clone(&run.phases),
            run.arrivals,
            run.start,
            setup.number,
            setup.workers,
            setup.recordings,
        );
        let waiting_max = share(run.plan.backlog);
        let probes = ProbeQueue::new(run.probe, run.end());
        let precedence = Precedence::new(run.clock);
        let ledger = Ledger::new(run.shape.clone(), probes, Arc::clone(&gather));
        Ok(Self {
            pool: Rc::new(RefCell::new(Pool { waiting_max, ..Pool::default() })),
            lanes: JoinSet::new(),
            virtual_seats: Vec::new(),
            schedule: schedule.peekable(),
            alarm: Alarm::new()?,
            pace: Pace::new(run.plan.spin, run.plan.grain, run.start),
            run_queue: RunQueue::of_this_thread(),
            before_load: (Duration::ZERO, None),
            errands: setup.errands,
            reports: setup.reports,
            stop: setup.stop,
            abort: setup.abort,
            number: setup.number,
            workers: setup.workers,
            probes_sent: 0,
            next_hand_over: run.start + HAND_OVER,
            look_again: Tick::ZERO,
            lanes_max: share(run.plan.lanes()).max(1),
            lie_for: if connector.lets_answers_lie() { run.plan.grain } else { Duration::ZERO },
            shared: Rc::new(Shared {
                run,
                connector,
                ledger: RefCell::new(ledger),
                gather: Arc::clone(&gather),
                precedence,
                tap: setup.tap.map(RefCell::new),
            }),
            gather,
        })
    }

    async fn run(mut self) -> io::Result<()> {
        self.open_lanes();
        self.wait_for_start().await?;
        self.pace().await?;
        self.drain().await?;
        self.lanes.shutdown().await;
        self.final_hand_over().await;
        Ok(())
    }

    /// Sleeps, however it waits later: what this takes is no part of the load's account.
    async fn wait_for_start(&mut self) -> io::Result<()> {
        let nearly = self.shared.run.start.saturating_sub(WAKE_BEFORE_START);
        let now = self.shared.run.clock.now();
        if nearly > now {
            self.alarm.wait(nearly - now).await?;
        }
        self.before_load = (thread_cpu(), self.run_queue.delay());
        Ok(())
    }

    /// Sends what is due until the end of the last phase, or until told to stop.
    async fn pace(&mut self) -> io::Result<()> {
        let end = self.shared.run.end();
        let mut turn_began = None;
        while !self.stop.is_cancelled() {
            let began = self.shared.run.clock.now();
            if let Some(before) = turn_began.take() {
                // All of it, from one look at what is due to the next.
                self.pace.turned(before, began);
            }
            if began >= end && self.nothing_is_left(began, end) {
                break;
            }
            let behind = self.dispatch(began);
            self.reap();
            self.hand_over_if_due(began);
            if behind {
                self.next_due(Tick::MAX);
                tokio::task::yield_now().await;
                continue;
            }
            let request = self.next_request(began);
            self.next_due(request);
            let now = self.shared.run.clock.now();
            let other = match now < end {
                true => end,
                // The last request was this turn's.
                false if self.nothing_is_left(now, end) => now,
                false => Tick::MAX,
            };
            let wake = request.min(other).min(self.next_hand_over).min(now + NAP_MAX);
            if wake <= now {
                tokio::task::yield_now().await;
                continue;
            }
            match self.pace.until(now, wake, wake != request) {
                Wait::Spin => {
                    tokio::task::yield_now().await;
                    turn_began = Some(began);
                }
                Wait::Stare => {
                    let mut now = now;
                    while now < wake {
                        std::hint::spin_loop();
                        now = self.shared.run.clock.now();
                    }
                    self.pace.turned(began, now);
                    self.dispatch(now);
                    // However close the next one is, this one is to be sent.
                    tokio::task::yield_now().await;
                }
                Wait::Sleep(span) if wake == request && span <= self.lie_for => {
                    self.gather.grain_ends(wake);
                    self.sleep(now, span).await?;
                    self.gather.grain_ends(Tick::ZERO);
                    // What has come is read first: its lanes are the next to be used.
                    tokio::task::yield_now().await;
                }
                Wait::Sleep(span) => self.sleep(now, span).await?,
            }
        }
        Ok(())
    }

    /// Sleeps, or does what it is asked meanwhile. Being told to stop is noticed at the next nap.
    async fn sleep(&mut self, now: Tick, span: Duration) -> io::Result<()> {
        self.gather.quiet_until(now + span);
        tokio::select! {
            biased;
            slept = self.alarm.wait(span) => {
                slept?;
                let woken = self.shared.run.clock.now();
                // Else it was a wait that was given up before: see `Alarm::wait`.
                if woken >= now + span {
                    self.pace.woke(now + span, woken);
                }
            }
            Some(errand) = self.errands.recv() => {
                self.shared.ledger.borrow_mut().probes.take(errand);
            }
        }
        Ok(())
    }

    /// Whether the schedule is at its end. A recording that is not read by the end of the last
    /// phase is waited for as long as answers are; the harness knows that something is missing.
    fn nothing_is_left(&mut self, now: Tick, end: Tick) -> bool {
        let given_up = now >= end + self.shared.run.plan.drain;
        if now < self.look_again {
            return given_up;
        }
        match self.schedule.peek() {
            None => true,
            Some(Step::Behind) => given_up,
            Some(_) => false,
        }
    }

    /// When the next request is to be sent, of whatever origin.
    fn next_request(&mut self, now: Tick) -> Tick {
        let step = match self.look_again {
            later if later > now => later,
            _ => self.schedule.peek().map_or(Tick::MAX, Step::at),
        };
        let probe = self.shared.ledger.borrow().probes.next_at().unwrap_or(Tick::MAX);
        let retry = self.pool.borrow().retries.next_at().unwrap_or(Tick::MAX);
        self.pace.grained(step.min(probe).min(retry))
    }

    /// Answers are read after what is due at `request`, if a lane is free for it, and if it is not
    /// late anyway for the sake of its grain.
    fn next_due(&self, request: Tick) {
        let waits = !self.pool.borrow().backlog.is_empty() || !self.shared.run.plan.grain.is_zero();
        self.shared.precedence.next_due(if waits { Tick::MAX } else { request });
    }

    /// Hands out what is due by `now`; true if there is more than a batch of it.
    fn dispatch(&mut self, now: Tick) -> bool {
        while let Ok(errand) = self.errands.try_recv() {
            self.shared.ledger.borrow_mut().probes.take(errand);
        }
        for _ in 0..BATCH {
            if now < self.look_again {
                return self.dispatch_follow_ups(now);
            }
            let Some(step) = self.schedule.next_if(|step| step.at() <= now) else {
                return self.dispatch_follow_ups(now);
            };
            match step {
                Step::Due { seq, phase, at, asked } => {
                    let job = self.shared.run.job(seq, phase, at, asked);
                    self.assign(job, false);
                }
                Step::Behind => {
                    self.look_again = now + PATIENCE;
                    return self.dispatch_follow_ups(now);
                }
                Step::Closed { phase, until, users, first, think, .. } => {
                    // Those whose users have ended are of no further use.
                    self.virtual_seats.retain(|seat| Rc::strong_count(seat) > 1);
                    for n in 0..users {
                        let number = first + n * self.workers;
                        self.open_virtual_user(phase, number, until, think);
                    }
                }
            }
        }
        self.dispatch_follow_ups(now);
        true
    }

    /// Probes of changed users, and what clients ask again.
    fn dispatch_follow_ups(&mut self, now: Tick) -> bool {
        for _ in 0..BATCH {
            let retry = self.pool.borrow_mut().retries.pop(now);
            let probe = self.shared.ledger.borrow_mut().probes.pop(now);
            if retry.is_none() && probe.is_none() {
                return false;
            }
            if let Some(job) = retry {
                self.assign(job, false);
            }
            if let Some((at, user)) = probe {
                let seq =
                    PROBE_SEQ + self.probes_sent * u64::from(self.workers) + u64::from(self.number);
                self.probes_sent += 1;
                let job = self.shared.run.probe(seq, user, at);
                self.assign(job, true);
            }
        }
        true
    }

    /// Counts it as due and gives it to an idle lane, or a new one, or the backlog.
    fn assign(&mut self, job: Job, is_probe: bool) {
        self.shared.ledger.borrow_mut().due(&job, is_probe);
        let mut pool = self.pool.borrow_mut();
        if let Some(n) = pool.idle.pop() {
            self.hand(&pool.seats[n], job);
        } else if pool.seats.len() < self.lanes_max {
            drop(pool);
            let seat = self.open_lane(false);
            self.hand(&seat, job);
        } else if pool.backlog.len() < pool.waiting_max {
            let since = self.shared.run.clock.now();
            pool.backlog.push_back(Waiting { job, since });
            self.shared.ledger.borrow_mut().waits();
        } else {
            drop(pool);
            self.shared.ledger.borrow_mut().unsent(&job);
        }
    }

    fn hand(&self, seat: &Seat, job: Job) {
        seat.slot.put(job);
        self.shared.precedence.handed_out();
    }

    /// The lanes that are to be there, connected, before the first request is due.
    fn open_lanes(&mut self) {
        let plan = &self.shared.run.plan;
        let connections = plan.open_connections.div_ceil(self.workers.max(1));
        let wanted = connections.saturating_mul(plan.streams_per_connection);
        for _ in 0..self.lanes_max.min(wanted as usize) {
            self.open_lane(true);
        }
    }

    /// Another lane for open phases; one that opens `ahead` is idle once it is connected.
    fn open_lane(&mut self, ahead: bool) -> Rc<Seat> {
        let seat = Rc::new(Seat::default());
        let mut pool = self.pool.borrow_mut();
        let number = pool.seats.len();
        pool.seats.push(Rc::clone(&seat));
        let post = Post { seat: Rc::clone(&seat), number, pool: Rc::clone(&self.pool) };
        self.lanes.spawn_local(post.serve(Lane::new(Rc::clone(&self.shared)), ahead));
        seat
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
        self.shared.precedence.next_due(Tick::MAX);
        let clock = self.shared.run.clock;
        let limit = clock.now() + self.shared.run.plan.drain;
        // What was handed to a lane last is to be begun, or it would count as neither.
        tokio::task::yield_now().await;
        loop {
            let now = clock.now();
            self.hand_over_if_due(now);
            self.reap();
            if self.stop.is_cancelled() {
                self.give_up_waiting();
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
        self.give_up_waiting();
        let (pool, mut ledger) = (self.pool.borrow(), self.shared.ledger.borrow_mut());
        let seats = pool.seats.iter().chain(&self.virtual_seats);
        Pool::give_up_lanes(seats, &mut ledger, clock.now());
        Ok(())
    }

    fn give_up_waiting(&mut self) {
        self.pool.borrow_mut().give_up_waiting(&mut self.shared.ledger.borrow_mut());
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
        let reports = self.reports.clone();
        if let Ok(permit) = reports.try_reserve() {
            permit.send(self.report(now));
        }
    }

    fn report(&mut self, at: Tick) -> Report {
        let worker = self.number;
        let entries = self.shared.ledger.borrow_mut().hand_over();
        let (cpu_before, delay_before) = self.before_load;
        let cpu = thread_cpu().saturating_sub(cpu_before);
        let before = delay_before.unwrap_or_default();
        let run_delay = self.run_queue.delay().map(|delay| delay.saturating_sub(before));
        Report { worker, at, entries, cpu, spun: self.pace.take_spun(), run_delay }
    }

    async fn final_hand_over(&mut self) {
        let report = self.report(self.shared.run.clock.now());
        // The collector outlives the workers; if it is gone there is nobody to tell.
        let _ = self.reports.send(report).await;
    }
}
