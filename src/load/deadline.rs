//! A time limit that is set anew for each request and costs almost nothing if it never passes.
//!
//! One timer of the runtime serves a lane for good. It is left where an earlier request put it;
//! when it goes off there and the present limit lies later, it is moved. Its grain is a
//! millisecond, which is fine for a limit and would not be for a measurement.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Poll, ready};

use tokio::time::{Sleep, sleep_until};

use crate::clock::{Clock, Tick};
use crate::outcome::Failure;

/// The time limit of one lane.
#[derive(Debug)]
pub struct Deadline {
    clock: Clock,
    limit: Tick,
    /// When the timer goes off; not after the limit.
    armed: Tick,
    timer: Pin<Box<Sleep>>,
}

impl Deadline {
    /// Must be called within a runtime.
    pub fn new(clock: Clock) -> Self {
        let armed = clock.now();
        Self { clock, limit: armed, armed, timer: Box::pin(sleep_until(clock.deadline(armed))) }
    }

    /// The limit from now on.
    pub fn set(&mut self, limit: Tick) {
        self.limit = limit;
        if limit < self.armed {
            self.arm();
        }
    }

    fn arm(&mut self) {
        self.armed = self.limit;
        self.timer.as_mut().reset(self.clock.deadline(self.limit));
    }

    /// What the future gives, or [`Failure::Timeout`] if the limit passes first.
    pub async fn bound<T>(
        &mut self,
        future: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if let Poll::Ready(done) = future.as_mut().poll(cx) {
                return Poll::Ready(done);
            }
            loop {
                ready!(self.timer.as_mut().poll(cx));
                if self.armed >= self.limit {
                    return Poll::Ready(Err(Failure::Timeout));
                }
                self.arm();
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use super::*;

    /// Real time: the runtime's paused clock and [`Clock`] would not agree.
    #[tokio::test]
    async fn each_use_has_a_limit_of_its_own() {
        let clock = Clock::start();
        let mut deadline = Deadline::new(clock);
        let after = |millis| clock.now() + Duration::from_millis(millis);
        for limit in [500, 2_000, 1_000] {
            deadline.set(after(limit));
            assert_eq!(deadline.bound(async { Ok(7) }).await, Ok(7));
        }
        // Longer than the limit that the timer was last armed for.
        deadline.set(after(60_000));
        let slow = async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            Ok(1)
        };
        assert_eq!(deadline.bound(slow).await, Ok(1));
        for limit in [20, 10, 40] {
            let began = clock.now();
            deadline.set(after(limit));
            assert_eq!(deadline.bound(pending::<Result<(), _>>()).await, Err(Failure::Timeout));
            let took = (clock.now() - began).as_millis() as u64;
            assert!((limit..limit + 5_000).contains(&took), "{took} ms for {limit} ms");
        }
    }
}
