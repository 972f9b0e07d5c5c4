//! Recorded requests in the order in which they were made, as far as a bounded memory allows.
//!
//! Two things are done on the way. Requests of which a log tells only the second are spread evenly
//! over it, in the order of their lines: of k in a row, the i-th (from 0) is taken to have been
//! made i/k of a second into it. And since servers write a line when they have answered, a slow
//! request stands behind faster ones that came later, so requests are held back for a while and
//! given out by their time. One that comes still later is given out at once, and counted.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;
use std::time::Duration;

use super::raw::When;
use super::request::Entry;

/// Bytes of requests that are held back at most; beyond, the oldest is given out early.
const HELD_MAX: usize = 32 << 20;

/// Bytes of requests of one second that wait to be spread. Beyond, those waiting are spread over
/// the first half of what is left of their second, and so on.
const RUN_MAX: usize = 16 << 20;

const SECOND: i64 = 1_000_000_000;

/// Takes requests in order: the instant on the recording's own axis, in nanoseconds, and which.
pub type Out<'o> = dyn FnMut(i64, Entry) -> ControlFlow<()> + 'o;

/// Puts requests in order.
#[derive(Debug)]
pub struct Order {
    window: i64,
    run: Option<Run>,
    held: BinaryHeap<Reverse<Held>>,
    weight: usize,
    number: u64,
    newest: i64,
    given: i64,
    late: u64,
}

/// Requests in a row of which only the second is known.
#[derive(Debug)]
struct Run {
    second: i64,
    /// What is left of the second: from here to its end.
    from: i64,
    waiting: Vec<(i64, Entry)>,
    weight: usize,
}

impl Run {
    /// Nanoseconds from `from` to the second's end, or to the end of what an instant can be.
    fn left(&self) -> i64 {
        self.second.saturating_add(SECOND) - self.from
    }
}

#[derive(Debug)]
struct Held {
    at: i64,
    number: u64,
    entry: Entry,
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Held {}

impl PartialOrd for Held {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Held {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

fn weight(entry: &Entry) -> usize {
    size_of::<Held>() + entry.request.weight()
}

impl Order {
    /// Holds requests back until one that was made so much later has been read.
    pub fn new(window: Duration) -> Self {
        Self {
            window: i64::try_from(window.as_nanos()).unwrap_or(i64::MAX),
            run: None,
            held: BinaryHeap::new(),
            weight: 0,
            number: 0,
            newest: i64::MIN,
            given: i64::MIN,
            late: 0,
        }
    }

    /// Requests that came too late to be put in their place.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// Takes a request in, and gives out what need not be held back any longer.
    pub fn push(&mut self, when: When, entry: Entry, out: &mut Out<'_>) -> ControlFlow<()> {
        let (stamp, took) = match when {
            When::Began(stamp) => (stamp, 0),
            When::Ended(stamp, took) => (stamp, took),
            // Whoever has no time was given one before.
            When::Untold => return ControlFlow::Continue(()),
        };
        if !stamp.whole_second {
            self.spread(out)?;
            return self.hold(stamp.nanos.saturating_sub(took), entry, out);
        }
        if self.run.as_ref().is_some_and(|run| run.second != stamp.nanos) {
            self.spread(out)?;
        }
        let run = self.run.get_or_insert_with(|| Run {
            second: stamp.nanos,
            from: stamp.nanos,
            waiting: Vec::new(),
            weight: 0,
        });
        run.weight += weight(&entry);
        run.waiting.push((took, entry));
        if run.weight <= RUN_MAX {
            return ControlFlow::Continue(());
        }
        let half = run.left() / 2;
        let from = run.from;
        run.from += half;
        run.weight = 0;
        let waiting = std::mem::take(&mut run.waiting);
        self.hold_evenly(waiting, from, half, out)
    }

    /// Gives out everything that is left.
    pub fn finish(&mut self, out: &mut Out<'_>) -> ControlFlow<()> {
        self.spread(out)?;
        while let Some(Reverse(held)) = self.held.pop() {
            self.give(held, out)?;
        }
        ControlFlow::Continue(())
    }

    fn spread(&mut self, out: &mut Out<'_>) -> ControlFlow<()> {
        let Some(run) = self.run.take() else { return ControlFlow::Continue(()) };
        let (from, left) = (run.from, run.left());
        self.hold_evenly(run.waiting, from, left, out)
    }

    fn hold_evenly(
        &mut self,
        waiting: Vec<(i64, Entry)>,
        from: i64,
        length: i64,
        out: &mut Out<'_>,
    ) -> ControlFlow<()> {
        let count = waiting.len() as i128;
        for (i, (took, entry)) in (0_i128..).zip(waiting) {
            let within = (i128::from(length) * i / count) as i64;
            self.hold(from.saturating_add(within).saturating_sub(took), entry, out)?;
        }
        ControlFlow::Continue(())
    }

    fn hold(&mut self, at: i64, entry: Entry, out: &mut Out<'_>) -> ControlFlow<()> {
        self.weight += weight(&entry);
        self.newest = self.newest.max(at);
        self.held.push(Reverse(Held { at, number: self.number, entry }));
        self.number += 1;
        while let Some(Reverse(oldest)) = self.held.peek() {
            let may_go = self.newest.saturating_sub(oldest.at) > self.window;
            if !may_go && self.weight <= HELD_MAX {
                break;
            }
            let Some(Reverse(held)) = self.held.pop() else { break };
            self.give(held, out)?;
        }
        ControlFlow::Continue(())
    }

    fn give(&mut self, held: Held, out: &mut Out<'_>) -> ControlFlow<()> {
        self.weight -= weight(&held.entry);
        self.late += u64::from(held.at < self.given);
        self.given = self.given.max(held.at);
        out(self.given, held.entry)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::replay::raw::Signs;
    use crate::replay::request::Request;
    use crate::replay::stamp::Stamp;
    use crate::replay::who::Pseudonyms;

    fn ordered(window: Duration, lines: &[(i64, bool, i64)]) -> (Vec<(i64, usize)>, u64) {
        let who = Pseudonyms::fresh().unwrap().identify(&Signs::default(), None, None).who;
        let (mut order, mut given) = (Order::new(window), Vec::new());
        let mut out = |at, entry: Entry| {
            given.push((at, entry.request.target[1..].parse().unwrap()));
            ControlFlow::Continue(())
        };
        for (n, (nanos, whole_second, took)) in lines.iter().enumerate() {
            let entry = Entry { request: Request::new("GET", format!("/{n}").into()), who };
            let stamp = Stamp { nanos: *nanos, whole_second: *whole_second };
            assert!(order.push(When::Ended(stamp, *took), entry, &mut out).is_continue());
        }
        assert!(order.finish(&mut out).is_continue());
        let late = order.late();
        (given, late)
    }

    #[test]
    fn a_second_is_filled_evenly_in_the_order_of_lines() {
        let lines = [(5, true, 0); 4].map(|(at, whole, took)| (at * SECOND, whole, took));
        let (given, late) =
            ordered(Duration::from_secs(1), &[&lines[..], &[(7 * SECOND, true, 0)]].concat());
        let quarter = SECOND / 4;
        let expected: Vec<_> = (0..4).map(|i| (5 * SECOND + i * quarter, i as usize)).collect();
        assert_eq!((&given[..4], given[4], late), (&expected[..], (7 * SECOND, 4), 0));
    }

    #[test]
    fn slow_requests_go_back_to_their_place() {
        let (given, late) = ordered(
            Duration::from_secs(5),
            &[(10 * SECOND, false, 0), (11 * SECOND, false, 3 * SECOND)],
        );
        assert_eq!((given, late), (vec![(8 * SECOND, 1), (10 * SECOND, 0)], 0));
    }

    #[test]
    fn what_is_too_late_goes_at_once_and_is_counted() {
        let lines = [(10, false, 0), (12, false, 0), (9, false, 0), (13, false, 0)]
            .map(|(at, w, t)| (at * SECOND, w, t));
        let (given, late) = ordered(Duration::from_secs(1), &lines);
        assert_eq!(given, [(10 * SECOND, 0), (10 * SECOND, 2), (12 * SECOND, 1), (13 * SECOND, 3)]);
        assert_eq!(late, 1);
    }

    #[test]
    fn a_second_with_more_than_fits_stays_in_its_bounds_and_order() {
        let count = RUN_MAX / size_of::<Held>() * 3;
        let lines = vec![(SECOND, true, 0); count];
        let (given, late) = ordered(Duration::ZERO, &lines);
        assert_eq!((given.len(), late), (count, 0));
        assert!(given.iter().map(|(at, _)| *at).is_sorted());
        assert!(given.iter().map(|(_, n)| *n).is_sorted());
        assert!(given.iter().all(|(at, _)| (SECOND..2 * SECOND).contains(at)));
    }

    #[test]
    fn a_full_second_at_the_end_of_time_is_spread_over_what_there_is() {
        let count = RUN_MAX / size_of::<Held>() * 2;
        for second in [i64::MAX, i64::MAX - 1, i64::MAX - SECOND / 2, i64::MIN] {
            let (given, late) = ordered(Duration::ZERO, &vec![(second, true, 0); count]);
            assert_eq!((given.len(), late), (count, 0));
            assert!(given.iter().all(|(at, _)| *at >= second));
        }
    }

    #[test]
    fn no_more_is_held_than_fits() {
        let who = Pseudonyms::fresh().unwrap().identify(&Signs::default(), None, None).who;
        let mut order = Order::new(Duration::from_secs(86_400));
        let mut given = 0_u64;
        for n in 0..400_000 {
            let entry = Entry { request: Request::new("GET", "/x".repeat(100).into()), who };
            let stamp = Stamp { nanos: n, whole_second: false };
            let _ = order.push(When::Began(stamp), entry, &mut |_, _| {
                given += 1;
                ControlFlow::Continue(())
            });
        }
        assert!(
            order.weight <= HELD_MAX && given > 200_000,
            "{} held, {given} given",
            order.held.len()
        );
    }

    proptest! {
        #[test]
        fn within_the_window_the_order_is_that_of_time(
            mut gaps in prop::collection::vec((0_i64..2_000_000_000, 0_i64..3_000_000_000), 1..60),
        ) {
            let mut now = 0;
            let lines: Vec<_> = gaps.drain(..).map(|(gap, took)| {
                now += gap;
                (now + 10 * SECOND, false, took)
            }).collect();
            let (given, late) = ordered(Duration::from_secs(3), &lines);
            prop_assert_eq!(late, 0);
            prop_assert!(given.iter().map(|(at, _)| *at).is_sorted());
            for (at, n) in given {
                prop_assert_eq!(at, lines[n].0 - lines[n].2);
            }
        }

        #[test]
        fn any_times_come_out_in_order_and_complete(
            lines in prop::collection::vec((any::<i64>(), any::<bool>(), 0..i64::MAX), 0..40), window in 0_u64..100,
        ) {
            let (given, _) = ordered(Duration::from_secs(window), &lines);
            prop_assert_eq!(given.len(), lines.len());
            prop_assert!(given.iter().map(|(at, _)| *at).is_sorted());
        }
    }
}
