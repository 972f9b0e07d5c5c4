//! An open process: a rate curve, and how requests are spaced along it.
//!
//! - *even*: the n-th request (n from 0) is due when the integral of the rate reaches n.
//! - *poisson*: requests come independently of each other, as from many users: a Poisson process
//!   of rate 1, run along the integral of the rate instead of along time.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;

use super::OpenProcess;
use super::curve::{Curve, GREATEST_RATE};
use crate::seed::{Stream, StreamRng};
use crate::setting::{Kind, Setting, Settings};
use crate::units::Rate;

/// How requests are spaced along a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spacing {
    /// As regularly as the rate allows.
    Even,
    /// With exponential gaps.
    Poisson,
}

impl Spacing {
    /// The key that the processes with a changing rate share.
    pub(super) const SETTING: Setting = Setting::with_default(
        "spacing",
        Kind::Choice(&["poisson", "even"]),
        "poisson",
        "How requests are spaced along the rate: as independent users would, or evenly.",
    );

    /// The value of [`Self::SETTING`].
    pub(super) fn of(settings: &Settings) -> Self {
        match settings.text("spacing").as_deref() {
            Some("even") => Self::Even,
            _ => Self::Poisson,
        }
    }
}

/// A rate curve with a spacing.
#[derive(Clone, Debug)]
pub(super) struct Paced {
    curve: Curve,
    spacing: Spacing,
}

impl Paced {
    pub(super) fn arrival(curve: Curve, spacing: Spacing) -> super::Arrival {
        super::Arrival::Open(Arc::new(Self { curve, spacing }))
    }
}

impl OpenProcess for Paced {
    fn rate_at(&self, at: Duration) -> Rate {
        self.curve.rate_at(at)
    }

    fn expected(&self, length: Duration) -> f64 {
        self.curve.requests(length)
    }

    fn instants(
        &self,
        stream: Stream,
        length: Duration,
    ) -> Box<dyn Iterator<Item = Duration> + Send> {
        let total = self.curve.requests(length);
        let counts = match self.spacing {
            Spacing::Even => Counts::Even { next: 0 },
            Spacing::Poisson => Counts::Poisson { sum: 0.0, rng: stream.rng() },
        };
        let length = u64::try_from(length.as_nanos()).unwrap_or(u64::MAX);
        Box::new(Instants { curve: self.curve.clone(), counts, total, length, last: 0 })
    }

    fn scaled(&self, factor: f64) -> Arc<dyn OpenProcess> {
        Arc::new(Self { curve: self.curve.scaled(factor), spacing: self.spacing })
    }
}

/// Places on the axis of requests, ascending.
enum Counts {
    Even { next: u64 },
    Poisson { sum: f64, rng: StreamRng },
}

impl Counts {
    fn next(&mut self) -> f64 {
        match self {
            Self::Even { next } => {
                *next += 1;
                (*next - 1) as f64
            }
            Self::Poisson { sum, rng } => {
                // 1 − u lies in (0, 1], so the logarithm is finite.
                *sum -= (1.0 - rng.random::<f64>()).ln();
                *sum
            }
        }
    }
}

/// The due instants of one phase.
struct Instants {
    curve: Curve,
    counts: Counts,
    /// Requests by the end of the phase.
    total: f64,
    /// Of the phase, in nanoseconds.
    length: u64,
    last: u64,
}

impl Iterator for Instants {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let count = self.counts.next();
        if count >= self.total {
            // Stays at the end: counts only grow.
            return None;
        }
        // Rounding may put the last instant at the end of the phase, or, on the seam of two
        // pieces, a nanosecond before the one ahead of it.
        let nanos = (self.curve.when(count) * 1e9) as u64;
        self.last = nanos.max(self.last).min(self.length.saturating_sub(1));
        Some(Duration::from_nanos(self.last))
    }
}

/// A required rate that a generator could conceivably send.
pub(super) fn rate(settings: &Settings, key: &str) -> Result<Rate, String> {
    let rate = settings.rate(key).ok_or_else(|| format!("`{key}` is missing"))?;
    if rate.as_per_second() > GREATEST_RATE {
        return Err(format!("`{key}` is {rate}; at most {GREATEST_RATE}/s can be scheduled"));
    }
    Ok(rate)
}
