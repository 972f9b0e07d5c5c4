//! Answers by class and verdict, for each set of faults that they overlapped.
//!
//! Each answer counts once, so that the sum over all sets is the number of answers. Sets are few:
//! faults follow each other on a timeline. What comes after [`MOST_SETS`] of them shares a row.

use crate::outcome::{Class, Verdict};

/// The most rows of a record: one for each set of faults, and the last for all that found none.
pub const MOST_SETS: usize = 32;

/// The answers that overlapped one set of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JointRow {
    /// Bit n is set for fault n, as in [`Sample::faults`](super::Sample); `None` for all sets
    /// beyond [`MOST_SETS`].
    pub faults: Option<u64>,
    /// By class, then by verdict.
    pub counts: [[u64; Verdict::COUNT]; Class::COUNT],
}

/// Answers by set of faults, class and verdict.
#[derive(Clone, Debug, Default)]
pub struct JointCounts {
    rows: Vec<JointRow>,
    /// The row that was counted in last: faults change rarely.
    last: usize,
}

impl JointCounts {
    /// Counts one answer.
    #[inline]
    pub(super) fn add(&mut self, faults: u64, class: usize, verdict: usize) {
        if self.rows.get(self.last).is_none_or(|row| row.faults != Some(faults)) {
            self.last = self.find(Some(faults));
        }
        self.rows[self.last].counts[class][verdict] += 1;
    }

    /// The sets that occurred.
    pub fn rows(&self) -> &[JointRow] {
        &self.rows
    }

    /// Adds everything that `other` holds.
    pub(super) fn merge(&mut self, other: &Self) {
        for part in &other.rows {
            let at = self.find(part.faults);
            let row = &mut self.rows[at];
            for (sums, parts) in row.counts.iter_mut().zip(&part.counts) {
                for (sum, part) in sums.iter_mut().zip(parts) {
                    *sum += part;
                }
            }
        }
    }

    /// Forgets everything and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.last = 0;
    }

    /// Where the row of a set is; makes one where there is none.
    #[cold]
    #[inline(never)]
    fn find(&mut self, faults: Option<u64>) -> usize {
        let is_known = |row: &JointRow| row.faults == faults;
        if let Some(at) = self.rows.iter().position(is_known) {
            return at;
        }
        // The last place is that of the sets which found none.
        let faults = if self.rows.len() + 1 < MOST_SETS { faults } else { None };
        let shared = self.rows.iter().position(|row| faults.is_none() && row.faults.is_none());
        shared.unwrap_or_else(|| {
            self.rows.push(JointRow { faults, counts: [[0; Verdict::COUNT]; Class::COUNT] });
            self.rows.len() - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(counts: &JointCounts) -> u64 {
        counts.rows().iter().flat_map(|row| row.counts.iter().flatten()).sum()
    }

    #[test]
    fn an_answer_counts_once_for_its_set() {
        let mut counts = JointCounts::default();
        counts.add(0, 0, 1);
        counts.add(0b101, 2, 3);
        counts.add(0, 0, 1);
        assert_eq!(counts.rows().len(), 2);
        assert_eq!(counts.rows()[0].counts[0][1], 2);
        assert_eq!(counts.rows()[1].faults, Some(0b101));
        let mut twice = counts.clone();
        twice.merge(&counts);
        assert_eq!((twice.rows().len(), sum(&twice)), (2, 6));
        twice.clear();
        assert!(twice.rows().is_empty());
    }

    #[test]
    fn sets_beyond_the_limit_share_a_row_and_lose_nothing() {
        let (mut counts, mut others) = (JointCounts::default(), JointCounts::default());
        for set in 0..100 {
            counts.add(set, 0, 0);
            others.add(1_000 + set, 0, 0);
        }
        assert_eq!((counts.rows().len(), sum(&counts)), (MOST_SETS, 100));
        counts.merge(&others);
        assert_eq!((counts.rows().len(), sum(&counts)), (MOST_SETS, 200));
    }
}
