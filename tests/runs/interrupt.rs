//! Ctrl-C ends a run in order: faults ended, folder written, exit code 130.

use std::process::Stdio;
use std::time::Duration;

use crate::support::{scenario, substorm};
use serde_json::Value;

#[test]
fn an_interrupted_run_is_written_and_says_so() {
    let out = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(scenario("short.toml")).unwrap();
    let file = out.path().join("judged.toml");
    std::fs::write(&file, text + "\n[thresholds]\nthroughput = \">= 1/s\"\n").unwrap();
    let out = out.path().join("runs");
    let mut run = substorm()
        .args(["run", "--quiet", "--duration-scale", "20"])
        .arg(file)
        .arg("--out")
        .arg(&out)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let folder = loop {
        let first = std::fs::read_dir(&out).ok().and_then(|mut folders| folders.next());
        // A row of the timeline says that load is under way.
        if let Some(Ok(folder)) = first
            && std::fs::read_to_string(folder.path().join("timeline.csv"))
                .is_ok_and(|text| text.lines().count() > 2)
        {
            break folder.path();
        }
        assert!(run.try_wait().unwrap().is_none(), "it ended before it was interrupted");
        std::thread::sleep(Duration::from_millis(20));
    };
    let pid = rustix::process::Pid::from_child(&run);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let ended = run.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    let run: Value =
        serde_json::from_slice(&std::fs::read(folder.join("run.json")).unwrap()).unwrap();
    assert_eq!((&run["interrupted"], &run["partial"]), (&true.into(), &false.into()));
    assert_eq!(run["exit_code"], 130);
    assert!(run["requests"]["done"].as_u64().unwrap() > 0);
    // Over the seconds that there were, not the fifty that there should have been.
    let throughput = run["thresholds"][0]["value"].as_f64().unwrap();
    assert!((100.0..300.0).contains(&throughput), "{throughput} a second of 200");
    let journal = std::fs::read_to_string(folder.join("journal.jsonl")).unwrap();
    assert!(journal.trim_end().ends_with("{\"entry\":\"undone\"}"), "{journal}");
}
