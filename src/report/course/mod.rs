//! The course of a run in bounded memory, for charts.
//!
//! `timeline.csv` and `latency.hlog` have every second; this has as many *stretches* of seconds as a
//! chart can show, however long the run, with a histogram of response times each, and beside them
//! the times of each phase, class and kind. It is fed as the run goes, second by second, or
//! afterwards from the files ([`Course::read`]); both ways give the same.

mod bins;
mod read;
mod stretch;
mod times;

use crate::identity::UserState;
use crate::measure::{Latency, Recorder};

use super::events::Event;
use super::timeline::TimelineRow;

pub use bins::{BINS, bin_of, bin_start, quantile};
pub use read::{CourseError, each_line};
pub use stretch::{Column, Stretch};
pub use times::{ClassTimes, PhaseTimes, Times};

/// The most stretches that are kept, twice the columns of a chart; beyond it neighbours are added
/// up.
pub const MOST: usize = 1_200;

/// The stretches of a run, each as long as the others but for the last.
#[derive(Clone, Debug)]
pub struct Course {
    stretches: Vec<Stretch>,
    /// Response times: [`BINS`] counts a stretch.
    bins: Vec<u32>,
    /// Seconds of a stretch.
    each: u64,
    times: Times,
    names: Names,
    /// The faults of the last row.
    under_way: Option<u16>,
}

/// Texts that many stretches share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Names(Vec<String>);

impl Names {
    /// More than so many are told apart by nobody.
    const MOST: usize = 4_096;

    fn place(&mut self, name: &str) -> Option<u16> {
        if name.is_empty() {
            return None;
        }
        let at = self.0.iter().rposition(|known| known == name).or_else(|| {
            (self.0.len() < Self::MOST).then(|| {
                self.0.push(name.to_owned());
                self.0.len() - 1
            })
        });
        at.and_then(|at| u16::try_from(at).ok())
    }

    fn get(&self, place: Option<u16>) -> &str {
        place.and_then(|at| self.0.get(usize::from(at))).map_or("", String::as_str)
    }
}

impl Default for Course {
    fn default() -> Self {
        // All the room that it will ever take, so that a long run takes no more than a short one.
        Self {
            stretches: Vec::with_capacity(MOST),
            bins: vec![0; MOST * BINS],
            each: 1,
            times: Times::default(),
            names: Names::default(),
            under_way: None,
        }
    }
}

impl Course {
    /// Adds a second of a run: its row of the timeline, and what was recorded in it; `phases` are
    /// the names of the recorder's phases.
    pub fn second(&mut self, row: &TimelineRow, recorder: &Recorder, phases: &[&str]) {
        self.row(row);
        let at = (row.second / self.each) as usize;
        for (phase, record) in recorder.touched() {
            self.times.add(phases.get(phase).copied().unwrap_or_default(), record);
            for (cell, count) in record.response.iter().flat_map(Latency::cells) {
                self.count(at, cell.lowest(), count);
            }
        }
    }

    /// Adds a change of a user; other events are not kept.
    pub fn event(&mut self, event: &Event) {
        let Event::Changed { ack, change, .. } = event else { return };
        let at = if *ack > 0.0 { *ack as u64 } else { 0 };
        let stretch = self.at(at);
        match change.leads_to() {
            UserState::Live => stretch.added += 1,
            _ => stretch.removed += 1,
        }
    }

    /// From the first to the last.
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// How many response times of a stretch fell into each bin.
    pub fn bins(&self, stretch: usize) -> &[u32] {
        self.bins.get(stretch * BINS..(stretch + 1) * BINS).unwrap_or_default()
    }

    /// The times of each phase, class and kind.
    pub fn times(&self) -> &Times {
        &self.times
    }

    /// Whether nothing was ever added.
    pub fn is_empty(&self) -> bool {
        self.stretches.is_empty()
    }

    /// Seconds from the start of load to the end of the last stretch.
    pub fn end(&self) -> u64 {
        self.stretches.last().map_or(0, |stretch| stretch.second + stretch.seconds)
    }

    /// The name of the phase that a stretch begins in; empty after the last.
    pub fn phase(&self, stretch: &Stretch) -> &str {
        self.names.get(stretch.phase)
    }

    /// The kinds of faults, joined by `+`, that were under way in the last second of a stretch that
    /// had any.
    pub fn faults(&self, stretch: &Stretch) -> &str {
        self.names.get(stretch.faults)
    }

    /// The kinds of faults, joined by `+`, that were under way in the last second that was added.
    pub fn under_way(&self) -> &str {
        self.names.get(self.under_way)
    }

    fn row(&mut self, row: &TimelineRow) {
        let (phase, faults) = (self.names.place(&row.phase), self.names.place(&row.faults));
        self.at(row.second).add(row, phase, faults);
        self.under_way = faults;
    }

    /// The stretch that a second is in, made with all before it where they are missing.
    fn at(&mut self, second: u64) -> &mut Stretch {
        while second / self.each >= MOST as u64 {
            self.halve();
        }
        let wanted = (second / self.each) as usize;
        while self.stretches.len() <= wanted {
            let first = self.stretches.len() as u64 * self.each;
            // Where seconds are missing, those between are whole all the same.
            if let Some(last) = self.stretches.last_mut() {
                last.seconds = self.each;
            }
            self.stretches.push(Stretch::new(first));
        }
        for n in wanted.saturating_sub(1)..wanted {
            // One that is followed by another is whole.
            self.stretches[n].seconds = self.each;
        }
        let stretch = &mut self.stretches[wanted];
        stretch.seconds = stretch.seconds.max(second - stretch.second + 1);
        stretch
    }

    fn count(&mut self, stretch: usize, micros: u64, count: u64) {
        if let Some(sum) = self.bins.get_mut(stretch * BINS + bin_of(micros)) {
            *sum = sum.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        }
    }

    /// Makes stretches twice as long and half as many.
    fn halve(&mut self) {
        self.each *= 2;
        let halves = self.stretches.len().div_ceil(2);
        for n in 0..halves {
            let mut sum = self.stretches[2 * n].clone();
            if let Some(next) = self.stretches.get(2 * n + 1) {
                sum.absorb(next);
            }
            self.stretches[n] = sum;
            for bin in 0..BINS {
                let parts = [2 * n, 2 * n + 1].map(|at| self.bins.get(at * BINS + bin).copied());
                let sum = parts.into_iter().flatten().fold(0, u32::saturating_add);
                self.bins[n * BINS + bin] = sum;
            }
        }
        self.stretches.truncate(halves);
        self.bins[halves * BINS..].fill(0);
    }
}

#[cfg(test)]
mod tests;
