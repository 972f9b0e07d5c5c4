//! What sightings come to, and that summing up many changes loses nothing that is shown.

use proptest::prelude::*;

use super::watch::Closed;
use super::*;

const USER: UserIndex = UserIndex(1);

fn ms(ms: u64) -> Tick {
    Tick::from_micros(ms * 1_000)
}

fn seen(sent: u64, accepted: bool) -> Sighting {
    Sighting { user: USER, sent: ms(sent), done: ms(sent + 1), accepted }
}

fn run(kind: LagKind, sightings: &[Sighting]) -> LagSummary {
    let mut tracker = LagTracker::default();
    tracker.changed(USER, kind, Cohort::Probed, ms(100), ms(110));
    for sighting in sightings {
        tracker.saw(sighting);
    }
    tracker.summary(kind, Cohort::Probed).unwrap()
}

fn interval(low: u64, high: Option<u64>) -> Interval {
    Interval { low: Duration::from_millis(low), high: high.map(Duration::from_millis) }
}

#[test]
fn revocation_lies_between_the_last_accept_and_the_first_reject_after_it() {
    let summary = run(
        LagKind::Revocation,
        &[seen(50, false), seen(120, true), seen(150, true), seen(170, false), seen(190, false)],
    );
    assert_eq!(summary.intervals, [interval(40, Some(71))]);
    assert_eq!((summary.users, summary.wrong_users, summary.flaps), (1, 1, 0));
    assert_eq!(summary.resolution, Duration::from_millis(31));
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    let mut sightings =
        [seen(120, true), seen(150, true), seen(170, false), seen(190, false), seen(210, false)];
    for _ in 0..sightings.len() {
        sightings.rotate_left(1);
        let summary = run(LagKind::Revocation, &sightings);
        // A later reject may be taken where the first arrived before the accept it follows;
        // the interval is then wider, never wrong.
        let Interval { low, high: Some(high) } = summary.intervals[0] else { panic!() };
        assert_eq!(low, Duration::from_millis(40));
        assert!(high >= Duration::from_millis(71) && high <= Duration::from_millis(111));
    }
}

#[test]
fn a_flap_moves_a_revocation_on() {
    let summary = run(
        LagKind::Revocation,
        &[seen(120, true), seen(150, false), seen(200, true), seen(220, false)],
    );
    assert_eq!(summary.intervals, [interval(90, Some(121))]);
    assert_eq!(summary.flaps, 1);
}

#[test]
fn provisioning_ends_at_the_first_accept() {
    let summary = run(
        LagKind::Provisioning,
        &[seen(120, false), seen(150, false), seen(160, true), seen(180, false), seen(190, true)],
    );
    assert_eq!(summary.intervals, [interval(40, Some(61))]);
    assert_eq!(summary.flaps, 1);
}

#[test]
fn each_change_of_a_user_has_its_own_lag() {
    let mut tracker = LagTracker::default();
    tracker.changed(USER, LagKind::Revocation, Cohort::Probed, ms(100), ms(110));
    tracker.changed(USER, LagKind::Provisioning, Cohort::Probed, ms(200), ms(210));
    // The answer in the middle touches both changes, and may speak of either.
    let across = Sighting { user: USER, sent: ms(190), done: ms(205), accepted: true };
    for sighting in [seen(120, true), seen(140, false), across, seen(220, false), seen(240, true)] {
        tracker.saw(&sighting);
    }
    let lag = |kind| tracker.summary(kind, Cohort::Probed).unwrap().intervals;
    assert_eq!(lag(LagKind::Revocation), [interval(10, Some(41))]);
    assert_eq!(lag(LagKind::Provisioning), [interval(10, Some(41))]);
}

#[test]
fn what_never_ended_has_no_upper_end() {
    let summary = run(LagKind::Revocation, &[seen(120, true), seen(400, true)]);
    assert_eq!(summary.intervals, [interval(290, None)]);
    assert_eq!((summary.censored, summary.max.high), (1, None));
    let unseen = run(LagKind::Revocation, &[seen(50, true)]);
    assert_eq!((unseen.users, unseen.unseen), (0, 1));
}

#[test]
fn a_change_that_shows_at_once_starts_at_zero() {
    let summary = run(LagKind::Revocation, &[seen(105, true), seen(115, false)]);
    assert_eq!(summary.intervals, [interval(0, Some(16))]);
    assert_eq!(summary.wrong_users, 0);
}

#[test]
fn quantiles_of_many_users_are_bounds() {
    let mut tracker = LagTracker::default();
    for n in 0..100_u32 {
        let user = UserIndex(n);
        tracker.changed(user, LagKind::Revocation, Cohort::Probed, ms(0), ms(0));
        let lag = u64::from(n) * 10;
        tracker.saw(&Sighting { user, sent: ms(lag), done: ms(lag + 1), accepted: true });
        tracker.saw(&Sighting { user, sent: ms(lag + 20), done: ms(lag + 21), accepted: false });
    }
    let summary = tracker.summary(LagKind::Revocation, Cohort::Probed).unwrap();
    assert_eq!(summary.p50.low, Duration::from_millis(490));
    assert_eq!(summary.p50.high, Some(Duration::from_millis(511)));
    assert_eq!(summary.max.high, Some(Duration::from_millis(1011)));
    assert!(tracker.summary(LagKind::Revocation, Cohort::Quiet).is_none());
}

#[test]
fn where_intervals_are_not_kept_their_distribution_is() {
    for most_intervals in [0, MOST_INTERVALS] {
        let mut tracker = LagTracker::keeping(most_intervals);
        for n in 0..200_u32 {
            let user = UserIndex(n);
            tracker.changed(user, LagKind::Revocation, Cohort::Probed, ms(0), ms(0));
            let lag = u64::from(n) * 10;
            tracker.saw(&Sighting { user, sent: ms(lag), done: ms(lag + 1), accepted: true });
            if n < 198 {
                let (sent, done) = (ms(lag + 20), ms(lag + 21));
                tracker.saw(&Sighting { user, sent, done, accepted: false });
            }
        }
        tracker.settle(ms(60_000));
        let summary = tracker.summary(LagKind::Revocation, Cohort::Probed).unwrap();
        assert_eq!(summary.users, 200);
        assert_eq!(summary.intervals.is_empty(), most_intervals == 0);
        assert_eq!(summary.distribution.is_empty(), most_intervals > 0);
        let place = |share: f64| {
            let found = summary.distribution.iter().find(|place| (place.0 - share).abs() < 1e-9);
            found.map(|(_, bounds)| *bounds)
        };
        if most_intervals == 0 {
            let half = place(0.5).unwrap();
            assert_eq!(half, summary.p50);
            assert!(half.low <= Duration::from_millis(990), "{half:?}");
            assert!(half.high.unwrap() >= Duration::from_millis(1_011), "{half:?}");
            // The last two were never turned away.
            assert_eq!(
                (place(0.99).unwrap().high.is_some(), place(1.0).unwrap().high),
                (true, None)
            );
            assert!(summary.distribution.is_sorted_by_key(|(_, bounds)| bounds.low));
        }
    }
}

/// A user whose change showed at once, at `at` milliseconds.
fn shown_at_once(tracker: &mut LagTracker, user: UserIndex, at: u64) {
    tracker.changed(user, LagKind::Revocation, Cohort::Probed, ms(at), ms(at + 1));
    tracker.saw(&Sighting { user, sent: ms(at + 2), done: ms(at + 3), accepted: false });
}

#[test]
fn a_thousand_changes_are_kept_one_by_one_and_more_are_not() {
    let mut tracker = LagTracker::default();
    for n in 0..MOST_INTERVALS as u32 {
        shown_at_once(&mut tracker, UserIndex(n), u64::from(n));
    }
    tracker.settle(ms(3_600_000));
    let summary = tracker.summary(LagKind::Revocation, Cohort::Probed).unwrap();
    assert_eq!((summary.intervals.len(), tracker.settled.len()), (MOST_INTERVALS, 0));
    shown_at_once(&mut tracker, UserIndex(99_999), 3_600_000);
    tracker.settle(ms(3_600_004));
    let summary = tracker.summary(LagKind::Revocation, Cohort::Probed).unwrap();
    assert_eq!((summary.users, summary.intervals.len()), (MOST_INTERVALS as u64 + 1, 0));
    // All but the one that showed just now.
    assert_eq!((tracker.settled.len(), tracker.watches.len()), (MOST_INTERVALS, 1));
}

#[test]
fn a_day_of_churn_takes_twenty_bytes_a_user() {
    assert!(size_of::<(UserIndex, Settled)>() <= 20);
    let mut tracker = LagTracker::default();
    let mut watched = 0;
    for n in 0..200_000_u32 {
        let at = u64::from(n) * 10;
        if n % 5 == 0 {
            shown_at_once(&mut tracker, UserIndex(n), at);
        } else {
            tracker.changed(
                UserIndex(n),
                LagKind::Revocation,
                Cohort::Unprobed,
                ms(at),
                ms(at + 1),
            );
        }
        if n % 100 == 0 {
            tracker.settle(ms(at));
            watched = watched.max(tracker.watches.len());
        }
    }
    // 20 probed users a second, and ten seconds until they have settled; a thousand before that.
    assert!(watched <= MOST_INTERVALS + 240, "{watched}");
    let summary = tracker.summary(LagKind::Revocation, Cohort::Probed).unwrap();
    assert_eq!((summary.users, summary.max.high), (40_000, Some(Duration::from_micros(3_001))));
    assert!(tracker.summary(LagKind::Revocation, Cohort::Unprobed).is_none());
}

#[test]
fn a_late_flap_opens_a_settled_change_again() {
    let mut tracker = LagTracker::keeping(0);
    shown_at_once(&mut tracker, USER, 1_000);
    tracker.settle(ms(100_000));
    assert!(tracker.settled.contains_key(&USER));
    let answer = |tracker: &mut LagTracker, sent, accepted| {
        tracker.saw(&Sighting { user: USER, sent: ms(sent), done: ms(sent + 1), accepted });
        tracker.summary(LagKind::Revocation, Cohort::Probed).unwrap()
    };
    let flapped = answer(&mut tracker, 61_001, true);
    assert_eq!((flapped.users, flapped.censored, flapped.wrong_users), (1, 1, 1));
    assert_eq!((flapped.flaps, flapped.max.high), (1, None));
    let shown = answer(&mut tracker, 61_500, false);
    let low = Duration::from_secs(60);
    assert!(shown.max.low <= low && shown.max.low > low.mul_f64(0.998), "{:?}", shown.max);
    let high = Duration::from_millis(60_501);
    let found = shown.max.high.unwrap();
    assert!(found >= high && found < high.mul_f64(1.002), "{found:?}");
    // The next change ends what is watched; an answer before it still speaks of the first.
    tracker.settle(ms(200_000));
    tracker.changed(USER, LagKind::Provisioning, Cohort::Probed, ms(300_000), ms(300_010));
    let before = answer(&mut tracker, 250_000, true);
    assert_eq!((before.censored, before.flaps), (1, 2));
    tracker.settle(ms(400_000));
    assert_eq!(tracker.watches[&USER].len(), 1);
}

#[derive(Clone, Debug)]
enum Event {
    Changed { user: u32, revoked: bool, quiet: bool, took: u64 },
    Answered { user: u32, accepted: bool, took: u64 },
    Settle,
}

/// Events with the microseconds that pass before each. `took` says how long answers may take.
fn events(took: std::ops::Range<u64>) -> impl Strategy<Value = Vec<(u64, Event)>> {
    let event = prop_oneof![
        2 => (0..4_u32, any::<bool>(), any::<bool>(), 0..50_000_u64)
            .prop_map(|(user, revoked, quiet, took)| Event::Changed { user, revoked, quiet, took }),
        6 => (0..4_u32, any::<bool>(), took)
            .prop_map(|(user, accepted, took)| Event::Answered { user, accepted, took }),
        2 => Just(Event::Settle),
    ];
    prop::collection::vec((1..8_000_000_u64, event), 1..80)
}

/// What the events tell, in the order in which it is known: changes at their acknowledgement,
/// answers when they are done.
fn told(events: &[(u64, Event)]) -> Vec<(Tick, Tick, Event)> {
    let mut now = 0;
    let mut told = Vec::new();
    for (passed, event) in events {
        now += passed;
        let took = match event {
            Event::Changed { took, .. } | Event::Answered { took, .. } => *took,
            Event::Settle => 0,
        };
        told.push((Tick::from_micros(now), Tick::from_micros(now + took), event.clone()));
    }
    told.sort_by_key(|(_, end, _)| *end);
    told
}

fn change(user: u32, revoked: bool, quiet: bool) -> (LagKind, Cohort) {
    let kind = if revoked { LagKind::Revocation } else { LagKind::Provisioning };
    let cohort = match (user, quiet) {
        (3, _) => Cohort::Unprobed,
        (_, true) => Cohort::Quiet,
        (_, false) => Cohort::Probed,
    };
    (kind, cohort)
}

fn track(mut tracker: LagTracker, told: &[(Tick, Tick, Event)]) -> LagTracker {
    for &(begin, end, ref event) in told {
        match *event {
            Event::Changed { user, revoked, quiet, .. } => {
                let (kind, cohort) = change(user, revoked, quiet);
                tracker.changed(UserIndex(user), kind, cohort, begin, end);
            }
            Event::Answered { user, accepted, .. } => {
                tracker.saw(&Sighting { user: UserIndex(user), sent: begin, done: end, accepted });
            }
            Event::Settle => tracker.settle(end),
        }
    }
    tracker
}

/// A change with the answers that speak of it.
struct Told {
    user: u32,
    group: (LagKind, Cohort),
    asked: Tick,
    acknowledged: Tick,
    answers: Vec<Sighting>,
}

impl Told {
    /// Where the lag lies when every answer is at hand at once.
    fn close(&self) -> Closed {
        let answers = |right| {
            self.answers.iter().filter(move |seen| self.group.0.is_right(seen.accepted) == right)
        };
        let (wrong, shown) = match self.group.0 {
            LagKind::Revocation => {
                let wrong = answers(false).map(|seen| seen.sent).max();
                let after =
                    answers(true).filter(|seen| wrong.is_none_or(|wrong| seen.sent > wrong));
                (wrong, after.map(|seen| seen.done).min())
            }
            LagKind::Provisioning => {
                let right = answers(true).min_by_key(|seen| seen.done);
                let before =
                    answers(false).filter(|seen| right.is_none_or(|right| seen.sent <= right.sent));
                (before.map(|seen| seen.sent).max(), right.map(|seen| seen.done))
            }
        };
        let interval = Interval {
            low: wrong.map_or(Duration::ZERO, |sent| sent.since(self.acknowledged)),
            high: shown.map(|done| done.since(self.asked)),
        };
        Closed { interval, was_wrong: false, seen: !self.answers.is_empty(), flaps: 0 }
    }
}

fn truth(told: &[(Tick, Tick, Event)]) -> Vec<Told> {
    let mut changes: Vec<Told> = Vec::new();
    for &(begin, end, ref event) in told {
        match *event {
            Event::Changed { user, revoked, quiet, .. } => changes.push(Told {
                user,
                group: change(user, revoked, quiet),
                asked: begin,
                acknowledged: end,
                answers: Vec::new(),
            }),
            Event::Answered { user, accepted, .. } => {
                let last = changes.iter_mut().rev().find(|c| c.user == user && c.asked <= end);
                if let Some(change) = last.filter(|change| begin >= change.asked) {
                    let user = UserIndex(user);
                    change.answers.push(Sighting { user, sent: begin, done: end, accepted });
                }
            }
            Event::Settle => {}
        }
    }
    changes
}

const GROUPS: [(LagKind, Cohort); 4] = [
    (LagKind::Revocation, Cohort::Probed),
    (LagKind::Revocation, Cohort::Quiet),
    (LagKind::Provisioning, Cohort::Probed),
    (LagKind::Provisioning, Cohort::Quiet),
];

fn quantiles(summary: &LagSummary) -> [QuantileBounds; 4] {
    [summary.p50, summary.p95, summary.p99, summary.max]
}

proptest! {
    /// Where answers come in the order of their requests, summing up changes no count, and moves
    /// quantiles outwards by 0.1 %; by as much again and a millisecond where a change was opened
    /// again.
    #[test]
    fn summing_up_loses_nothing_that_is_shown(events in events(5_000..5_001)) {
        let told = told(&events);
        let exact = track(LagTracker::keeping(usize::MAX), &told);
        let summed = track(LagTracker::keeping(0), &told);
        for (kind, cohort) in GROUPS {
            let (exact, summed) = (exact.summary(kind, cohort), summed.summary(kind, cohort));
            prop_assert_eq!(exact.is_some(), summed.is_some());
            let (Some(exact), Some(summed)) = (exact, summed) else { continue };
            let counts = |s: &LagSummary| (s.users, s.unseen, s.censored, s.wrong_users, s.flaps);
            prop_assert_eq!(counts(&exact), counts(&summed));
            for (a, b) in quantiles(&exact).into_iter().zip(quantiles(&summed)) {
                let room = |span: Duration| span / 500 + Duration::from_millis(2);
                prop_assert!(b.low <= a.low && a.low <= b.low + room(a.low), "{:?} {:?}", a, b);
                prop_assert_eq!(a.high.is_some(), b.high.is_some());
                let (Some(high), Some(found)) = (a.high, b.high) else { continue };
                prop_assert!(found >= high && found <= high + room(high), "{:?} {:?}", a, b);
            }
        }
    }

    /// Whatever the order, no interval is narrower than what all answers together tell.
    #[test]
    fn no_interval_claims_more_than_was_seen(events in events(0..30_000_000)) {
        let told = told(&events);
        let truth = truth(&told);
        for most_intervals in [0, usize::MAX] {
            let tracker = track(LagTracker::keeping(most_intervals), &told);
            for group in GROUPS {
                let Some(found) = tracker.summary(group.0, group.1) else { continue };
                let of_group = truth.iter().filter(|change| change.group == group);
                let exact = LagSummary::exact(of_group.map(Told::close));
                prop_assert_eq!((exact.users, exact.unseen), (found.users, found.unseen));
                for (a, b) in quantiles(&exact).into_iter().zip(quantiles(&found)) {
                    let last = |high: Option<Duration>| high.unwrap_or(Duration::MAX);
                    prop_assert!(b.low <= a.low, "{:?} {:?}", a, b);
                    prop_assert!(last(b.high) >= last(a.high), "{:?} {:?}", a, b);
                }
            }
        }
    }
}
