//! A latency histogram in microseconds.
//!
//! HdrHistogram (Tene) with three significant digits: each figure is within 0.1 % of the value
//! that was recorded. Values over an hour count as an hour.

use std::time::Duration;

use hdrhistogram::Histogram;

/// The largest value told apart, in microseconds: one hour.
pub const LIMIT_MICROS: u64 = 3_600_000_000;

const SIGNIFICANT_DIGITS: u8 = 3;

/// A histogram of durations; takes no memory until the first one.
#[derive(Clone, Debug, Default)]
pub struct Latency(Option<Box<Histogram<u64>>>);

impl Latency {
    /// Adds one duration, rounded to the nearest microsecond.
    pub fn record(&mut self, span: Duration) {
        let micros = (span.as_nanos() + 500) / 1_000;
        let micros = u64::try_from(micros).unwrap_or(LIMIT_MICROS).min(LIMIT_MICROS);
        // Cannot fail: it grows up to the limit. (`saturating_record` would not let it grow.)
        let _ = self.histogram().record(micros);
    }

    /// Adds everything that `other` holds.
    pub fn merge(&mut self, other: &Self) {
        if let Some(other) = &other.0 {
            // Cannot fail: both grow on demand and share the precision.
            let _ = self.histogram().add(other.as_ref());
        }
    }

    /// How many durations it holds.
    pub fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, |histogram| histogram.len())
    }

    /// The value in microseconds that `share` (0 to 1) of all do not exceed; `None` when empty.
    pub fn at(&self, share: f64) -> Option<u64> {
        let histogram = self.0.as_ref().filter(|histogram| !histogram.is_empty())?;
        // A quantile is the upper edge of a cell, which may lie above the largest value recorded.
        Some(histogram.value_at_quantile(share).min(histogram.max()))
    }

    /// How many durations lie between two values in microseconds, both included, to within the
    /// histogram's precision.
    pub fn count_between(&self, low: u64, high: u64) -> u64 {
        self.0.as_ref().map_or(0, |histogram| histogram.count_between(low, high))
    }

    /// The figures that reports show; `None` when empty.
    pub fn quantiles(&self) -> Option<Quantiles> {
        Some(Quantiles {
            count: self.count(),
            p50: self.at(0.50)?,
            p90: self.at(0.90)?,
            p99: self.at(0.99)?,
            p999: self.at(0.999)?,
            max: self.at(1.0)?,
        })
    }

    /// The histogram itself, for writers of interval logs.
    pub fn as_histogram(&self) -> Option<&Histogram<u64>> {
        self.0.as_deref()
    }

    fn histogram(&mut self) -> &mut Histogram<u64> {
        self.0.get_or_insert_with(|| {
            Box::new(Histogram::new(SIGNIFICANT_DIGITS).expect("three digits are allowed"))
        })
    }
}

/// Figures of one histogram, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Quantiles {
    pub count: u64,
    pub p50: u64,
    pub p90: u64,
    pub p99: u64,
    pub p999: u64,
    pub max: u64,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_one_has_no_figures() {
        assert_eq!(Latency::default().quantiles(), None);
        assert_eq!(Latency::default().count(), 0);
    }

    #[test]
    fn rounds_to_microseconds_and_stops_at_an_hour() {
        let mut latency = Latency::default();
        latency.record(Duration::from_nanos(1_499));
        assert_eq!(latency.at(1.0), Some(1));
        latency.record(Duration::from_secs(100_000));
        let max = latency.at(1.0).unwrap();
        assert!(max.abs_diff(LIMIT_MICROS) <= LIMIT_MICROS / 1_000, "{max}");
    }

    #[test]
    fn counts_what_lies_between_two_values() {
        let mut latency = Latency::default();
        assert_eq!(latency.count_between(0, u64::MAX), 0);
        for micros in [5, 10, 10, 20] {
            latency.record(Duration::from_micros(micros));
        }
        let counts = [(0, 4), (0, 5), (6, 10), (10, 20), (21, 1_000_000)];
        assert_eq!(counts.map(|(low, high)| latency.count_between(low, high)), [0, 1, 2, 3, 0]);
    }

    proptest! {
        /// Merging parts gives what recording everything in one place gives.
        #[test]
        fn merging_equals_recording_together(
            values in prop::collection::vec(0_u64..10_000_000, 1..200), cut in 0_usize..200,
        ) {
            let cut = cut.min(values.len());
            let record = |values: &[u64]| {
                let mut latency = Latency::default();
                for &v in values { latency.record(Duration::from_micros(v)); }
                latency
            };
            let (mut left, right) = (record(&values[..cut]), record(&values[cut..]));
            left.merge(&right);
            prop_assert_eq!(left.quantiles(), record(&values).quantiles());
        }

        /// Quantiles are within a part in a thousand of the sorted list's.
        #[test]
        fn quantiles_are_those_of_the_sorted_values(
            mut values in prop::collection::vec(1_u64..10_000_000, 1..300),
        ) {
            let mut latency = Latency::default();
            for &v in &values { latency.record(Duration::from_micros(v)); }
            values.sort_unstable();
            for share in [0.5, 0.9, 0.99, 0.999, 1.0] {
                let rank = ((share * values.len() as f64).ceil() as usize).clamp(1, values.len());
                let exact = values[rank - 1];
                let shown = latency.at(share).unwrap();
                prop_assert!(shown.abs_diff(exact) <= exact / 1_000 + 1, "{} {}", shown, exact);
            }
        }
    }
}
