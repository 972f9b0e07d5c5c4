//! The stages of one request, as the `Server-Timing` field tells them (W3C Server Timing).

use std::fmt::Write as _;
use std::time::Duration;

use hyper::header::HeaderValue;

use crate::clock::{Clock, Tick};

/// What the cache had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheUse {
    /// An entry within its life.
    Hit,
    /// Nothing, so that the directory was asked.
    Miss,
    /// An entry past its life, because the directory could not be asked.
    Stale,
    /// There is no cache.
    Off,
}

impl CacheUse {
    fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Stale => "stale",
            Self::Off => "off",
        }
    }
}

/// How long the stages of a request took; `None` for those it did not reach.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timing {
    /// Reading the token, its signature and claims.
    pub verify: Option<Duration>,
    /// Asking the cache.
    pub cache: Option<(CacheUse, Duration)>,
    /// Asking the directories, or waiting for another request that asks them.
    pub lookup: Option<Duration>,
    /// Until the head of the upstream's answer.
    pub upstream: Option<Duration>,
}

impl Timing {
    /// The value of the field; `None` if no stage was reached.
    pub fn field(&self) -> Option<HeaderValue> {
        let mut text = String::with_capacity(96);
        let mut stage = |name: &str, detail: &str, span: Option<Duration>| {
            if let Some(span) = span {
                let comma = if text.is_empty() { "" } else { ", " };
                let ms = span.as_secs_f64() * 1e3;
                // Writing to a string cannot fail.
                let _ = write!(text, "{comma}{name}{detail};dur={ms:.3}");
            }
        };
        stage("verify", "", self.verify);
        if let Some((used, span)) = self.cache {
            stage("cache;desc=", used.name(), Some(span));
        }
        stage("lookup", "", self.lookup);
        stage("upstream", "", self.upstream);
        if text.is_empty() { None } else { HeaderValue::try_from(text).ok() }
    }
}

/// Measures one stage after the other.
#[derive(Clone, Copy, Debug)]
pub struct Lap {
    clock: Clock,
    since: Tick,
}

impl Lap {
    /// Begins now.
    pub fn begin(clock: Clock) -> Self {
        Self { clock, since: clock.now() }
    }

    /// When the present stage began.
    pub fn since(self) -> Tick {
        self.since
    }

    /// Ends the stage and begins the next.
    pub fn end(&mut self) -> Duration {
        let now = self.clock.now();
        let span = now - self.since;
        self.since = now;
        span
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_told_in_their_order_in_milliseconds() {
        let ms = |ms| Some(Duration::from_micros(ms));
        let timing = Timing {
            verify: ms(120),
            cache: Some((CacheUse::Miss, Duration::ZERO)),
            lookup: ms(1_500),
            upstream: None,
        };
        assert_eq!(
            timing.field().unwrap(),
            "verify;dur=0.120, cache;desc=miss;dur=0.000, lookup;dur=1.500"
        );
        assert!(Timing::default().field().is_none());
    }
}
