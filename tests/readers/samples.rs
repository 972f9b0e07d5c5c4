//! `--samples`: the file is read by pyarrow, and what it holds is what `run.json` counts.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use substorm::clock::{Clock, Tick};
use substorm::identity::UserIndex;
use substorm::load::Tapped;
use substorm::measure::Sample;
use substorm::outcome::{Class, Truth, Verdict};
use substorm::report::samples::{SampleFile, SampleNames, open};

use super::{Ran, command, same, tools};

fn read(file: &std::path::Path) -> Value {
    let found = tools::python("readers/samples.py", &[file.to_str().unwrap()]);
    serde_json::from_str(&found).unwrap()
}

/// Counts of a table of two levels, without zeros, by `first/second`.
fn flat(table: &Value) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for (first, row) in table.as_object().unwrap() {
        for (second, count) in row.as_object().unwrap() {
            all.insert(format!("{first}/{second}"), count.as_u64().unwrap());
        }
    }
    all.retain(|_, count| *count > 0);
    all
}

fn counts(table: &Value) -> BTreeMap<String, u64> {
    serde_json::from_value(table.clone()).unwrap()
}

#[test]
fn all_samples_are_all_of_the_run() {
    let ran = Ran::with(&["--samples", "FILE"]);
    let (found, run) = (read(&ran.file()), &ran.run);
    assert_eq!(counts(&found["verdicts"]), flat(&run["verdicts"]["by_phase"]), "{}", ran.output);
    assert_eq!(counts(&found["classes"]), flat(&run["classes"]["by_phase"]));
    assert_eq!(counts(&found["matrix"]), flat(&run["matrix"]));
    let routes = run["routes"].as_array().unwrap().iter();
    let routes: BTreeMap<String, u64> = routes
        .map(|row| (row["request"].as_str().unwrap().to_owned(), row["done"].as_u64().unwrap()))
        .collect();
    assert_eq!((counts(&found["routes"]), routes.len()), (routes, 2));
    let mut defects = counts(&found["defects"]);
    defects.retain(|name, _| !name.starts_with("None/"));
    assert_eq!(defects, flat(&run["mutations"]));
    let probes = counts(&found["probes"])["True"];
    assert_eq!(Some(probes), run["requests"]["probes"].as_u64());
    // All of them may have fallen into the warm-up.
    let first = counts(&found["first_on_connection"]).get("False").copied().unwrap_or(0);
    assert_eq!(Some(first), run["connections"]["first_request"]["count"].as_u64());

    let rows = run["latency"].as_array().unwrap().iter();
    let rows: Vec<_> = rows.filter(|row| row["phase"] == "*" && row["class"] != "*").collect();
    assert!(rows.len() >= 6, "{rows:?}");
    for row in rows {
        let key = format!("{}/{}", row["class"].as_str().unwrap(), row["kind"].as_str().unwrap());
        let found = counts(&found["times"][&key]);
        assert_eq!(Some(found["count"]), row["count"].as_u64(), "{key}");
        for place in ["p50", "p99", "max"] {
            let wanted = row[place].as_u64().unwrap();
            assert!(same(found[place], wanted), "{key} {place}: {found:?} {row}");
        }
    }

    let samples = &run["samples"];
    assert_eq!((&samples["written"], &samples["lost"]), (&found["rows"], &0.into()));
    assert_eq!((&samples["file"], &samples["of"]), (&"samples.parquet".into(), &"all".into()));
    assert_eq!(samples["trouble"], Value::Null);
    assert!(ran.output.contains("requests in samples.parquet"), "{}", ran.output);
    sound(&found);
    assert_eq!(found["facts"]["substorm.plan_digest"], run["plan_digest"]);
    assert_eq!(found["facts"]["substorm.seed"], "5");
}

/// What holds for every file of the scenario.
fn sound(found: &Value) {
    for (what, count) in found["unsound"].as_object().unwrap() {
        assert_eq!(count, 0, "{what}: {}", found["unsound"]);
    }
    let users: [u64; 2] = serde_json::from_value(found["users"].clone()).unwrap();
    assert!(users[0] < users[1] && users[1] < 500, "{users:?}");
    let due: [f64; 2] = serde_json::from_value(found["due_s"].clone()).unwrap();
    assert!(due[0] >= 0.0 && due[0] < 1.0 && due[1] > 4.5 && due[1] < 6.0, "{due:?}");
    let may_lack = ["route", "defect", "read_lag_us", "status", "faults"];
    for (name, nulls) in found["nulls"].as_object().unwrap() {
        assert!(*nulls == 0 || may_lack.contains(&name.as_str()), "{name}: {nulls}");
    }
    let faults = counts(&found["faults"]);
    assert!(faults.keys().any(|kinds| kinds.contains("store-outage")), "{faults:?}");
    let statuses = counts(&found["statuses"]);
    assert!(statuses.contains_key("200/accepted"), "{statuses:?}");
    assert!(statuses.keys().all(|key| !key.starts_with("None/accepted")), "{statuses:?}");
}

#[test]
fn only_wrong_samples_are_exactly_the_wrong_ones() {
    let ran = Ran::with(&["--samples", "FILE", "--samples-of", "wrong"]);
    let found = read(&ran.file());
    let is_wrong = |key: &String| {
        let verdict = key.rsplit('/').next().and_then(Verdict::named).unwrap();
        !verdict.is_correct()
    };
    let mut wrong = flat(&ran.run["verdicts"]["by_phase"]);
    wrong.retain(|key, _| is_wrong(key));
    assert!(wrong.values().sum::<u64>() > 10, "{}", ran.output);
    assert_eq!(counts(&found["verdicts"]), wrong);
    assert_eq!(ran.run["samples"]["of"], "wrong");
}

#[test]
fn a_rate_draws_the_same_requests_each_time() {
    let drawn = || {
        let ran = Ran::with(&["--samples", "FILE", "--samples-rate", "20%"]);
        let found = read(&ran.file());
        let done: u64 = flat(&ran.run["verdicts"]["by_phase"]).values().sum();
        let rows = found["rows"].as_u64().unwrap();
        // Of some 1,500 requests 300, with a deviation of 15.
        assert!((done / 8..done / 3).contains(&rows), "{rows} of {done}");
        assert_eq!(found["facts"]["substorm.share"], "0.2");
        found["seqs"].clone()
    };
    assert_eq!(drawn(), drawn());
}

#[test]
fn the_file_is_whole_after_an_interrupt_and_after_a_kill() {
    for (signal, most) in [("INT", 20.0), ("KILL", 11.5)] {
        let room = tempfile::tempdir().unwrap();
        let (mut run, file) = command(room.path());
        let _turn = super::ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut run = run
            .args(["--samples", file.to_str().unwrap(), "--set", "phase.second.for=60s"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // The first group is written ten seconds after the file was begun.
        let clock = Clock::start();
        let size = || std::fs::metadata(&file).map_or(0, |found| found.len());
        while size() < 20_000 {
            assert!(clock.now() < Tick::ZERO + Duration::from_secs(60), "no group: {}", size());
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_millis(500));
        let sent = Command::new("kill").args(["-s", signal, &run.id().to_string()]).status();
        assert!(sent.unwrap().success());
        run.wait().unwrap();
        let found = read(&file);
        let last = found["due_s"][1].as_f64().unwrap();
        assert!((8.0..most).contains(&last), "{signal}: the last was due at {last} s");
        assert!(found["rows"].as_u64().unwrap() > 2_000, "{signal}: {}", found["rows"]);
    }
}

#[test]
fn a_file_of_many_groups_is_readable_as_far_as_a_footer_lists_them() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("samples.parquet");
    let names = SampleNames {
        start: Tick::ZERO,
        phases: vec![("steady".into(), false)],
        routes: vec!["GET /".into()],
        defects: Vec::new(),
        faults: Vec::new(),
    };
    let mut file = SampleFile::begin(open(&path).unwrap(), names, &[]).unwrap();
    // Beyond as many as have a footer each, until one is written that no footer lists yet.
    let mut pushed = 0;
    while file.groups() < 540 || file.written() == pushed {
        for seq in pushed..pushed + 3 {
            file.push(tapped(seq)).unwrap();
        }
        pushed += 3;
        file.flush().unwrap();
        assert!(file.groups() < 560, "each group is listed at once");
    }
    let read = |path: &std::path::Path| tools::python("readers/rows.py", &[path.to_str().unwrap()]);
    // What a killed process leaves is what it has written.
    let written = file.written();
    assert!((pushed - 6..pushed).contains(&written), "{written} of {pushed}");
    assert_eq!(read(&path).trim(), written.to_string());
    file.finish().unwrap();
    assert_eq!(read(&path).trim(), pushed.to_string());
}

fn tapped(seq: u64) -> Tapped {
    let sample = Sample {
        phase: 0,
        route: 0,
        truth: Truth::MustAccept,
        class: Class::Accepted,
        verdict: Verdict::CorrectAccept,
        response: Duration::from_micros(30),
        service: Duration::from_micros(20),
        read_lag: None,
        known_for: Duration::ZERO,
        faults: 0,
        lacks_challenge: false,
        check_failed: false,
        first_on_connection: false,
        defect: None,
    };
    let (due, sent) = (Tick::from_micros(seq), Tick::from_micros(seq + 10));
    Tapped { seq, user: UserIndex(3), attempt: 0, due, sent, status: 200, sample }
}

#[test]
fn a_file_that_cannot_be_written_ends_the_run_before_it_begins() {
    for file in ["/nowhere/samples.parquet", "/dev/full"] {
        let room = tempfile::tempdir().unwrap();
        let (mut run, _) = command(room.path());
        let output = run.args(["--samples", file]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains(&format!("cannot write samples to {file}")), "{said}");
        let left = std::fs::read_dir(room.path().join("reports")).into_iter().flatten().count();
        assert_eq!(left, 0, "nothing was recorded");
    }
}

#[test]
fn a_file_that_becomes_too_large_loses_samples_and_not_the_run() {
    // As a full disk would: the one group of this run does not fit, all other files do.
    let ran = Ran::of(|room| {
        let (command, file) = command(room);
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; exec prlimit --fsize=180000 \"$0\" \"$@\""]);
        shell.arg(command.get_program()).args(command.get_args());
        shell.args(["--rate-scale", "10", "--samples"]).arg(file);
        shell
    });
    let samples = &ran.run["samples"];
    assert!(samples["trouble"].as_str().is_some_and(|why| why.contains("too large")), "{samples}");
    let done: u64 = flat(&ran.run["verdicts"]["by_phase"]).values().sum();
    assert!(done > 7_000, "{}", ran.output);
    assert_eq!((&samples["written"], &samples["lost"]), (&0.into(), &done.into()));
    let found = tools::python("readers/rows.py", &[ran.file().to_str().unwrap()]);
    assert_eq!(found.trim(), "0", "the file is whole without the group");
}
