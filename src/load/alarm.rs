//! Waiting for an instant, to within what the kernel can do.
//!
//! The runtime's own timers have a grain of a millisecond. A `timerfd` is a kernel timer of
//! nanosecond grain that the runtime waits for as for a socket (timerfd_create(2)).

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::unix::AsyncFd;

/// One kernel timer; one waiter at a time.
#[derive(Debug)]
pub struct Alarm {
    timer: AsyncFd<OwnedFd>,
}

impl Alarm {
    /// Must be called within a runtime.
    #[expect(
        deprecated,
        reason = "its successor is unsafe, for types whose descriptor may change \
        under way; an OwnedFd that nobody else holds cannot"
    )]
    pub fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        Ok(Self { timer: AsyncFd::new(timer)? })
    }

    /// Waits for `span`; dropping the future is harmless, the next wait sets the timer anew.
    ///
    /// May end early, once, if an earlier wait was dropped just as its time was up: readiness is
    /// noticed by its edge, and the timer is not asked whose edge it was, which would be one more
    /// system call for every wait. Callers look at the clock anyway.
    pub async fn wait(&self, span: Duration) -> io::Result<()> {
        self.set(span)?;
        // Setting the timer anew forgets that it has expired, so the next expiry is an edge again
        // although nobody has read from it (epoll(7)).
        self.timer.readable().await?.clear_ready();
        Ok(())
    }

    fn set(&self, span: Duration) -> io::Result<()> {
        // A span of zero would disarm the timer.
        let span = span.max(Duration::from_nanos(1));
        let it_value = Timespec {
            tv_sec: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: span.subsec_nanos().into(),
        };
        let once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let spec = Itimerspec { it_interval: once, it_value };
        timerfd_settime(self.timer.get_ref(), TimerfdTimerFlags::empty(), &spec)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[tokio::test]
    async fn waits_as_long_as_asked_and_survives_being_dropped() {
        let (alarm, clock) = (Alarm::new().unwrap(), Clock::start());
        for _ in 0..3 {
            let given_up =
                tokio::time::timeout(Duration::from_millis(2), alarm.wait(Duration::from_secs(9)));
            assert!(given_up.await.is_err());
            let from = clock.now();
            alarm.wait(Duration::from_millis(5)).await.unwrap();
            let waited = clock.now() - from;
            // Never early; the upper bound leaves room for a busy machine.
            assert!((5..500).contains(&waited.as_millis()), "{waited:?}");
        }
    }

    #[tokio::test]
    async fn a_wait_that_nobody_read_does_not_end_the_next_one() {
        let (alarm, clock) = (Alarm::new().unwrap(), Clock::start());
        for _ in 0..50 {
            let from = clock.now();
            alarm.wait(Duration::from_millis(2)).await.unwrap();
            let waited = clock.now() - from;
            assert!((2..500).contains(&waited.as_millis()), "{waited:?}");
        }
    }
}
