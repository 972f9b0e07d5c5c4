//! The raw engine: bytes as they are, no redirects, no cookies, nothing decoded.

use std::sync::Arc;

use super::http1::{Http1, Limits, Room};
use super::http2::{Http2, Keep, Pool};
use super::transport::{Dialed, Dialer, Reach, Version};
use super::{Connected, Connection, Connector, Received, Template, Values};
use crate::clock::Clock;
use crate::outcome::{Failure, Observation};

/// Makes connections of whichever HTTP the target is to speak.
#[derive(Debug)]
pub struct RawConnector {
    dialer: Dialer,
    limits: Limits,
    room: Room,
    http2: Option<Pool>,
}

impl RawConnector {
    /// Connects as `reach` says, with one request at a time on a connection; answers may be as
    /// large as `limits` says. [`Version::Auto`] means HTTP/1.1 here: agree on one before.
    pub fn new(clock: Clock, reach: Arc<Reach>, limits: Limits) -> Self {
        Self::with_streams(clock, reach, limits, 1, Keep::default())
    }

    /// As [`RawConnector::new`]; where HTTP/2 is spoken, a transport carries up to `streams`
    /// requests at a time and is kept as `keep` says.
    pub fn with_streams(
        clock: Clock,
        reach: Arc<Reach>,
        limits: Limits,
        streams: u32,
        keep: Keep,
    ) -> Self {
        let approach = reach.approach();
        let room = Room::default();
        let http2 = (approach.version == Version::Http2)
            .then(|| Pool::new(clock, approach, streams, keep, (limits, room.clone())));
        Self { dialer: Dialer::new(clock, reach), limits, room, http2 }
    }

    /// With `dates`, answers are dated when the kernel receives them, where it can.
    #[must_use]
    pub fn dating(self, dates: bool) -> Self {
        Self { dialer: self.dialer.dating(dates), ..self }
    }

    async fn dial(&self) -> Result<Dialed, Failure> {
        self.dialer.dial().await.map_err(|error| error.failure())
    }
}

impl Connector for RawConnector {
    type Connection = RawConnection;

    async fn connect(&self) -> Result<Connected<RawConnection>, Failure> {
        if let Some(pool) = &self.http2 {
            let dial = || async { self.dial().await.map(|dialed| (dialed.stream, dialed.set_up)) };
            let Connected { connection, set_up, shares } = pool.connect(dial).await?;
            return Ok(Connected { connection: RawConnection::Http2(connection), set_up, shares });
        }
        let Dialed { stream, set_up, .. } = self.dial().await?;
        let connection = RawConnection::Http1(Http1::new(stream, self.limits, self.room.clone()));
        Ok(Connected { connection, set_up: Some(set_up), shares: false })
    }

    fn lets_answers_lie(&self) -> bool {
        // Streams of one transport wait for each other's windows.
        self.dialer.dates_arrivals() && self.http2.is_none()
    }
}

/// A connection of either protocol.
#[derive(Debug)]
pub enum RawConnection {
    /// A connection of its own.
    Http1(Http1),
    /// A stream on a shared one.
    Http2(Http2),
}

impl Connection for RawConnection {
    fn stage(&mut self, template: &Template, values: &Values<'_>) {
        match self {
            Self::Http1(http1) => http1.stage(template, values),
            Self::Http2(http2) => http2.stage(template, values),
        }
    }

    async fn send(&mut self) -> Result<(), Failure> {
        match self {
            Self::Http1(http1) => http1.send().await,
            Self::Http2(http2) => http2.send().await,
        }
    }

    async fn receive<R>(
        &mut self,
        read: impl FnOnce(&Observation<'_>) -> R,
    ) -> Result<Received<R>, Failure> {
        match self {
            Self::Http1(http1) => http1.receive(read).await,
            Self::Http2(http2) => http2.receive(read).await,
        }
    }

    fn is_closed(&mut self) -> bool {
        match self {
            Self::Http1(http1) => http1.is_closed(),
            Self::Http2(http2) => http2.is_closed(),
        }
    }
}
