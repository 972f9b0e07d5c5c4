//! A virtual user of a closed phase: sends, waits for the answer, thinks, and sends again.

use std::rc::Rc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::context::Job;
use super::lane::{Lane, Seat, Shared};
use super::worker::VIRTUAL_SEQ;
use crate::clock::Tick;
use crate::wire::Connector;

/// One virtual user.
#[derive(Debug)]
pub struct VirtualUser {
    /// The closed phase.
    pub phase: usize,
    /// Its number in the run.
    pub number: u32,
    /// When the phase ends.
    pub until: Tick,
    /// Pause between an answer and the next request.
    pub think: Duration,
    /// Send nothing more.
    pub stop: CancellationToken,
}

impl VirtualUser {
    /// Sends until the phase ends.
    pub async fn run<C: Connector>(self, mut lane: Lane<C>, seat: Rc<Seat>, shared: Rc<Shared<C>>) {
        let clock = shared.run.clock;
        // Each user's requests have numbers of their own: phase, user, count.
        let base = VIRTUAL_SEQ | ((self.phase as u64) << 48) | (u64::from(self.number) << 28);
        for count in 0.. {
            let due = clock.now();
            if due >= self.until || self.stop.is_cancelled() {
                return;
            }
            let mut next = Some(shared.run.job(base + count, self.phase, due, None));
            while let Some(job) = next {
                shared.ledger.borrow_mut().due(&job, false);
                next = lane.perform(&job, job.due, &seat).await;
                if let Some(again) = &next
                    && (again.due >= self.until || !self.wait(clock.deadline(again.due)).await)
                {
                    shared.ledger.borrow_mut().retry_unsent(again.phase);
                    return;
                }
                next = next.map(|job| Job { due: clock.now(), ..job });
            }
            if !lane.is_connected() {
                // A connection that is refused at once never waits; others must have their turn.
                tokio::task::yield_now().await;
            }
            if !self.think.is_zero()
                && !self.wait(clock.deadline((clock.now() + self.think).min(self.until))).await
            {
                return;
            }
        }
    }

    /// Waits; false if it is told to stop meanwhile.
    async fn wait(&self, until: tokio::time::Instant) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep_until(until) => true,
        }
    }
}
