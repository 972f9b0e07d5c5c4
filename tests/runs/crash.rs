//! What is left of a run that was killed can be read, and the next one starts.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::{scenario, substorm};
use substorm::clock::Clock;
use substorm::seed::Seed;

fn start(out: &Path, scale: &str) -> Child {
    substorm()
        .args(["run", "--quiet", "--duration-scale", scale])
        .arg(scenario("short.toml"))
        .arg("--out")
        .arg(out)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts")
}

fn folders(out: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(out).into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// Waits until the run has made its folder: before that there is nothing to read.
fn wait_for_folder(out: &Path, count: usize) {
    let clock = Clock::start();
    while folders(out).iter().filter(|folder| folder.join("run.json").exists()).count() < count {
        assert!(clock.now().as_secs_f64() < 60.0, "no run folder after a minute");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_killed_run_can_be_read_at_any_moment() {
    let out = tempfile::tempdir().unwrap();
    let moments = Seed(5).stream("moments");
    for n in 0..10 {
        // Long enough that it never ends before it is killed.
        let mut run = start(out.path(), "4");
        wait_for_folder(out.path(), n + 1);
        // Anywhere from minting to the end of the load.
        let pause = Duration::from_secs_f64(moments.unit_at(n as u64) * 3.0);
        std::thread::sleep(pause);
        run.kill().expect("it is ours to kill");
        run.wait().expect("it ends");
        for folder in folders(out.path()) {
            let read = substorm().arg("report").arg(&folder).output().expect("the binary starts");
            let text = String::from_utf8_lossy(&read.stdout).into_owned();
            assert!(text.to_lowercase().contains("partial"), "killed after {pause:?}: {text}");
            assert!(text.contains("short"), "killed after {pause:?}: {text}");
        }
    }
    let whole = start(out.path(), "1").wait().expect("it ends");
    assert_eq!(whole.code(), Some(0), "the run after ten killed ones");
}

#[test]
fn a_killed_run_has_the_hits_of_faults_that_were_under_way() {
    let out = tempfile::tempdir().unwrap();
    let mut run = substorm()
        .args(["run", "--quiet"])
        .arg(scenario("under-way.toml"))
        .arg("--out")
        .arg(out.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    wait_for_folder(out.path(), 1);
    let folder = folders(out.path()).remove(0);
    let clock = Clock::start();
    let seconds = || {
        let rows = std::fs::read_to_string(folder.join("timeline.csv")).unwrap_or_default();
        rows.lines().skip(1).count()
    };
    // Faults begin at the first second.
    while seconds() < 6 {
        assert!(run.try_wait().unwrap().is_none(), "it ended before it was killed");
        assert!(clock.now().as_secs_f64() < 60.0, "{} seconds of load after a minute", seconds());
        std::thread::sleep(Duration::from_millis(20));
    }
    run.kill().expect("it is ours to kill");
    run.wait().expect("it ends");
    let left: Value =
        serde_json::from_slice(&std::fs::read(folder.join("run.json")).unwrap()).unwrap();
    assert_eq!(left["partial"], true);
    let faults = left["faults"].as_array().unwrap();
    let kinds: Vec<&str> = faults.iter().filter_map(|fault| fault["kind"].as_str()).collect();
    let all =
        ["store-slow", "sync-lag", "gateway-misconfig", "malformed-subs", "user-delete", "churn"];
    assert_eq!(kinds, all);
    for fault in faults {
        assert!(fault["until"].is_null() && fault["hits"].as_u64() > Some(0), "{fault}");
    }
}
