//! An hour at 20,000 requests a second takes no more memory than a minute of it, and a tenth. Where
//! answers may take any time at all it takes somewhat more, and then no more.
//!
//! The first minute is told whole. Of each later second only the answers are told whose times may
//! be new: the largest and smallest of each class, as far down as the first minute was thin.

use std::time::Duration;

use substorm::load::Ledger;
use substorm::measure::{PhaseRecord, Recorder};
use substorm::outcome::Class;
use substorm::report::TimelineRow;
use substorm::report::course::Course;
use substorm::seed::Stream;

use super::counting::here;
use super::work::{BEGIN, World, ledger, shape};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// The phases of [`shape`].
const PHASES: [&str; 10] = ["warm-up", "a", "b", "c", "d", "e", "f", "g", "h", "i"];

/// Answers a second.
const RATES: [(Class, u64); 4] = [
    (Class::Accepted, 19_000),
    (Class::UserNotFound, 600),
    (Class::StoreUnavailable, 200),
    (Class::Timeout, 200),
];

/// Of each class, the largest of a second that are told, and as many of the smallest. Where the
/// first minute left cells empty, at less than three answers a cell of a thousandth, no more than
/// a dozen answers of a second fall.
const EXTREMES: u64 = 20;

/// What gathers a run, as the harness does it.
struct Gathered {
    second: Recorder,
    totals: Recorder,
    measured: PhaseRecord,
    course: Course,
}

impl Gathered {
    fn close_second(&mut self, number: u64, ledger: &mut Ledger) {
        let entries = ledger.hand_over();
        self.second.merge(&entries.recorder);
        drop(entries);
        self.totals.merge(&self.second);
        for (_, record) in self.second.touched() {
            self.measured.merge(record);
        }
        let row = TimelineRow::of(number, &self.second);
        self.course.second(&row, &self.second, &PHASES);
        self.second.clear();
    }
}

/// The smallest and the largest of so many even draws.
fn extremes(draws: Stream, of: u64) -> impl Iterator<Item = f64> {
    // The gaps between ordered draws are exponential; after the n-th smallest with the mean
    // 1/(of − n).
    let mut end = [0.0, 0.0];
    (0..2 * EXTREMES).map(move |n| {
        let side = (n % 2) as usize;
        end[side] -= (1.0 - draws.unit_at(n)).ln() / (of - n / 2) as f64;
        if side == 0 { end[side] } else { 1.0 - end[side] }
    })
}

/// Close about half a millisecond, but for one answer in 200, which the machine holds up for 5 to
/// 30 ms.
fn healthy(draw: f64) -> Duration {
    let late = (draw - 0.995) / 0.005;
    let millis =
        if late > 0.0 { 5.0 + 25.0 * late } else { 0.5 * (draw / (1.0 - draw)).powf(0.08) };
    Duration::from_secs_f64(millis / 1e3)
}

/// Half a millisecond in the middle, anything at the ends: the log-logistic law, by which the
/// longest of an hour takes a hundred times as long.
fn erratic(draw: f64) -> Duration {
    Duration::from_secs_f64(500e-6 * (draw / (1.0 - draw)).powf(0.25))
}

#[test]
fn an_hour_takes_no_more_than_its_first_minute_and_a_tenth() {
    let minutes = hour(healthy);
    let (first, most) = (minutes[0], *minutes.iter().max().unwrap());
    assert!(most <= first + first / 10, "{first} after a minute, {most} at most: {minutes:?}");
    assert!(first > 100_000, "too little to be the memory of a run: {minutes:?}");
}

#[test]
fn what_is_new_in_a_long_tail_runs_out() {
    let minutes = hour(erratic);
    let (first, half, most) = (minutes[0], minutes[29], *minutes.iter().max().unwrap());
    assert!(most <= first + first / 4, "{first} after a minute, {most} at most: {minutes:?}");
    assert!(most <= half + half / 20, "{half} after half an hour, {most} at most: {minutes:?}");
}

/// The bytes held after each minute.
fn hour(law: fn(f64) -> Duration) -> Vec<i64> {
    let (world, before) = (World::new(), here().bytes);
    let mut ledger = ledger();
    let mut gathered = Gathered {
        second: Recorder::new(&shape()),
        totals: Recorder::new(&shape()),
        measured: PhaseRecord::default(),
        course: Course::default(),
    };
    let (mut minutes, mut told) = (Vec::new(), 0);
    for number in 0..HOUR {
        let begin = BEGIN + Duration::from_secs(number);
        // Ten seconds of warm-up.
        let phase = usize::from(number >= 10);
        for (class, rate) in RATES {
            let draws = world.draws(class.name()).nth(number);
            let mut tell = |draw| {
                told += 1;
                world.request(&mut ledger, told, (phase, class), begin, law(draw));
            };
            if number < MINUTE {
                (0..rate).map(|n| draws.unit_at(n)).for_each(&mut tell);
            } else {
                extremes(draws, rate).for_each(&mut tell);
            }
        }
        gathered.close_second(number, &mut ledger);
        if (number + 1) % MINUTE == 0 {
            minutes.push(here().bytes - before);
        }
    }
    assert_eq!(gathered.totals.phases().iter().map(|record| record.done).sum::<u64>(), told);
    minutes
}
