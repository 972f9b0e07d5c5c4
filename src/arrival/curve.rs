//! A rate that changes over a phase, and its exact integral.
//!
//! A curve is a row of straight pieces. Its integral from the start of the phase, the requests
//! due by then, is a row of parabolas, so both it and its inverse are solved, never stepped:
//! instants do not drift however long the phase is.

use std::time::Duration;

use crate::units::Rate;

/// The greatest rate that a process may aim at, a second. No generator reaches it; beyond it,
/// instants would no longer differ in their nanoseconds.
pub(super) const GREATEST_RATE: f64 = 1e8;

/// A rate over time, in straight pieces. The last rate holds for ever.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Curve {
    pieces: Vec<Piece>,
}

/// A straight piece of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    /// Seconds from the start of the phase.
    start: f64,
    /// Seconds; infinite for the last piece.
    length: f64,
    /// Requests a second at its start.
    rate: f64,
    /// Change of the rate, a second.
    slope: f64,
    /// Requests due before it.
    before: f64,
}

impl Piece {
    /// Requests due in the first `span` seconds of the piece.
    fn area(&self, span: f64) -> f64 {
        // Without the test, a flat piece of infinite length would give 0 × ∞.
        let bend = if self.slope == 0.0 { 0.0 } else { 0.5 * self.slope * span * span };
        self.rate * span + bend
    }

    /// When, in seconds from its start, `count` of its requests are due.
    fn solve(&self, count: f64) -> f64 {
        // The root of slope/2·t² + rate·t = count in the form that does not cancel when the slope
        // is small. Rounding may take the square just below zero where a fall ends at rate 0.
        let square = self.rate.mul_add(self.rate, 2.0 * self.slope * count).max(0.0);
        let divisor = self.rate + square.sqrt();
        if divisor > 0.0 { (2.0 * count / divisor).min(self.length) } else { 0.0 }
    }
}

impl Curve {
    /// The same rate throughout.
    pub(super) fn flat(rate: Rate) -> Self {
        Self { pieces: Vec::new() }.then_hold(rate)
    }

    /// A curve that will be given pieces. It must end with [`Self::then_hold`].
    pub(super) fn new() -> Self {
        Self { pieces: Vec::new() }
    }

    /// Goes on with a piece that leads from one rate to another in `length`.
    pub(super) fn then(mut self, from: Rate, to: Rate, length: Duration) -> Self {
        let length = length.as_secs_f64();
        if length > 0.0 {
            let (rate, to) = (bounded(from), bounded(to));
            self.push(length, rate, (to - rate) / length);
        }
        self
    }

    /// Ends with a rate that holds for ever.
    pub(super) fn then_hold(mut self, rate: Rate) -> Self {
        self.push(f64::INFINITY, bounded(rate), 0.0);
        self
    }

    fn push(&mut self, length: f64, rate: f64, slope: f64) {
        let (start, before) = self.pieces.last().map_or((0.0, 0.0), |last| {
            (last.start + last.length, last.before + last.area(last.length))
        });
        self.pieces.push(Piece { start, length, rate, slope, before });
    }

    /// The rate at an instant, from the start of the phase.
    pub(super) fn rate_at(&self, at: Duration) -> Rate {
        let at = at.as_secs_f64();
        let piece = self.piece_at(at);
        Rate::per_second((piece.rate + piece.slope * (at - piece.start)).max(0.0))
            .unwrap_or_default()
    }

    /// Requests due in the first `length` of the phase: the integral of the rate.
    pub(super) fn requests(&self, length: Duration) -> f64 {
        let at = length.as_secs_f64();
        let piece = self.piece_at(at);
        piece.before + piece.area(at - piece.start)
    }

    /// When, in seconds, `count` requests are due: the inverse of the integral. Where the rate is
    /// zero for a while, the end of that while; infinite if it never comes to that.
    pub(super) fn when(&self, count: f64) -> f64 {
        let next = self.pieces.partition_point(|piece| piece.before <= count);
        let piece = &self.pieces[next.saturating_sub(1)];
        if piece.rate == 0.0 && piece.slope == 0.0 {
            return f64::INFINITY;
        }
        piece.start + piece.solve(count - piece.before)
    }

    /// The same shape with every rate multiplied by a factor.
    pub(super) fn scaled(&self, factor: f64) -> Self {
        let factor = if factor.is_finite() { factor.max(0.0) } else { 1.0 };
        let mut scaled = Self::new();
        for piece in &self.pieces {
            let rate = (piece.rate * factor).min(GREATEST_RATE);
            let end = (piece.rate + piece.slope * piece.length) * factor;
            let slope = if piece.slope == 0.0 {
                0.0
            } else {
                (end.min(GREATEST_RATE) - rate) / piece.length
            };
            scaled.push(piece.length, rate, slope);
        }
        scaled
    }

    fn piece_at(&self, at: f64) -> &Piece {
        let next = self.pieces.partition_point(|piece| piece.start <= at);
        &self.pieces[next.saturating_sub(1)]
    }
}

fn bounded(rate: Rate) -> f64 {
    rate.as_per_second().min(GREATEST_RATE)
}
