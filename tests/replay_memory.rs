//! What it takes to replay a recording: the same for a large one as for a small one.
//!
//! The peak is the process's, so this file has one test that runs by itself.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use substorm::replay::{Cleaning, Feed, Next, Play, ReplayPlan};

const MIB: u64 = 1 << 20;

/// Peak resident memory of this process, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// An access log of a thousand requests a second by a thousand users, packed; gives its lines.
fn write_log(path: &Path, unpacked: u64) -> u64 {
    let file = BufWriter::new(std::fs::File::create(path).unwrap());
    let mut file = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    let (mut written, mut lines) = (0, 0_u64);
    while written < unpacked {
        let (hour, minute, second) =
            (lines / 3_600_000 % 24, lines / 60_000 % 60, lines / 1_000 % 60);
        let (day, user) = (lines / 86_400_000 + 1, lines * 7 % 1_000);
        let line = format!(
            "192.0.2.1 - user-{user} [{day:02}/Mar/2024:{hour:02}:{minute:02}:{second:02} +0000] \
             \"GET /orders/user-{user}?page={} HTTP/1.1\" 200 5 \"http://h.test/\" \"agent\"\n",
            lines % 17
        );
        file.write_all(line.as_bytes()).unwrap();
        written += line.len() as u64;
        lines += 1;
    }
    file.finish().unwrap().flush().unwrap();
    lines
}

/// Replays a log as fast as it can be read.
fn replay(file: PathBuf) -> u64 {
    let plan = ReplayPlan {
        file,
        format: None,
        fields: BTreeMap::new(),
        cleaning: Cleaning::default(),
        methods: Vec::new(),
        speed: 1.0,
        repeat: false,
        rate: None,
        window: Duration::from_secs(10),
        survey: None,
    };
    let length = Duration::from_secs(30 * 86_400);
    let plays = vec![Play { phase: 0, plan: Arc::new(plan), length }];
    let (feed, mut intakes) = Feed::start(plays, 1, 1_000).unwrap();
    let mut requests = 0;
    loop {
        match intakes[0].take() {
            Next::Due { .. } => requests += 1,
            Next::Behind => std::thread::sleep(Duration::from_micros(100)),
            Next::End { .. } => break,
        }
    }
    assert_eq!(feed.join().unwrap()[0].counts.malformed, 0);
    requests
}

/// How much the peak grows by replaying a large log after a small one.
fn growth(small: u64, large: u64) -> u64 {
    let room = tempfile::tempdir().unwrap();
    let mut peaks = Vec::new();
    for size in [small, large] {
        let path = room.path().join(format!("{size}.log.gz"));
        let lines = write_log(&path, size);
        assert_eq!(replay(path), lines);
        peaks.push(peak());
    }
    peaks[1] - peaks[0]
}

#[test]
fn a_large_recording_takes_no_more_memory_than_a_small_one() {
    let grown = growth(8 * MIB, 48 * MIB);
    assert!(grown < 4 * MIB, "{} KiB more for six times as much", grown / 1024);
}

#[test]
#[ignore = "minutes: cargo test --release --test replay_memory -- --ignored --nocapture"]
fn ten_gigabytes() {
    let grown = growth(10 * MIB, 10_000 * MIB);
    // A test may print: the figure is what it is run for.
    let figure = format!("{} KiB more for 10 GB than for 10 MB\n", grown / 1024);
    std::io::stderr().write_all(figure.as_bytes()).unwrap();
    assert!(grown < 4 * MIB, "{figure}");
}
