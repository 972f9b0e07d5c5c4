//! The course adds up, stays bounded, and reads back.

use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use time::OffsetDateTime;

use crate::identity::Change;
use crate::measure::{LatencyKind, Shape};
use crate::outcome::{Class, Truth, Verdict};

use super::super::folder::RunFolder;
use super::*;

const PHASES: [&str; 2] = ["warm-up", "steady"];

/// A second of a run: so many answers, each a little slower than the one before.
fn recorder(second: u64, answers: u64) -> Recorder {
    let mut recorder = Recorder::new(&Shape { phases: 2, ..Shape::default() });
    let record = recorder.phase(usize::from(second >= 2));
    for n in 0..answers {
        let class = if n % 5 == 4 { Class::UserNotFound } else { Class::Accepted };
        let span = Duration::from_micros(300 + n * 17 + second % 50);
        record.due += 1;
        record.sent += 1;
        record.done += 1;
        record.verdicts[Verdict::CorrectAccept.index()] += 1;
        record.matrix[Truth::MustAccept.index()][class.index()] += 1;
        record.response[class.index()].record(span);
        record.service[class.index()].record(span / 2);
    }
    recorder
}

fn row(second: u64, recorder: &Recorder) -> TimelineRow {
    TimelineRow {
        phase: PHASES[usize::from(second >= 2)].to_owned(),
        lookups: Some(second % 3),
        faults: if second % 4 == 1 { "store-outage".to_owned() } else { String::new() },
        ..TimelineRow::of(second, recorder)
    }
}

fn rows_only(seconds: u64) -> Course {
    let mut course = Course::default();
    for second in 0..seconds {
        let mut row = TimelineRow { second, done: 1 + second % 2, ..TimelineRow::default() };
        row.verdicts[0] = row.done;
        course.row(&row);
        course.bins[(second / course.each) as usize * BINS] += 1;
    }
    course
}

fn changed(at: f64, change: Change) -> Event {
    Event::Changed { inv: at, ack: at, user: 1, change, cohort: "probed".to_owned() }
}

/// Everything that a course says.
fn said(course: &Course) -> (Vec<Stretch>, Vec<Vec<u32>>, Vec<u64>) {
    let bins = (0..course.stretches().len()).map(|n| course.bins(n).to_vec()).collect();
    let kinds = [LatencyKind::Response, LatencyKind::Service];
    let times = Class::ALL.into_iter().flat_map(|class| kinds.map(|kind| (class, kind)));
    let quantiles = times.flat_map(|(class, kind)| {
        let all = course.times().sum(class, kind, |_| true);
        [all.count(), all.at(0.5).unwrap_or(0), all.at(1.0).unwrap_or(0)]
    });
    (course.stretches().to_vec(), bins, quantiles.collect())
}

fn write_and_follow(folder: &Path, seconds: u64) -> (RunFolder, Course) {
    let at = OffsetDateTime::from_unix_timestamp(1_795_466_580).unwrap();
    let folder = RunFolder::create(folder, "x", at, 7).unwrap();
    let (mut timeline, mut events) = (folder.timeline().unwrap(), folder.events().unwrap());
    let mut log = folder.latency_log().unwrap();
    let mut live = Course::default();
    for second in 0..seconds {
        let recorder = recorder(second, if second % 7 == 3 { 0 } else { 5 + second % 9 });
        let row = row(second, &recorder);
        timeline.append(&row).unwrap();
        let (at, length) = (Duration::from_secs(second), Duration::from_secs(1));
        log.append(at, length, &PHASES, &recorder).unwrap();
        live.second(&row, &recorder, &PHASES);
    }
    for (at, change) in [(-1.0, Change::Create), (1.5, Change::Delete), (1.6, Change::Enable)] {
        let event = changed(at, change);
        events.append(&event).unwrap();
        live.event(&event);
    }
    (folder, live)
}

#[test]
fn what_was_read_from_the_files_is_what_was_seen() {
    let root = tempfile::tempdir().unwrap();
    for seconds in [1, 9, 1_300] {
        let (folder, live) = write_and_follow(root.path(), seconds);
        let read = Course::read(folder.path()).unwrap();
        assert_eq!(said(&read), said(&live), "{seconds}");
        // The last change is in the second second.
        let added = 1 + u64::from(seconds > MOST as u64);
        assert_eq!((read.end(), read.stretches()[0].added), (seconds.max(2), added));
        let steady = read.times().phase("steady").is_some();
        assert_eq!(steady, seconds > 2);
        assert!(read.times().phase("warm-up").unwrap().classes[0].response.count() > 0);
    }
}

#[test]
fn files_that_are_missing_or_torn_leave_the_rest() {
    let root = tempfile::tempdir().unwrap();
    let (folder, live) = write_and_follow(root.path(), 9);
    let log = folder.file(super::super::folder::LATENCY_HLOG);
    let mut text = std::fs::read_to_string(&log).unwrap();
    text.truncate(text.len() - 10);
    text.insert_str(text.len() / 2, "\nTag=x/accepted/response,0.0,1.0,1.0,HISTFAAA!\nnoise\n");
    std::fs::write(&log, text).unwrap();
    let torn = Course::read(folder.path()).unwrap();
    assert_eq!(torn.stretches(), live.stretches());
    let times = |course: &Course| said(course).2.into_iter().step_by(3).sum::<u64>();
    assert!((1..times(&live)).contains(&times(&torn)), "{} {}", times(&torn), times(&live));
    std::fs::remove_file(&log).unwrap();
    assert_eq!(Course::read(folder.path()).unwrap().stretches(), live.stretches());
    assert!(Course::read(root.path()).unwrap().is_empty());
    std::fs::create_dir(&log).unwrap();
    let error = Course::read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("latency.hlog"), "{error}");
}

#[test]
fn a_short_run_is_kept_second_by_second() {
    let course = rows_only(MOST as u64);
    assert_eq!(course.stretches().len(), MOST);
    assert!(course.stretches().iter().all(|stretch| stretch.seconds == 1));
}

#[test]
fn a_long_run_takes_no_more_room_than_a_short_one() {
    let (short, long) = (rows_only(1_200), rows_only(100_000));
    assert_eq!(short.stretches.capacity(), long.stretches.capacity());
    assert_eq!(short.bins.capacity(), long.bins.capacity());
    assert_eq!((long.end(), long.each), (100_000, 128));
}

#[test]
fn a_second_far_away_is_no_reason_to_fill_the_memory() {
    let mut course = rows_only(3);
    course.row(&TimelineRow { second: u64::MAX / 4, done: 1, ..TimelineRow::default() });
    assert!(course.stretches().len() <= MOST);
    assert_eq!(course.stretches().iter().map(|stretch| stretch.done).sum::<u64>(), 5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// However long a run: every answer is in one stretch, and stretches follow each other.
    #[test]
    fn no_answer_is_lost(seconds in 0_u64..9_000, columns in 1_usize..700) {
        let course = rows_only(seconds);
        let answers: u64 = (0..seconds).map(|second| 1 + second % 2).sum();
        let stretches = course.stretches();
        prop_assert!(stretches.len() <= MOST);
        prop_assert_eq!(stretches.iter().map(|s| s.verdicts[0]).sum::<u64>(), answers);
        let binned = (0..stretches.len()).flat_map(|n| course.bins(n)).copied();
        prop_assert_eq!(binned.map(u64::from).sum::<u64>(), seconds);
        for pair in stretches.windows(2) {
            prop_assert_eq!(pair[0].second + pair[0].seconds, pair[1].second);
            prop_assert_eq!(pair[0].seconds, course.each);
        }
        prop_assert_eq!(course.end(), seconds);
        let columns = course.columns(columns);
        prop_assert_eq!(columns.iter().map(|c| c.sum.done).sum::<u64>(), answers);
        let binned = columns.iter().flat_map(|column| &column.bins).sum::<u64>();
        prop_assert_eq!(binned, seconds);
    }
}
