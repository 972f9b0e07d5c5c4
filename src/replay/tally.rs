//! What became of a recording's lines: counts that grow while it is read.
//!
//! The reading thread writes, anybody may look. Messages name lines by their number and never
//! quote them.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use super::raw::Flaw;
use super::who::Sign;
use crate::units::counted;

/// Malformed lines that are told by number.
const SHOWN: usize = 5;

/// Share of lines that may be malformed: one in so many.
const TOLERATED: u64 = 100;

/// Counts of one reading.
#[derive(Debug, Default)]
pub struct Tally {
    pub(super) lines: AtomicU64,
    pub(super) malformed: AtomicU64,
    pub(super) without: AtomicU64,
    pub(super) left_out: AtomicU64,
    pub(super) untimed: AtomicU64,
    signs: [AtomicU64; Sign::ALL.len()],
    pub(super) unmapped: AtomicU64,
    pub(super) late: AtomicU64,
    pub(super) due: AtomicU64,
    pub(super) users: AtomicU64,
    pub(super) laps: AtomicU64,
    pub(super) behind: AtomicU64,
    first: Mutex<Vec<(u64, Flaw)>>,
}

/// A [`Tally`] at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines or records that are not blank.
    pub lines: u64,
    /// Of those: not what the format says.
    pub malformed: u64,
    /// Of those: whole, but without a request that could be sent again.
    pub without: u64,
    /// Of those: with a method that is not replayed.
    pub left_out: u64,
    /// Requests without a time of their own, which follow one another at `rate`.
    pub untimed: u64,
    /// Requests that were read, by the sign that told who made them, in the order of [`Sign::ALL`].
    pub signs: [u64; Sign::ALL.len()],
    /// Requests of users beyond the population, which are not sent.
    pub unmapped: u64,
    /// Requests that stood too far behind their place and were put at the end of what was read.
    pub late: u64,
    /// Requests that were or are to be sent.
    pub due: u64,
    /// Distinct users.
    pub users: u64,
    /// Times that the recording was gone through to its end.
    pub laps: u64,
    /// Times that a worker found nothing read although the recording went on.
    pub behind: u64,
    /// The first malformed lines: number, from 1, and what is wrong.
    pub first_malformed: Vec<(u64, String)>,
}

pub(super) fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Relaxed);
}

impl Tally {
    pub(super) fn malformed(&self, line: u64, flaw: Flaw) {
        add(&self.malformed, 1);
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if first.len() < SHOWN {
            first.push((line, flaw));
        }
    }

    pub(super) fn told(&self, sign: Sign) {
        add(&self.signs[sign as usize], 1);
    }

    /// The counts by now.
    pub fn counts(&self) -> Counts {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |counter: &AtomicU64| counter.load(Relaxed);
        Counts {
            lines: of(&self.lines),
            malformed: of(&self.malformed),
            without: of(&self.without),
            left_out: of(&self.left_out),
            untimed: of(&self.untimed),
            signs: self.signs.each_ref().map(of),
            unmapped: of(&self.unmapped),
            late: of(&self.late),
            due: of(&self.due),
            users: of(&self.users),
            laps: of(&self.laps),
            behind: of(&self.behind),
            first_malformed: first.iter().map(|(line, flaw)| (*line, flaw.to_string())).collect(),
        }
    }
}

impl Counts {
    /// Whether so many lines are malformed, more than one in a hundred, that what is replayed is not
    /// what was recorded.
    pub fn is_unfit(&self) -> bool {
        self.malformed * TOLERATED > self.lines
    }

    /// Requests whose user was told by this sign.
    pub fn told_by(&self, sign: Sign) -> u64 {
        self.signs[sign as usize]
    }

    /// What told the users apart, the sign of most requests first; empty if there was none.
    pub fn signs_in_words(&self) -> String {
        let mut signs: Vec<_> = Sign::ALL.map(|sign| (sign, self.told_by(sign))).into();
        signs.retain(|(_, count)| *count > 0);
        signs.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let many = signs.len() > 1;
        let words = signs.iter().map(|(sign, count)| {
            if many {
                format!("{} ({})", sign.words(), counted(*count, "request", "requests"))
            } else {
                sign.words().to_owned()
            }
        });
        words.collect::<Vec<_>>().join(", ")
    }

    /// The malformed lines in words: `3 of 100 lines (3.0%) are malformed: line 7: …`.
    pub fn malformed_in_words(&self) -> String {
        let share = self.malformed as f64 * 100.0 / self.lines.max(1) as f64;
        let mut text = format!(
            "{} of {} lines ({share:.1}%) are malformed",
            crate::units::grouped(self.malformed),
            crate::units::grouped(self.lines),
        );
        for (i, (line, flaw)) in self.first_malformed.iter().enumerate() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{} line {line}: {flaw}", if i == 0 { ':' } else { ',' });
        }
        text
    }
}
