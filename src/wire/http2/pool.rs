//! The transports of one worker, and seats on them for its lanes.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use super::stream::{Http2, Origin};
use super::transport::{Opened, Seat, Transport};
use crate::clock::Clock;
use crate::outcome::Failure;
use crate::wire::http1::{Limits, Room};
use crate::wire::transport::{Approach, Stream};
use crate::wire::{Connected, SetUp};

/// How long transports are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// Requests after which one is replaced; 0 for never.
    pub requests: u32,
    /// One that was not used for longer is replaced; zero for never.
    pub idle: Duration,
}

/// The transports of one worker to one target.
#[derive(Debug)]
pub struct Pool {
    clock: Clock,
    origin: Rc<Origin>,
    streams: u32,
    keep: Keep,
    limits: Limits,
    room: Room,
    transports: RefCell<Vec<Rc<Transport>>>,
}

impl Pool {
    /// No transport yet; each will carry at most `streams` requests at a time.
    pub fn new(
        clock: Clock,
        approach: &Approach,
        streams: u32,
        keep: Keep,
        (limits, room): (Limits, Room),
    ) -> Self {
        let (origin, transports) = (Rc::new(Origin::of(approach)), RefCell::default());
        Self { clock, origin, streams: streams.max(1), keep, limits, room, transports }
    }

    /// A stream on a transport that has room, or else on a new one, which `dial` makes.
    pub async fn connect<F>(&self, dial: impl FnOnce() -> F) -> Result<Connected<Http2>, Failure>
    where
        F: Future<Output = Result<(Stream, SetUp), Failure>>,
    {
        let seat = Seat::take(&self.with_room());
        let mut made = None;
        let open = async {
            let (stream, set_up) = dial().await?;
            made = Some(set_up);
            Ok(Opened::new(stream, self.limits.body, self.room.clone()))
        };
        let transport = seat.transport();
        let opened = transport.opened.get_or_init(|| open).await;
        if let Err(failure) = opened {
            transport.retire();
            return Err(*failure);
        }
        transport.touch(self.clock.now());
        let connection = Http2::new(seat, Rc::clone(&self.origin), self.clock, self.keep);
        Ok(Connected { connection, shares: made.is_none(), set_up: made })
    }

    fn with_room(&self) -> Rc<Transport> {
        let now = self.clock.now();
        let mut transports = self.transports.borrow_mut();
        // Those that are of no further use stay only as long as a lane has a seat.
        transports.retain(|transport| !transport.is_closed());
        let mut all = transports.iter();
        if let Some(found) = all.find(|transport| transport.has_room(self.streams, &self.keep, now))
        {
            return Rc::clone(found);
        }
        let new = Rc::new(Transport::default());
        transports.push(Rc::clone(&new));
        new
    }
}
