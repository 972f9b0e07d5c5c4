//! The lanes of open phases: who is idle, who waits for an idle one.
//!
//! The last lane that became idle is the first to be used again, so no more connections stay in
//! use than the load needs.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::context::Job;
use super::lane::{Lane, Seat};
use super::ledger::Ledger;
use super::retry::Retries;
use crate::clock::Tick;
use crate::wire::Connector;

/// The most requests that one worker's clients may mean to ask again at a time; what is beyond
/// counts as given up.
const RETRIES_MAX: usize = 100_000;

/// A request that waits for a lane.
#[derive(Debug)]
pub struct Waiting {
    /// It.
    pub job: Job,
    /// When every lane was found busy.
    pub since: Tick,
}

/// The lanes of one worker.
#[derive(Debug, Default)]
pub struct Pool {
    /// What each lane is doing.
    pub seats: Vec<Rc<Seat>>,
    /// Numbers of the lanes that do nothing.
    pub idle: Vec<usize>,
    /// Requests that are due and wait for a lane.
    pub backlog: VecDeque<Waiting>,
    /// What clients ask again.
    pub retries: Retries,
    /// The most that `backlog` may hold.
    pub waiting_max: usize,
}

impl Pool {
    /// What waits is not sent any more.
    pub fn give_up_waiting(&mut self, ledger: &mut Ledger) {
        for Waiting { job, .. } in self.backlog.drain(..) {
            ledger.unsent(&job);
        }
        for job in self.retries.drain() {
            ledger.retry_unsent(job.phase);
        }
    }

    /// Counts what lanes have begun and not ended as given up, and closes them.
    pub fn give_up_lanes<'a>(
        seats: impl Iterator<Item = &'a Rc<Seat>>,
        ledger: &mut Ledger,
        now: Tick,
    ) {
        for seat in seats {
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
}

/// Where one lane of open phases serves.
#[derive(Debug)]
pub struct Post {
    /// What it is doing.
    pub seat: Rc<Seat>,
    /// Its number in the pool.
    pub number: usize,
    /// The pool.
    pub pool: Rc<RefCell<Pool>>,
}

impl Post {
    /// Job after job, the backlog before idleness. A lane that opens `ahead` has no job yet, and is
    /// idle once it is connected.
    pub async fn serve<C: Connector>(self, mut lane: Lane<C>, ahead: bool) {
        if ahead {
            lane.open().await;
            self.pool.borrow_mut().idle.push(self.number);
        }
        while let Some(first) = self.seat.slot.next().await {
            lane.begun();
            let mut again = lane.perform(&first, lane.now(), &self.seat).await;
            while let Some(Waiting { job, since }) = self.next_waiting(&lane, again) {
                again = lane.perform_late(&job, since, &self.seat).await;
            }
            self.pool.borrow_mut().idle.push(self.number);
        }
    }

    /// What waits longest, after noting what the client asks `again`.
    fn next_waiting<C: Connector>(&self, lane: &Lane<C>, again: Option<Job>) -> Option<Waiting> {
        let mut pool = self.pool.borrow_mut();
        if let Some(again) = again
            && let Err(again) = pool.retries.push(again, RETRIES_MAX)
        {
            lane.gave_up(&again);
        }
        pool.backlog.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::clock::Clock;
    use crate::identity::UserIndex;
    use crate::load::mix::Credentials;
    use crate::load::{Gather, ProbePlan, ProbeQueue};
    use crate::measure::Shape;
    use crate::units::Share;

    fn job(attempt: u32) -> Job {
        Job {
            seq: 1,
            phase: 0,
            due: Tick::from_micros(10),
            user: UserIndex(0),
            route: 0,
            asked: None,
            credentials: Credentials::Own,
            attempt,
        }
    }

    #[test]
    fn what_the_end_cuts_off_is_unsent_and_not_given_up() {
        let probe = ProbePlan {
            gap: Duration::from_millis(1),
            growth: 0.0,
            until: Duration::ZERO,
            prime: Duration::ZERO,
            quiet: Share::new(0.0).unwrap(),
        };
        let shape = Shape { phases: 1, ..Shape::default() };
        let gather = Arc::new(Gather::of_this_thread(Clock::start()));
        let mut ledger = Ledger::new(shape, ProbeQueue::new(probe, Tick::MAX), gather);
        let mut pool = Pool::default();
        pool.backlog.push_back(Waiting { job: job(0), since: Tick::from_micros(11) });
        assert!(pool.retries.push(job(1), 2).is_ok() && pool.retries.push(job(2), 2).is_ok());
        pool.give_up_waiting(&mut ledger);
        let entries = ledger.hand_over();
        let record = &entries.recorder.phases()[0];
        assert_eq!((record.unsent, record.retries_unsent, record.retries_exhausted), (1, 2, 0));
    }
}
