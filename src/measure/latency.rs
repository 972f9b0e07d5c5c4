//! A latency histogram in microseconds.
//!
//! Three significant digits, as HdrHistogram has them: each figure is within 0.1 % of the value
//! that was recorded. Memory goes with the values that occur ([`Histogram`]), because there is one
//! of these for each class, phase and route. Values over [`LIMIT_MICROS`] count as that.

use std::time::Duration;

use crate::histogram::{self, Cell, Histogram};

/// The largest value told apart, in microseconds: 12.7 days, as far as a user's changes are
/// stamped too.
pub const LIMIT_MICROS: u64 = histogram::LIMIT;

const SIGNIFICANT_DIGITS: u8 = 3;

/// A histogram of durations; takes no memory until the first one.
#[derive(Clone, Debug, Default)]
pub struct Latency(Option<Box<Histogram>>);

impl Latency {
    /// Adds one duration, rounded to the nearest microsecond.
    #[inline]
    pub fn record(&mut self, span: Duration) {
        self.add(cell(span));
    }

    /// Adds one duration, whose cell is known already.
    #[inline]
    pub(super) fn add(&mut self, cell: Cell) {
        self.0.get_or_insert_default().add(cell);
    }

    /// Adds everything that `other` holds.
    pub fn merge(&mut self, other: &Self) {
        if let Some(other) = other.filled() {
            self.0.get_or_insert_default().merge(other);
        }
    }

    /// Everything that this holds but not `part`, which is part of it.
    #[must_use]
    pub fn without(&self, part: &Self) -> Self {
        let Some(histogram) = self.filled() else { return Self::default() };
        let Some(part) = part.filled() else { return self.clone() };
        let mut rest = Self::default();
        let mut parts = part.cells().peekable();
        for (cell, count) in histogram.cells() {
            while parts.next_if(|(at, _)| *at < cell).is_some() {}
            let taken = parts.next_if(|(at, _)| *at == cell).map_or(0, |(_, taken)| taken);
            rest.add_many(cell, count.saturating_sub(taken));
        }
        rest
    }

    /// The sum of all durations in microseconds, to within the histogram's precision.
    pub fn sum_micros(&self) -> u64 {
        self.cells().map(|(cell, count)| cell.lowest().saturating_mul(count)).sum()
    }

    /// Forgets every duration and keeps the memory for those to come.
    pub fn clear(&mut self) {
        if let Some(histogram) = &mut self.0 {
            histogram.clear();
        }
    }

    /// How many durations it holds.
    pub fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, |histogram| histogram.count())
    }

    /// The value in microseconds that `share` (0 to 1) of all do not exceed; `None` when empty.
    pub fn at(&self, share: f64) -> Option<u64> {
        let [cell] = self.filled()?.quantiles([share])?;
        Some(cell.highest())
    }

    /// How many durations lie between two values in microseconds, both included, to within the
    /// histogram's precision.
    pub fn count_between(&self, low: u64, high: u64) -> u64 {
        let Some(histogram) = self.filled() else { return 0 };
        let (low, high) = (Cell::of(low), Cell::of(high));
        let between = histogram.cells().filter(|(cell, _)| (low..=high).contains(cell));
        between.map(|(_, count)| count).sum()
    }

    /// The cells that durations in microseconds fell into, in ascending order, with how many each.
    pub fn cells(&self) -> impl Iterator<Item = (Cell, u64)> {
        self.filled().into_iter().flat_map(Histogram::cells)
    }

    /// Adds so many durations of one cell: what another histogram counted.
    pub fn add_many(&mut self, cell: Cell, mut times: u64) {
        let histogram = self.0.get_or_insert_default();
        while times > 0 {
            let some = u32::try_from(times).unwrap_or(u32::MAX);
            histogram.add_many(cell, some);
            times -= u64::from(some);
        }
    }

    /// For each of `bounds`, ascending and in microseconds, how many durations do not exceed it, to
    /// within the histogram's precision.
    pub fn counts_up_to(&self, bounds: &[u64]) -> Vec<u64> {
        let mut counts = vec![0; bounds.len()];
        for (cell, count) in self.filled().into_iter().flat_map(Histogram::cells) {
            let at = bounds.partition_point(|bound| *bound < cell.lowest());
            if let Some(first) = counts.get_mut(at) {
                *first += count;
            }
        }
        let mut sum = 0;
        for count in &mut counts {
            sum += *count;
            *count = sum;
        }
        counts
    }

    /// The figures that reports show; `None` when empty.
    pub fn quantiles(&self) -> Option<Quantiles> {
        let histogram = self.filled()?;
        let cells = histogram.quantiles([0.50, 0.90, 0.99, 0.999, 1.0])?;
        let [p50, p90, p99, p999, max] = cells.map(Cell::highest);
        Some(Quantiles { count: histogram.count(), p50, p90, p99, p999, max })
    }

    /// The same counts in the array form, for writers of interval logs; `None` when empty.
    pub fn to_hdr(&self) -> Option<hdrhistogram::Histogram<u64>> {
        let histogram = self.filled()?;
        let [largest] = histogram.quantiles([1.0])?;
        let high = largest.highest().max(2);
        let mut array = hdrhistogram::Histogram::new_with_max(high, SIGNIFICANT_DIGITS).ok()?;
        for (cell, count) in histogram.cells() {
            // Cannot fail: none is above the largest.
            let _ = array.record_n(cell.lowest(), count);
        }
        Some(array)
    }

    fn filled(&self) -> Option<&Histogram> {
        self.0.as_deref().filter(|histogram| histogram.count() > 0)
    }
}

/// The cell of a duration, rounded to the nearest microsecond.
#[inline]
pub(super) fn cell(span: Duration) -> Cell {
    let whole = span.as_secs().saturating_mul(1_000_000);
    Cell::of(whole.saturating_add(u64::from((span.subsec_nanos() + 500) / 1_000)))
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
    use hdrhistogram::serialization::{Serializer as _, V2Serializer};
    use proptest::prelude::*;

    use super::*;

    fn of(micros: &[u64]) -> Latency {
        let mut latency = Latency::default();
        for &us in micros {
            latency.record(Duration::from_micros(us));
        }
        latency
    }

    #[test]
    fn an_empty_one_has_no_figures() {
        let mut latency = Latency::default();
        assert_eq!((latency.quantiles(), latency.count()), (None, 0));
        latency.record(Duration::from_micros(5));
        latency.clear();
        assert_eq!((latency.quantiles(), latency.at(1.0), latency.count()), (None, None, 0));
        assert!(latency.to_hdr().is_none());
    }

    #[test]
    fn counts_up_to_bounds_are_cumulative() {
        let latency = of(&[5, 10, 11, 900, 5_000_000]);
        assert_eq!(latency.counts_up_to(&[10, 11, 1_000, 1_000_000]), [2, 3, 4, 4]);
        assert_eq!(Latency::default().counts_up_to(&[10, 20]), [0, 0]);
        assert!(latency.counts_up_to(&[]).is_empty());
    }

    #[test]
    fn rounds_to_microseconds_and_stops_at_the_limit() {
        let mut latency = Latency::default();
        latency.record(Duration::from_nanos(1_499));
        assert_eq!(latency.at(1.0), Some(1));
        latency.record(Duration::from_nanos(1_500));
        assert_eq!(latency.at(1.0), Some(2));
        latency.record(Duration::from_nanos(1_999_999_600));
        let max = latency.at(1.0).unwrap();
        assert!(max.abs_diff(2_000_000) < 2_000, "{max}");
        latency.record(Duration::MAX);
        assert_eq!(latency.at(1.0), Some(LIMIT_MICROS));
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

    #[test]
    fn a_part_can_be_left_out_and_all_be_added_up() {
        let rest = of(&[5, 10, 10, 900]).without(&of(&[10, 900]));
        assert_eq!((rest.count(), rest.at(1.0), rest.sum_micros()), (2, Some(10), 15));
        // What is not in it cannot be left out.
        assert_eq!(of(&[5]).without(&of(&[7])).count(), 1);
        assert_eq!(Latency::default().without(&of(&[7])).count(), 0);
        assert_eq!(Latency::default().sum_micros(), 0);
    }

    proptest! {
        /// Merging parts gives what recording everything in one place gives.
        #[test]
        fn merging_equals_recording_together(
            values in prop::collection::vec(0_u64..10_000_000, 1..200), cut in 0_usize..200,
        ) {
            let cut = cut.min(values.len());
            let (mut left, right) = (of(&values[..cut]), of(&values[cut..]));
            left.merge(&right);
            prop_assert_eq!(left.quantiles(), of(&values).quantiles());
        }

        /// Quantiles are within a part in a thousand of the sorted list's.
        #[test]
        fn quantiles_are_those_of_the_sorted_values(
            mut values in prop::collection::vec(1_u64..10_000_000, 1..300),
        ) {
            let latency = of(&values);
            values.sort_unstable();
            for share in [0.5, 0.9, 0.99, 0.999, 1.0] {
                let rank = ((share * values.len() as f64).ceil() as usize).clamp(1, values.len());
                let exact = values[rank - 1];
                let shown = latency.at(share).unwrap();
                prop_assert!(shown.abs_diff(exact) <= exact / 1_000 + 1, "{} {}", shown, exact);
            }
        }

        /// The array form holds what an array would have that recorded the values itself: the same
        /// counts in the same encoding.
        #[test]
        fn the_array_form_loses_nothing(
            values in prop::collection::vec((0_u32..41, any::<u64>()), 1..200),
        ) {
            let values: Vec<u64> =
                values.into_iter().map(|(bits, n)| n & ((1 << bits) - 1)).collect();
            let array = of(&values).to_hdr().unwrap();
            let high = values.iter().copied().max().unwrap_or(0).max(2);
            let mut recorded = hdrhistogram::Histogram::<u64>::new_with_max(high, 3).unwrap();
            for &value in &values {
                recorded.record(value).unwrap();
            }
            prop_assert_eq!(&array, &recorded);
            prop_assert_eq!(array.max(), recorded.max());
            // All but the head's largest trackable value, which is that of the cell.
            let encoded = |histogram| {
                let mut bytes = Vec::new();
                V2Serializer::new().serialize(histogram, &mut bytes).unwrap();
                bytes.split_off(40)
            };
            prop_assert_eq!(encoded(&array), encoded(&recorded));
        }
    }
}
