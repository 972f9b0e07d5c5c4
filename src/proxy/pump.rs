//! One direction of one connection: reads, holds back as the mode says, writes.
//!
//! One loop does everything and can be interrupted at each wait, so a change of mode takes hold
//! whether the peers talk, stall or are silent. What the loop decides by is pure ([`Queue`],
//! [`State`]).

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::sleep_until;

use super::counts::{Counters, add};
use super::queue::{Head, Queue};
use super::requests::RequestCounter;
use super::state::{Mode, State};
use crate::clock::{Clock, Tick};

/// How much is read at a time.
pub(super) const PIECE: usize = 32 * 1024;
/// How much a delay holds back before it stops reading: a long delay of a fast stream is also a
/// limit of its rate, this many bytes a `latency`.
const HELD: usize = 1024 * 1024;

/// Which way the bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From the client to the upstream.
    Up,
    /// From the upstream to the client.
    Down,
}

/// Why a pump stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The stream ended and its end was passed on.
    Finished,
    /// A black hole is over that swallowed something: the stream has a hole.
    Lost,
    /// The client left while its bytes went into a black hole.
    Left,
    /// Reading or writing failed.
    Broken,
}

/// One direction of one connection.
pub(super) struct Pump<'a> {
    pub(super) way: Way,
    pub(super) clock: Clock,
    pub(super) counters: &'a Counters,
    pub(super) state: watch::Receiver<State>,
    pub(super) queue: Queue,
}

/// What a wait ended with.
enum Event {
    Changed,
    Due,
    Wrote(usize),
    Read(usize),
    Failed,
}

impl Pump<'_> {
    /// Pumps until the stream ends or breaks.
    pub(super) async fn run(
        mut self,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) -> End {
        let mut buffer = vec![0; PIECE];
        let mut requests = RequestCounter::default();
        let mut state = self.state.borrow_and_update().clone();
        let (mut ended, mut lost) = (false, false);
        loop {
            let now = self.clock.now();
            let mode = state.mode_at(now);
            if mode == Mode::BlackHole {
                lost |= self.swallow(&state);
            } else if lost {
                return End::Lost;
            }
            let delay = self.delay(mode);
            if delay.is_none() {
                self.queue.release();
            }
            let (ready, due) = match self.queue.head(now) {
                Head::Nothing => (&[][..], None),
                Head::Wait(release) => (&[][..], Some(release)),
                Head::Bytes(bytes) => (bytes, None),
                Head::End => {
                    // If this fails the peer is gone, which the other direction sees too.
                    let _ = to.shutdown().await;
                    return End::Finished;
                }
            };
            let room = if delay.is_some() { HELD } else { PIECE };
            let event = tokio::select! {
                biased;
                changed = self.state.changed() => changed.map_or(Event::Failed, |()| Event::Changed),
                wrote = to.write(ready), if !ready.is_empty() => {
                    wrote.map_or(Event::Failed, Event::Wrote)
                }
                read = from.read(&mut buffer), if !ended && self.queue.bytes() < room => {
                    read.map_or(Event::Failed, Event::Read)
                }
                () = sleep_until(self.clock.deadline(due.unwrap_or(Tick::MAX))), if due.is_some() => {
                    Event::Due
                }
            };
            match event {
                Event::Changed => state = self.state.borrow_and_update().clone(),
                Event::Due => {}
                Event::Failed | Event::Wrote(0) => return End::Broken,
                Event::Wrote(count) => self.queue.delivered(count),
                Event::Read(count) => {
                    self.count(&buffer[..count], &mut requests);
                    ended |= count == 0;
                    // The lease may have ended while nothing came.
                    if state.mode_at(self.clock.now()) != Mode::BlackHole {
                        self.take(&buffer[..count], &state);
                    } else if count == 0 && self.way == Way::Up {
                        return End::Left;
                    } else {
                        lost = true;
                        state.hit();
                    }
                }
            }
        }
    }

    /// Queues what was read, held back as the mode says.
    fn take(&mut self, bytes: &[u8], state: &State) {
        let now = self.clock.now();
        let delay = self.delay(state.mode_at(now));
        if delay.is_some() && !bytes.is_empty() {
            state.hit();
        }
        self.queue.push(bytes, now, delay);
    }

    /// Drops what is under way; whether that was anything.
    fn swallow(&mut self, state: &State) -> bool {
        let some = !self.queue.is_empty();
        if some {
            self.queue.clear();
            state.hit();
        }
        some
    }

    fn delay(&self, mode: Mode) -> Option<(Duration, Duration)> {
        match mode {
            Mode::Delay { latency, jitter } if self.way == Way::Down => Some((latency, jitter)),
            _ => None,
        }
    }

    fn count(&self, bytes: &[u8], requests: &mut RequestCounter) {
        match self.way {
            Way::Up => {
                add(&self.counters.bytes_up, bytes.len() as u64);
                add(&self.counters.requests, requests.feed(bytes));
            }
            Way::Down => add(&self.counters.bytes_down, bytes.len() as u64),
        }
    }
}
