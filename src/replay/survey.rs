//! A look at a recording before it is replayed: what is in it, and what a phase will get of it.
//!
//! The look ends with the phase, or after so many bytes; beyond them, figures are extrapolated.

use std::fmt::Write as _;
use std::io::BufRead as _;
use std::ops::ControlFlow;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::formats::Format;
use super::plan::{ReplayError, ReplayPlan};
use super::playback::{Due, Ended, Playback};
use super::source::{Packing, Source};
use super::tally::{Counts, Tally};

/// Bytes that are looked at, unpacked: about a second's reading.
const BUDGET: u64 = 128 << 20;

/// What a look at a recording shows.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Its format.
    pub format: &'static Format,
    /// What the file is packed with.
    pub packing: Packing,
    /// Bytes of the file.
    pub size: u64,
    /// Bytes of the file that were looked at.
    pub seen: u64,
    /// What became of its lines. Users are counted without a bound.
    pub counts: Counts,
    /// From the first request to the last that was looked at, as recorded.
    pub span: Duration,
    /// Why the look ended.
    pub ended: Ended,
    /// Requests that the whole phase is to have; an estimate where the look ended before it.
    pub expected: f64,
    /// SHA-256, in hexadecimal, over what was found to be due: when, what and by which user. Where
    /// the look ended before the phase, the file's size stands for the rest.
    pub digest: String,
}

impl Survey {
    /// Looks at what a phase of this length will get.
    pub fn of(plan: &ReplayPlan, length: Duration) -> Result<Self, ReplayError> {
        Self::within(plan, length, BUDGET)
    }

    fn within(plan: &ReplayPlan, length: Duration, budget: u64) -> Result<Self, ReplayError> {
        let once = ReplayPlan { repeat: false, survey: None, ..plan.clone() };
        let unreadable = |source| ReplayError::Unreadable { file: plan.file.clone(), source };
        let mut source = Source::open(&plan.file).map_err(unreadable)?;
        let (packing, size) = (source.packing, source.size);
        if source.reader.fill_buf().map_err(unreadable)?.is_empty() {
            return Err(ReplayError::Empty { file: plan.file.clone() });
        }
        let tally = Tally::default();
        let mut playback = Playback::open(&once, length, u32::MAX, &tally)?.within(budget);
        let mut hasher = Sha256::new();
        let ended = playback.run(|due| {
            add(&mut hasher, &due);
            ControlFlow::Continue(())
        })?;
        if ended == Ended::Budget {
            hasher.update(size.to_le_bytes());
        }
        let survey = Self {
            format: playback.format(),
            packing,
            size,
            seen: playback.consumed,
            counts: tally.counts(),
            span: playback.span,
            ended,
            expected: 0.0,
            digest: hasher.finalize().iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            }),
        };
        let expected = survey.requests(length.as_secs_f64() * plan.speed, plan.repeat);
        Ok(Self { expected, ..survey })
    }

    /// Requests in so many recorded seconds.
    fn requests(&self, seconds: f64, repeat: bool) -> f64 {
        let (due, span) = (self.counts.due as f64, self.span.as_secs_f64());
        let gap = if due > 1.0 && span > 0.0 { span / (due - 1.0) } else { 1.0 };
        match self.ended {
            Ended::Phase | Ended::Told => due,
            Ended::Recording if repeat && due > 0.0 => (due * seconds / (span + gap)).max(due),
            Ended::Recording => due,
            Ended::Budget => {
                // As far as the part that was looked at stands for the rest.
                let whole = (span + gap) * self.size as f64 / self.seen.max(1) as f64;
                let played = if repeat { seconds } else { seconds.min(whole) };
                (due * played / (span + gap)).max(due)
            }
        }
    }

    /// Whether the figures are those of the whole phase, and not of its beginning.
    pub fn is_whole(&self) -> bool {
        self.ended != Ended::Budget
    }
}

/// Adds a request to a digest. Neither a method nor a target holds a line's end.
fn add(hasher: &mut Sha256, due: &Due) {
    let request = &due.asked.request;
    hasher.update(due.at.as_nanos().to_le_bytes());
    hasher.update(due.asked.user.0.to_le_bytes());
    for part in [&*request.method, &request.target] {
        hasher.update(part);
        hasher.update("\n");
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "figures that are exact in binary are compared as such")]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::replay::tests::plan;

    /// Ten requests a second for so long, of a hundred users.
    fn recording(seconds: u64) -> tempfile::NamedTempFile {
        let mut text = crate::replay::formats::requests::first_line() + "\n";
        for n in 0..seconds * 10 {
            let (at, user) = (n * 100_000_000, n % 100);
            let _ = writeln!(text, r#"{{"at_ns":{at},"method":"GET","path":"/","user":"{user}"}}"#);
        }
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn survey(
        file: &tempfile::NamedTempFile,
        speed: f64,
        repeat: bool,
        length: u64,
        budget: u64,
    ) -> Survey {
        let plan = ReplayPlan { speed, repeat, ..plan(file.path()) };
        Survey::within(&plan, Duration::from_secs(length), budget).unwrap()
    }

    #[test]
    fn the_look_ends_with_the_phase() {
        let file = recording(1_000);
        let seen = survey(&file, 1.0, false, 20, BUDGET);
        assert_eq!((seen.counts.due, seen.counts.users, seen.ended), (200, 100, Ended::Phase));
        assert_eq!(seen.expected, 200.0);
        let fast = survey(&file, 4.0, false, 20, BUDGET);
        assert_eq!((fast.counts.due, fast.expected), (800, 800.0));
    }

    #[test]
    fn a_short_recording_counts_once_or_as_often_as_it_fits() {
        let file = recording(10);
        let once = survey(&file, 1.0, false, 100, BUDGET);
        assert_eq!((once.expected, once.ended), (100.0, Ended::Recording));
        assert_eq!(once.span, Duration::from_millis(9_900));
        let again = survey(&file, 2.0, true, 100, BUDGET);
        assert!((again.expected - 2_000.0).abs() < 1e-6, "{}", again.expected);
    }

    #[test]
    fn beyond_the_budget_figures_are_extrapolated() {
        let file = recording(30_000);
        for (length, repeat, expected) in
            [(10_000, false, 1e5), (100_000, false, 3e5), (100_000, true, 1e6)]
        {
            let seen = survey(&file, 1.0, repeat, length, 4_000_000);
            assert!(
                !seen.is_whole() && seen.seen < seen.size / 2,
                "{} of {}",
                seen.seen,
                seen.size
            );
            let off = (seen.expected / expected - 1.0).abs();
            assert!(off < 0.15, "{} for {expected}", seen.expected);
        }
    }
}
