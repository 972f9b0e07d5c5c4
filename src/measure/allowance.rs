//! Allowances of thresholds, and how answers are counted against many of them at once.

use std::time::Duration;

use crate::outcome::Verdict;

/// Wrong verdicts of this kind are allowed for requests sent within `after` of the
/// acknowledgement of the user's last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Which verdict.
    pub verdict: Verdict,
    /// For how long.
    pub after: Duration,
}

/// The allowances of a run, by verdict and length.
///
/// An answer beyond an allowance is beyond all shorter ones of its verdict. So it is counted once,
/// at the longest that it is beyond, and what is beyond an allowance is the sum from there on.
#[derive(Clone, Debug, Default)]
pub(super) struct Ladder {
    steps: Vec<Allowance>,
    /// For each verdict: its steps, from and until.
    of: [(usize, usize); Verdict::COUNT],
}

impl Ladder {
    pub(super) fn new(allowances: &[Allowance]) -> Self {
        let mut steps = allowances.to_vec();
        steps.sort_by_key(|step| (step.verdict, step.after));
        steps.dedup();
        let of = Verdict::ALL.map(|verdict| {
            let from = steps.partition_point(|step| step.verdict < verdict);
            (from, steps.partition_point(|step| step.verdict <= verdict))
        });
        Self { steps, of }
    }

    /// How many counts it takes.
    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    /// Where an answer is counted; `None` if it is within every allowance, or none is about it.
    #[inline]
    pub(super) fn step(&self, verdict: Verdict, known_for: Duration) -> Option<usize> {
        let (from, until) = self.of[verdict.index()];
        if from == until {
            return None;
        }
        let passed = self.steps[from..until].partition_point(|step| step.after < known_for);
        passed.checked_sub(1).map(|last| from + last)
    }

    /// How many of the answers in `counts` are beyond an allowance; none if it is unknown.
    pub(super) fn beyond(&self, counts: &[u64], allowance: Allowance) -> u64 {
        let (_, until) = self.of[allowance.verdict.index()];
        let at = self.steps.iter().position(|step| *step == allowance);
        at.and_then(|at| counts.get(at..until)).map_or(0, |counts| counts.iter().sum())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// One count a step gives what a count an allowance would have given.
        #[test]
        fn a_ladder_counts_as_each_allowance_by_itself_would(
            allowances in prop::collection::vec((0..3_usize, 0_u64..20), 0..30),
            answers in prop::collection::vec((0..4_usize, 0_u64..25), 0..200),
        ) {
            let secs = Duration::from_secs;
            let allowances: Vec<Allowance> = allowances
                .into_iter()
                .map(|(v, after)| Allowance { verdict: Verdict::ALL[v], after: secs(after) })
                .collect();
            let ladder = Ladder::new(&allowances);
            let mut counts = vec![0; ladder.len()];
            for &(verdict, known_for) in &answers {
                if let Some(step) = ladder.step(Verdict::ALL[verdict], secs(known_for)) {
                    counts[step] += 1;
                }
            }
            for allowance in allowances {
                let is_beyond = |&&(verdict, known_for): &&(usize, u64)| {
                    Verdict::ALL[verdict] == allowance.verdict && secs(known_for) > allowance.after
                };
                let expected = answers.iter().filter(is_beyond).count() as u64;
                prop_assert_eq!(ladder.beyond(&counts, allowance), expected);
            }
        }
    }
}
