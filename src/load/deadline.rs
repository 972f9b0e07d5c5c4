//! A time limit that is set anew for each request and costs almost nothing if it never passes.
//!
//! One timer of the runtime serves a lane for good. Moving it later, which is what each request
//! does, is one atomic write; the runtime finds out when the old instant comes. Its grain is a
//! millisecond, which is fine for a limit and would not be for a measurement.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::outcome::Failure;

/// The time limit of one lane.
#[derive(Debug)]
pub struct Deadline(Pin<Box<Sleep>>);

impl Deadline {
    /// Must be called within a runtime.
    pub fn new(at: Instant) -> Self {
        Self(Box::pin(sleep_until(at)))
    }

    /// The limit from now on.
    pub fn set(&mut self, at: Instant) {
        self.0.as_mut().reset(at);
    }

    /// What the future gives, or [`Failure::Timeout`] if the limit passes first.
    pub async fn bound<T>(
        &mut self,
        future: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let mut future = pin!(future);
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Pending => self.0.as_mut().poll(cx).map(|()| Err(Failure::Timeout)),
            done @ Poll::Ready(_) => done,
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use super::*;
    use crate::clock::{Clock, Tick};

    #[tokio::test(start_paused = true)]
    async fn each_use_has_a_limit_of_its_own() {
        let clock = Clock::start();
        let at = |millis: u64| clock.deadline(Tick::from_micros(millis * 1_000));
        let mut deadline = Deadline::new(at(10));
        for limit in [20, 50, 51] {
            deadline.set(at(limit));
            assert_eq!(deadline.bound(async { Ok(7) }).await, Ok(7));
        }
        deadline.set(at(1_000));
        let slow = async {
            tokio::time::sleep(Duration::from_millis(900)).await;
            Ok(1)
        };
        assert_eq!(deadline.bound(slow).await, Ok(1));
        deadline.set(at(2_000));
        assert_eq!(deadline.bound(pending::<Result<(), _>>()).await, Err(Failure::Timeout));
    }
}
