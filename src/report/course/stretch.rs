//! Some seconds of a run, one after the other, added up.

use crate::outcome::{Class, Verdict};

use super::super::figures::Lookups;
use super::super::timeline::TimelineRow;
use super::{BINS, Course};

/// Some seconds of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stretch {
    /// The first of them, from the start of load.
    pub second: u64,
    /// How many.
    pub seconds: u64,
    /// Requests that were due in them.
    pub due: u64,
    /// Sent in them.
    pub sent: u64,
    /// Answered in them.
    pub done: u64,
    /// Given up unsent in them.
    pub unsent: u64,
    /// Requests that had to wait because every connection was busy.
    pub waited: u64,
    /// In flight at the end of a second: the most.
    pub in_flight: u64,
    /// The largest 99th percentile of a second's send lags, in microseconds.
    pub send_lag_p99_us: Option<u64>,
    /// The largest send lag, in microseconds.
    pub send_lag_max_us: Option<u64>,
    /// Queries seen on the link to the store; `None` where there is no such link.
    pub lookups: Option<u64>,
    /// The most lookups per request in one of the seconds, as [`Lookups::per_request_in`] has it.
    pub lookups_peak: Option<f64>,
    /// Requests for which the gateway asked its cache; `None` where the target does not tell.
    pub cache_asked: Option<u64>,
    /// Of these, those whose user it did not have.
    pub cache_missed: Option<u64>,
    /// Acknowledged changes after which a user must be turned away.
    pub removed: u64,
    /// Acknowledged changes after which a user must be let in.
    pub added: u64,
    /// Answers by verdict, in the order of [`Verdict::ALL`].
    pub verdicts: [u64; Verdict::COUNT],
    /// Answers by class, in the order of [`Class::ALL`].
    pub classes: [u64; Class::COUNT],
    pub(super) phase: Option<u16>,
    pub(super) faults: Option<u16>,
}

impl Stretch {
    pub(super) fn new(second: u64) -> Self {
        Self { second, ..Self::default() }
    }

    pub(super) fn add(&mut self, row: &TimelineRow, phase: Option<u16>, faults: Option<u16>) {
        self.sum(&Self {
            second: row.second,
            seconds: 0,
            due: row.due,
            sent: row.sent,
            done: row.done,
            unsent: row.unsent,
            waited: row.waited,
            in_flight: row.in_flight,
            send_lag_p99_us: row.send_lag_p99_us,
            send_lag_max_us: row.send_lag_max_us,
            lookups: row.lookups,
            lookups_peak: Lookups::per_request_in(row),
            cache_asked: row.cache_asked,
            cache_missed: row.cache_missed,
            removed: 0,
            added: 0,
            verdicts: row.verdicts,
            classes: row.classes,
            phase,
            faults,
        });
    }

    /// Adds the stretch that follows.
    pub(super) fn absorb(&mut self, next: &Self) {
        self.seconds += next.seconds;
        self.sum(next);
    }

    /// Adds everything but the length.
    fn sum(&mut self, other: &Self) {
        self.due += other.due;
        self.sent += other.sent;
        self.done += other.done;
        self.unsent += other.unsent;
        self.waited += other.waited;
        self.in_flight = self.in_flight.max(other.in_flight);
        // `None` is less than any figure.
        self.send_lag_p99_us = self.send_lag_p99_us.max(other.send_lag_p99_us);
        self.send_lag_max_us = self.send_lag_max_us.max(other.send_lag_max_us);
        let sum = |sum: Option<u64>, part: Option<u64>| match (sum, part) {
            (Some(sum), Some(part)) => Some(sum + part),
            (sum, part) => sum.or(part),
        };
        self.lookups = sum(self.lookups, other.lookups);
        self.cache_asked = sum(self.cache_asked, other.cache_asked);
        self.cache_missed = sum(self.cache_missed, other.cache_missed);
        let peaks = self.lookups_peak.into_iter().chain(other.lookups_peak);
        self.lookups_peak = peaks.max_by(f64::total_cmp);
        self.removed += other.removed;
        self.added += other.added;
        for (sum, part) in self.verdicts.iter_mut().zip(other.verdicts) {
            *sum += part;
        }
        for (sum, part) in self.classes.iter_mut().zip(other.classes) {
            *sum += part;
        }
        self.phase = self.phase.or(other.phase);
        self.faults = other.faults.or(self.faults);
    }

    /// So many a second.
    pub fn rate(&self, count: u64) -> f64 {
        count as f64 / self.seconds.max(1) as f64
    }

    /// The share of requests whose user the gateway's cache had.
    pub fn cache_hit_share(&self) -> Option<f64> {
        let asked = self.cache_asked.filter(|asked| *asked > 0)?;
        let missed = self.cache_missed.unwrap_or(0).min(asked);
        Some((asked - missed) as f64 / asked as f64)
    }

    /// Lookups per request sent; `None` without either.
    pub fn lookups_per_request(&self) -> Option<f64> {
        let lookups = self.lookups.filter(|_| self.sent > 0)?;
        Some(lookups as f64 / self.sent as f64)
    }
}

/// A column of a chart: one stretch, or a few that follow each other.
#[derive(Clone, Debug)]
pub struct Column {
    /// Their sum.
    pub sum: Stretch,
    /// How many of their response times fell into each bin.
    pub bins: Vec<u64>,
}

impl Course {
    /// The run in at most so many columns, each as long as the others but for the last.
    pub fn columns(&self, most: usize) -> Vec<Column> {
        let each = self.stretches.len().div_ceil(most.max(1)).max(1);
        let all = self.stretches.chunks(each).enumerate();
        all.map(|(n, stretches)| {
            let mut column = Column { sum: stretches[0].clone(), bins: vec![0; BINS] };
            stretches[1..].iter().for_each(|next| column.sum.absorb(next));
            for stretch in n * each..n * each + stretches.len() {
                for (sum, part) in column.bins.iter_mut().zip(self.bins(stretch)) {
                    *sum += u64::from(*part);
                }
            }
            column
        })
        .collect()
    }
}
