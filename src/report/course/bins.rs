//! Response times on bins of a logarithmic scale: the rows of the heat map.
//!
//! A bin is at most a sixteenth of its value wide: finer than a chart shows, and coarse enough that
//! every stretch of a run has room for all of them from the beginning. Cells of
//! [`Histogram`](crate::histogram::Histogram) lie wholly inside one bin each.

/// Bits that tell bins of one octave apart.
const PRECISION: u32 = 4;
/// Bits of the largest value that has a bin of its own: 2³² µs, 72 minutes. Longer ones count there.
const BITS: u32 = 32;

/// How many bins there are.
pub const BINS: usize = ((BITS - PRECISION) as usize + 1) << PRECISION;

/// The bin of a value in microseconds.
pub const fn bin_of(micros: u64) -> usize {
    let most = (1 << BITS) - 1;
    let micros = if micros > most { most } else { micros };
    let shift = (micros | ((2 << PRECISION) - 1)).ilog2() - PRECISION;
    ((shift as usize) << PRECISION) + (micros >> shift) as usize
}

/// The smallest value of a bin, in microseconds; of the one after the last: where that ends.
pub const fn bin_start(bin: usize) -> u64 {
    let shift = (bin as u64 >> PRECISION).saturating_sub(1);
    (bin as u64 - (shift << PRECISION)) << shift
}

/// The value that `share` (0 to 1) of all in these bins do not exceed, in microseconds, as if
/// values lay evenly within a bin; `None` where they are empty.
pub fn quantile(bins: &[u64], share: f64) -> Option<f64> {
    let all: u64 = bins.iter().sum();
    if all == 0 {
        return None;
    }
    let wanted = (share * all as f64).clamp(1.0, all as f64);
    let mut before = 0.0;
    for (bin, count) in bins.iter().enumerate().filter(|(_, count)| **count > 0) {
        let within = (wanted - before) / *count as f64;
        if within <= 1.0 {
            let (low, high) = (bin_start(bin) as f64, bin_start(bin + 1) as f64);
            // Small bins hold one whole number each.
            let last = high - 1.0;
            return Some(low + (last - low) * within);
        }
        before += *count as f64;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::histogram::Cell;

    use super::*;

    #[test]
    fn bins_follow_each_other_and_none_is_wide() {
        for bin in 0..BINS {
            let (low, next) = (bin_start(bin), bin_start(bin + 1));
            assert_eq!((bin_of(low), bin_of(next - 1)), (bin, bin));
            assert!(low < 32 || (next - low) * 16 <= low, "{bin}");
        }
        assert_eq!(bin_of(u64::MAX), BINS - 1);
    }

    #[test]
    fn nothing_has_no_quantile() {
        assert_eq!(quantile(&[0; BINS], 0.5), None);
    }

    proptest! {
        #[test]
        fn a_cell_lies_in_one_bin(micros in any::<u64>()) {
            let cell = Cell::of(micros);
            prop_assert_eq!(bin_of(cell.lowest()), bin_of(cell.highest()));
        }

        /// Within a bin of the sorted list's.
        #[test]
        fn quantiles_are_those_of_the_sorted_values(
            mut values in prop::collection::vec(0_u64..100_000_000, 1..200),
        ) {
            let mut bins = vec![0; BINS];
            for value in &values {
                bins[bin_of(*value)] += 1;
            }
            values.sort_unstable();
            for share in [0.01, 0.5, 0.9, 0.99, 1.0] {
                let rank = ((share * values.len() as f64).ceil() as usize).clamp(1, values.len());
                let exact = values[rank - 1] as f64;
                let shown = quantile(&bins, share).unwrap();
                prop_assert!((shown - exact).abs() <= exact / 16.0 + 1.0, "{} {}", shown, exact);
            }
        }
    }
}
