//! Recordings from file to due requests.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tempfile::NamedTempFile;

use super::feed::{Feed, Intake, Next, Play};
use super::playback::{Due, Ended, Playback};
use super::tally::{Counts, Tally};
use super::target::Cleaning;
use super::{ReplayError, ReplayPlan, formats};

const HOUR: Duration = Duration::from_secs(3600);

/// A replay of a file as it was recorded.
pub(super) fn plan(file: &Path) -> ReplayPlan {
    ReplayPlan {
        file: file.to_owned(),
        format: None,
        fields: BTreeMap::new(),
        cleaning: Cleaning::default(),
        methods: Vec::new(),
        speed: 1.0,
        repeat: false,
        rate: None,
        window: Duration::from_secs(10),
        survey: None,
    }
}

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// Requests at these offsets in nanoseconds, by these users, for these routes.
fn recording(requests: &[(u64, u32, u32)]) -> NamedTempFile {
    let mut text = formats::requests::first_line() + "\n";
    for (at, user, route) in requests {
        let line = format!(r#""at_ns":{at},"method":"GET","path":"/{route}","user":"u{user}""#);
        writeln!(text, "{{{line}}}").unwrap();
    }
    file(&text)
}

fn play(plan: &ReplayPlan, length: Duration) -> (Vec<Due>, Ended, Counts) {
    let (tally, mut due) = (Tally::default(), Vec::new());
    let mut playback = Playback::open(plan, length, 100, &tally).unwrap();
    let ended = playback
        .run(|one| {
            due.push(one);
            ControlFlow::Continue(())
        })
        .unwrap();
    (due, ended, tally.counts())
}

fn count<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    keys.fold(BTreeMap::new(), |mut counts, key| {
        *counts.entry(key).or_default() += 1;
        counts
    })
}

fn requests() -> impl Strategy<Value = Vec<(u64, u32, u32)>> {
    let one = (0_u64..2_000_000_000, 0_u32..20, 0_u32..5);
    prop::collection::vec(one, 1..80).prop_map(|mut requests| {
        let mut now = 1_000_000_000;
        for (at, _, _) in &mut requests {
            now += *at;
            *at = now;
        }
        requests
    })
}

proptest! {
    #[test]
    fn spacing_is_the_recorded_one_divided_by_the_speed(
        requests in requests(), speed in prop::sample::select(vec![1.0, 2.0, 4.0, 0.5, 1.7, 1000.0]),
    ) {
        let file = recording(&requests);
        let (due, _, _) = play(&ReplayPlan { speed, ..plan(file.path()) }, HOUR);
        prop_assert_eq!(due.len(), requests.len());
        for (due, (at, _, route)) in due.iter().zip(&requests) {
            let recorded = at - requests[0].0;
            let exact = recorded as f64 / speed;
            let off = (due.at.as_nanos() as f64 - exact).abs();
            // Powers of two divide without rounding.
            let allowed = if [1.0, 2.0, 4.0, 0.5].contains(&speed) { 1.0 } else { 1.001 };
            prop_assert!(off < allowed, "{recorded} ns: {} for {exact}", due.at.as_nanos());
            prop_assert_eq!(&*due.asked.request.target, format!("/{route}"));
        }
    }

    #[test]
    fn requests_per_route_and_user_are_the_recorded_ones(requests in requests()) {
        let file = recording(&requests);
        let (due, ended, counts) = play(&plan(file.path()), HOUR);
        prop_assert_eq!(ended, Ended::Recording);
        let routes = count(due.iter().map(|one| one.asked.request.target.to_string()));
        prop_assert_eq!(routes, count(requests.iter().map(|(_, _, route)| format!("/{route}"))));
        // The n-th user that is met has the number n - 1.
        let mut met = Vec::new();
        for (_, user, _) in &requests {
            if !met.contains(user) {
                met.push(*user);
            }
        }
        let users = due.iter().map(|one| met[one.asked.user.as_usize()]);
        prop_assert_eq!(users.collect::<Vec<_>>(), requests.iter().map(|(_, user, _)| *user).collect::<Vec<_>>());
        prop_assert_eq!((counts.users, counts.due), (met.len() as u64, requests.len() as u64));
    }
}

#[test]
fn the_phase_cuts_the_recording() {
    let seconds: Vec<_> = (0..10).map(|n| (n * 1_000_000_000, 0, 0)).collect();
    let file = recording(&seconds);
    let (due, ended, _) = play(&plan(file.path()), Duration::from_secs(3));
    assert_eq!((due.len(), ended), (3, Ended::Phase));
    let fast = ReplayPlan { speed: 2.0, ..plan(file.path()) };
    assert_eq!(play(&fast, Duration::from_secs(3)).0.len(), 6);
}

#[test]
fn a_loop_keeps_the_rate_and_the_users() {
    let file = recording(&[(0, 7, 0), (100_000_000, 8, 1), (400_000_000, 7, 2)]);
    let looped = ReplayPlan { repeat: true, ..plan(file.path()) };
    let (due, ended, counts) = play(&looped, Duration::from_millis(1_250));
    let found: Vec<_> = due.iter().map(|one| (one.at.as_millis(), one.asked.user.0)).collect();
    // The mean gap is 200 ms, so a lap takes 600.
    let expected = [(0, 0), (100, 1), (400, 0), (600, 0), (700, 1), (1000, 0), (1200, 0)];
    assert_eq!((found, ended, counts.laps), (expected.to_vec(), Ended::Phase, 2));
    let one = recording(&[(5, 0, 0)]);
    let (due, _, _) =
        play(&ReplayPlan { repeat: true, ..plan(one.path()) }, Duration::from_millis(2_500));
    assert_eq!(due.len(), 3, "a single request comes once a second");
    let none = file_without_requests();
    let (due, ended, _) = play(&ReplayPlan { repeat: true, ..plan(none.path()) }, HOUR);
    assert_eq!((due.len(), ended), (0, Ended::Recording));
}

fn file_without_requests() -> NamedTempFile {
    file(&(formats::requests::first_line() + "\n"))
}

#[test]
fn users_beyond_the_population_are_counted_and_not_sent() {
    let file = recording(&[(0, 1, 0), (1, 2, 0), (2, 3, 0), (3, 1, 0)]);
    let (plan, tally, mut due) = (plan(file.path()), Tally::default(), Vec::new());
    let mut playback = Playback::open(&plan, HOUR, 2, &tally).unwrap();
    let _ = playback.run(|one| {
        due.push(one.asked.user.0);
        ControlFlow::Continue(())
    });
    assert_eq!((due, tally.counts().unmapped), (vec![0, 1, 0], 1));
}

#[test]
fn only_the_wanted_methods_are_replayed() {
    let text = "{\"method\":\"GET\",\"url\":\"http://h/a\"}\n{\"method\":\"DELETE\",\"url\":\"http://h/a\"}\n";
    let file = file(text);
    let safe = ReplayPlan {
        methods: vec!["GET".into(), "HEAD".into()],
        rate: crate::units::Rate::per_second(1.0),
        ..plan(file.path())
    };
    let (due, _, counts) = play(&safe, HOUR);
    assert_eq!((due.len(), counts.left_out), (1, 1));
}

#[test]
fn what_cannot_be_replayed_says_what_to_do() {
    let open = |plan: &ReplayPlan| {
        let tally = Tally::default();
        let played = Playback::open(plan, HOUR, 10, &tally)
            .and_then(|mut playback| playback.run(|_| ControlFlow::Continue(())));
        played.unwrap_err().to_string()
    };
    let absent = open(&plan(Path::new("/nonexistent/access.log")));
    assert!(absent.contains("/nonexistent/access.log cannot be read"), "{absent}");
    let unknown = file("what is this?\n");
    let error = open(&plan(unknown.path()));
    assert!(error.contains("combined") && error.contains("`format`"), "{error}");
    let untimed = file("{\"method\":\"GET\",\"url\":\"http://h/\"}\n");
    let error = open(&plan(untimed.path()));
    assert!(error.contains("rate = \"100/s\""), "{error}");
    let fields = [("user".to_owned(), "uid".to_owned())].into();
    let error = open(&ReplayPlan {
        fields,
        rate: crate::units::Rate::per_second(1.0),
        ..plan(untimed.path())
    });
    assert!(error.contains("header:NAME"), "{error}");
    let fields = [("took_s".to_owned(), "t".to_owned())].into();
    let error = open(&ReplayPlan { fields, ..plan(untimed.path()) });
    assert!(error.contains("took_s") && error.contains("vegeta"), "{error}");
    let cut = file("{\"log\":{\"entries\":[{\"startedDateTime\":\"2024-03-01T12:00:00Z\"},");
    let error = open(&plan(cut.path()));
    assert!(error.contains("behind entry 1"), "{error}");
}

#[test]
fn malformed_lines_are_told_by_number_and_too_many_are_unfit() {
    let line = |n: u64| {
        format!("1.1.1.{} - - [01/Mar/2024:12:00:00 +0000] \"GET / HTTP/1.1\" 200 5\n", n % 9)
    };
    let with = |bad: u64, good: u64| {
        let text: String =
            (0..good).map(line).chain((0..bad).map(|_| "mark mark\n".into())).collect();
        let file = file(&text);
        play(&plan(file.path()), HOUR).2
    };
    let fit = with(1, 99);
    assert!(!fit.is_unfit() && fit.malformed == 1, "{fit:?}");
    assert_eq!(
        fit.malformed_in_words(),
        "1 of 100 lines (1.0%) are malformed: line 100: a time in brackets is missing"
    );
    let unfit = with(9, 191);
    assert!(unfit.is_unfit() && unfit.first_malformed.len() == 5);
    assert!(!unfit.malformed_in_words().contains("mark"));
    assert!(!Counts::default().is_unfit());
}

/// Takes everything of one phase.
fn drain(intake: &mut Intake) -> (Vec<(u64, Due)>, u64) {
    let mut taken = Vec::new();
    loop {
        match intake.take() {
            Next::Due { number, due } => taken.push((number, due)),
            Next::Behind => std::thread::yield_now(),
            Next::End { count } => return (taken, count),
        }
    }
}

#[test]
fn workers_together_get_the_whole_of_each_phase() {
    let requests: Vec<_> = (0..50_000).map(|n| (n * 1_000, n as u32 % 30, n as u32 % 7)).collect();
    let (long, short) = (recording(&requests), recording(&requests[..10]));
    let play = |phase, file: &NamedTempFile| Play {
        phase,
        plan: Arc::new(plan(file.path())),
        length: HOUR,
    };
    let plays = vec![play(1, &long), play(3, &short)];
    let (feed, intakes) = Feed::start(plays, 3, 30).unwrap();
    let workers: Vec<_> = intakes
        .into_iter()
        .map(|mut intake| std::thread::spawn(move || (drain(&mut intake), drain(&mut intake))))
        .collect();
    let taken: Vec<_> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();
    let mut first: Vec<_> = taken.iter().flat_map(|(one, _)| one.0.clone()).collect();
    assert!(taken.iter().all(|(one, two)| (one.1, two.1) == (50_000, 10)));
    for (worker, (one, _)) in taken.iter().enumerate() {
        assert!(one.0.iter().all(|(number, _)| *number as usize % 3 == worker));
        assert!(one.0.iter().map(|(_, due)| due.at).is_sorted());
    }
    first.sort_by_key(|(number, _)| *number);
    for (n, (number, due)) in first.iter().enumerate() {
        assert_eq!((*number, due.at), (n as u64, Duration::from_nanos(requests[n].0)));
        assert_eq!(
            (due.asked.user.0, &*due.asked.request.target),
            (requests[n].1, &*format!("/{}", requests[n].2))
        );
    }
    assert_eq!(taken.iter().map(|(_, two)| two.0.len()).sum::<usize>(), 10);
    let played = feed.join().unwrap();
    let ends: Vec<_> = played
        .iter()
        .map(|one| {
            (one.phase, one.counts.due, one.ended.as_ref().map(|e| e.as_ref().ok().copied()))
        })
        .collect();
    assert_eq!(
        ends,
        [(1, 50_000, Some(Some(Ended::Recording))), (3, 10, Some(Some(Ended::Recording)))]
    );
}

#[test]
fn a_reader_that_finds_nothing_ends_when_told() {
    // Of each kind of line that nothing becomes due of, more than can be read before the end.
    let of_method = "{\"at_ns\":1,\"method\":\"DELETE\",\"path\":\"/\"}\n";
    for line in [of_method, "{\"at_ns\":1,\"method\":\"GET\",\"path\":\"*\"}\n", "none\n"] {
        let lines = 4_000_000 / line.len();
        let file = file(&(formats::requests::first_line() + "\n" + &line.repeat(lines)));
        let plan = ReplayPlan { methods: vec!["GET".into()], ..plan(file.path()) };
        let plays = vec![Play { phase: 0, plan: Arc::new(plan), length: HOUR }];
        let (feed, _intakes) = Feed::start(plays, 1, 1).unwrap();
        while feed.counts()[0].lines == 0 {
            std::thread::yield_now();
        }
        let played = feed.join().unwrap();
        assert_eq!(played[0].ended.as_ref().unwrap().as_ref().unwrap(), &Ended::Told);
        let counts = &played[0].counts;
        assert!(counts.lines < lines as u64 && counts.due == 0, "{counts:?}");
    }
}

#[test]
fn the_reader_waits_for_slow_workers_and_ends_when_told() {
    let requests: Vec<_> = (0..100_000).map(|n| (n * 1_000, 0, 0)).collect();
    let file = recording(&requests);
    let plays = vec![Play { phase: 0, plan: Arc::new(plan(file.path())), length: HOUR }; 2];
    let (feed, mut intakes) = Feed::start(plays, 2, 1).unwrap();
    while !feed.is_primed() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let ahead = feed.counts()[0].due;
    assert!(ahead < 50_000, "{ahead} requests are read ahead");
    assert!(matches!(intakes[1].take(), Next::Due { number: 1, .. }));
    let played = feed.join().unwrap();
    assert!(matches!(played[0].ended, Some(Ok(Ended::Told))) && played[1].ended.is_none());
}

#[test]
fn a_recording_that_breaks_off_ends_its_phase_with_the_reason() {
    let broken = file(
        "{\"log\":{\"entries\":[{\"startedDateTime\":\"2024-03-01T12:00:00Z\",\"request\":{\"method\":\"GET\",\"url\":\"http://h/\"}},",
    );
    let plays = vec![Play { phase: 0, plan: Arc::new(plan(broken.path())), length: HOUR }];
    let (feed, mut intakes) = Feed::start(plays, 1, 1).unwrap();
    assert_eq!(drain(&mut intakes[0]).1, 0);
    let played = feed.join().unwrap();
    assert!(
        matches!(played[0].ended, Some(Err(ReplayError::BrokenOff { line: 1, .. }))),
        "{played:?}"
    );
}

#[test]
fn a_worker_that_finds_nothing_says_so() {
    let (feed, mut intakes) = Feed::start(Vec::new(), 1, 1).unwrap();
    assert!(matches!(intakes[0].take(), Next::Behind | Next::End { .. }));
    drop(feed);
    assert_eq!(intakes[0].take(), Next::End { count: 0 });
}
