//! The course of a run in bounded memory, for charts: `timeline.csv` has every second, this has as
//! many stretches of seconds as a chart can show.

use crate::outcome::Verdict;

use super::timeline::TimelineRow;

/// The most stretches that are kept, twice the columns of a chart; beyond it neighbours are added
/// up.
const MOST: usize = 1_200;

/// Some seconds of a run, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first of them, from the start of load.
    pub second: u64,
    /// How many.
    pub seconds: u64,
    /// Answers by verdict, in the order of [`Verdict::ALL`].
    pub verdicts: [u64; Verdict::COUNT],
}

impl Stretch {
    fn absorb(&mut self, next: &Self) {
        self.seconds += next.seconds;
        for (sum, part) in self.verdicts.iter_mut().zip(next.verdicts) {
            *sum += part;
        }
    }
}

/// The stretches of a run, each as long as the others but for the last.
#[derive(Clone, Debug)]
pub struct History {
    stretches: Vec<Stretch>,
    /// Seconds of a stretch.
    each: u64,
}

impl Default for History {
    fn default() -> Self {
        // All the room it will ever take, so that a long run takes no more than a short one.
        Self { stretches: Vec::with_capacity(MOST + 1), each: 1 }
    }
}

impl History {
    /// Adds the second that follows.
    pub fn push(&mut self, row: &TimelineRow) {
        let second = Stretch { second: row.second, seconds: 1, verdicts: row.verdicts };
        match self.stretches.last_mut() {
            Some(last) if last.seconds < self.each => last.absorb(&second),
            _ => self.stretches.push(second),
        }
        if self.stretches.len() > MOST {
            self.halve();
        }
    }

    /// From the first to the last.
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    fn halve(&mut self) {
        self.each *= 2;
        let mut kept = 0;
        for n in 0..self.stretches.len() {
            let stretch = self.stretches[n].clone();
            match self.stretches[..kept].last_mut() {
                Some(last) if last.seconds < self.each => last.absorb(&stretch),
                _ => {
                    self.stretches[kept] = stretch;
                    kept += 1;
                }
            }
        }
        self.stretches.truncate(kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(seconds: u64) -> History {
        let mut history = History::default();
        for second in 0..seconds {
            let mut row = TimelineRow { second, ..TimelineRow::default() };
            row.verdicts[0] = 1 + second % 2;
            history.push(&row);
        }
        history
    }

    #[test]
    fn a_short_run_is_kept_second_by_second() {
        let history = history(MOST as u64);
        assert_eq!(history.stretches().len(), MOST);
        assert!(history.stretches().iter().all(|stretch| stretch.seconds == 1));
    }

    #[test]
    fn a_long_run_loses_no_answer_and_takes_no_more_room() {
        for seconds in [MOST as u64 + 1, 7_201, 86_399, 100_000] {
            let history = history(seconds);
            let stretches = history.stretches();
            assert!((MOST / 2..=MOST).contains(&stretches.len()), "{}", stretches.len());
            let mut next = 0;
            for stretch in stretches {
                assert_eq!(stretch.second, next);
                next += stretch.seconds;
            }
            assert_eq!(next, seconds);
            let answers: u64 = stretches.iter().map(|stretch| stretch.verdicts[0]).sum();
            assert_eq!(answers, seconds + seconds / 2);
            let (last, whole) = stretches.split_last().unwrap();
            assert!(whole.iter().all(|stretch| stretch.seconds == history.each));
            assert!(last.seconds <= history.each);
        }
    }
}
