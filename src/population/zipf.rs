//! Zipf's law over any number of ranks, in constant time and memory.
//!
//! Rejection-inversion (Hörmann and Derflinger, "Rejection-inversion to generate variates from
//! monotone discrete distributions", 1996): the hat is the integral of x^-s, which has a closed
//! inverse; a point under it is rounded to a rank and kept if it lies in that rank's share. More
//! than nine points in ten are kept, whatever the exponent.

use crate::seed::{Stream, unit};

/// Draws ranks 1 to n in proportion to rank^-exponent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Zipf {
    ranks: u32,
    hat: Hat,
    /// Ends of the range of the hat's integral.
    low: f64,
    high: f64,
    /// A point this near below its rank is kept without further reckoning.
    sure: f64,
    /// Further bits, for the points after the first.
    retries: Stream,
}

impl Zipf {
    /// `ranks` at least 1, `exponent` above 0.
    pub(super) fn new(ranks: u32, exponent: f64, retries: Stream) -> Self {
        let hat = Hat::new(exponent);
        Self {
            ranks,
            hat,
            // Rank 1 is cut to its own weight, so that no point of it is ever turned down.
            low: hat.integral(1.5) - 1.0,
            high: hat.integral(f64::from(ranks) + 0.5),
            sure: 2.0 - hat.inverse(hat.integral(2.5) - hat.height(2.0)),
            retries,
        }
    }

    /// The rank, from 1, that these random bits stand for.
    pub(super) fn rank(&self, bits: u64) -> u32 {
        let mut draw = unit(bits);
        for attempt in 0_u64.. {
            // Downwards from the top: rank 1 is at the low end, where floats are finest.
            let area = self.high + draw * (self.low - self.high);
            let point = self.hat.inverse(area);
            // To the nearest: what is cut off by the conversion was put on before.
            let rank = ((point + 0.5) as u32).clamp(1, self.ranks);
            if f64::from(rank) - point <= self.sure || self.hat.holds(rank, area) {
                return rank;
            }
            draw = self.retries.nth(bits).unit_at(attempt);
        }
        1
    }
}

/// The curve x^-s and its integral.
#[derive(Clone, Copy, Debug)]
struct Hat {
    exponent: f64,
    /// 1 − s, and 1 / (1 − s), which is without end where s = 1.
    rest: f64,
    per_rest: f64,
}

impl Hat {
    fn new(exponent: f64) -> Self {
        let rest = 1.0 - exponent;
        Self { exponent, rest, per_rest: 1.0 / rest }
    }

    /// Whether a point that was rounded to a rank lies in the rank's own share.
    #[cold]
    fn holds(&self, rank: u32, area: f64) -> bool {
        let rank = f64::from(rank);
        area >= self.integral(rank + 0.5) - self.height(rank)
    }

    fn height(&self, x: f64) -> f64 {
        (-self.exponent * x.ln()).exp()
    }

    /// ∫ from 1 to x, written so that s = 1, where it is ln x, is no special case.
    fn integral(&self, x: f64) -> f64 {
        let log = x.ln();
        let power = self.rest * log;
        if power.abs() > NEAR_ZERO { log * (power.exp_m1() / power) } else { log }
    }

    /// The x whose integral this is.
    fn inverse(&self, area: f64) -> f64 {
        // Below −1 only through rounding, and there is no logarithm there.
        let t = (area * self.rest).max(-1.0);
        if t.abs() > FAR_FROM_ZERO {
            // Half the time of ln_1p, and as good to thirteen digits out here.
            (self.per_rest * (1.0 + t).ln()).exp()
        } else if t.abs() > NEAR_ZERO {
            (area / t * t.ln_1p()).exp()
        } else {
            area.exp()
        }
    }
}

/// Below it, ln(1 + t) / t and (eᵗ − 1) / t are 1 to all digits that matter.
const NEAR_ZERO: f64 = 1e-12;
/// Above it, 1 + t keeps enough digits of t.
const FAR_FROM_ZERO: f64 = 1e-2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    /// Counts of ranks 1 to `kept` in `draws`, and of all above in the last cell.
    fn observed(ranks: u32, exponent: f64, kept: usize, draws: u64) -> Vec<f64> {
        let zipf = Zipf::new(ranks, exponent, Seed(5).stream("retries"));
        let bits = Seed(6).stream("bits");
        let mut cells = vec![0.0; kept + 1];
        for i in 0..draws {
            let rank = zipf.rank(bits.at(i));
            assert!((1..=ranks).contains(&rank));
            cells[(rank as usize - 1).min(kept)] += 1.0;
        }
        cells
    }

    fn exact(ranks: u32, exponent: f64, kept: usize) -> Vec<f64> {
        let weight = |rank: u32| f64::from(rank).powf(-exponent);
        let total: f64 = (1..=ranks).rev().map(weight).sum();
        let mut cells: Vec<f64> = (1..=kept as u32).map(|rank| weight(rank) / total).collect();
        cells.push(1.0 - cells.iter().sum::<f64>());
        cells
    }

    #[test]
    fn shares_follow_the_law() {
        let draws = 200_000;
        for (ranks, kept) in [(2_u32, 1_usize), (10, 9), (1_000, 60), (1_000_000, 60)] {
            for exponent in [0.05, 0.5, 0.99, 1.0, 1.000_001, 1.1, 2.0, 3.5, 5.0] {
                let (seen, law) =
                    (observed(ranks, exponent, kept, draws), exact(ranks, exponent, kept));
                let (mut square, mut cells) = (0.0, 0.0);
                for (seen, share) in seen.iter().zip(law) {
                    let expected = share * draws as f64;
                    // Chi-square wants five in a cell; thinner cells are looked at one by one.
                    if expected >= 5.0 {
                        square += (seen - expected).powi(2) / expected;
                        cells += 1.0;
                    } else {
                        assert!(*seen < expected + 25.0, "{ranks}, {exponent}: {seen}");
                    }
                }
                // Mean and spread of chi-square: d and √2d; six of them, and room for small d.
                let degrees: f64 = cells - 1.0;
                let limit = degrees + 6.0 * (2.0 * degrees).sqrt() + 12.0;
                assert!(square < limit, "{ranks} ranks, exponent {exponent}: {square} > {limit}");
            }
        }
    }

    #[test]
    fn first_points_are_kept_as_a_rule() {
        // The tail of ten million ranks is reached, and no bits are stuck.
        let zipf = Zipf::new(10_000_000, 0.8, Seed(5).stream("retries"));
        assert!(zipf.rank(0) <= 10_000_000 && zipf.rank(u64::MAX) == 1);
        let deep =
            (0..10_000).filter(|i| zipf.rank(Seed(1).stream("x").at(*i)) > 5_000_000).count();
        // The exact share of the upper half is 13.3 %.
        assert!((1_150..1_510).contains(&deep), "{deep}");
    }
}
