//! What a run says to GitHub Actions, and that it says nothing of it elsewhere.

use std::path::Path;

use crate::world::{report, run, scratch, substorm};

fn short() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/short.toml")
}

#[test]
fn in_a_job_a_run_has_a_summary_and_annotations() {
    let room = scratch("github");
    let step = room.join("step.md");
    std::fs::write(&step, "before\n").unwrap();
    // A threshold that cannot hold.
    let scenario = std::fs::read_to_string(short()).unwrap();
    let scenario = scenario.split("[thresholds]").next().unwrap().to_owned()
        + "\n[thresholds]\n\"p99(response_time)\" = \"< 1us\"\n";
    let file = room.join("short.toml");
    std::fs::write(&file, scenario).unwrap();
    let out = room.join("runs");
    let mut command = substorm(&["run", "-q"]);
    command.arg(&file).arg("--out").arg(&out);
    let output =
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", &step).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let annotations: Vec<&str> = stdout.lines().filter(|line| line.starts_with("::")).collect();
    let first = annotations.first().unwrap_or_else(|| panic!("no annotation in {stdout}"));
    assert!(first.starts_with("::error title=") && first.contains("p99(response_time)"), "{first}");
    let added = std::fs::read_to_string(&step).unwrap();
    let folder = std::fs::read_dir(&out).unwrap().next().unwrap().unwrap().path();
    let summary = std::fs::read_to_string(folder.join("summary.md")).unwrap();
    assert_eq!(added, format!("before\n{summary}\n"));
}

#[test]
fn elsewhere_nothing_is_added() {
    let output = report(run(), &[]);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(!stdout.contains("::error") && !stdout.contains("::warning"), "{stdout}");
}
