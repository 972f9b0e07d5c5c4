//! `check`, `plan`, `list` and `schema` as a person calls them.

#![expect(clippy::unwrap_used, reason = "what cannot be set up has failed")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn substorm(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_substorm"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn printed(arguments: &[&str]) -> String {
    let output = substorm(arguments);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {complaint}");
    assert_eq!(complaint, "", "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What is said to standard error with exit code 2.
fn refused(arguments: &[&str]) -> String {
    let output = substorm(arguments);
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {complaint}");
    complaint
}

#[test]
fn check_tells_right_files_from_wrong_ones() {
    let (right, wrong) = ("scenarios/smoke.toml", "src/scenario/tests/wrong.toml");
    assert!(printed(&["check", right]).starts_with("scenarios/smoke.toml: ok, plan "));
    let output = substorm(&["check", wrong, right, "scenarios/absent.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stdout).contains("smoke.toml: ok"));
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    for part in ["things are wrong", "wrong.toml:1:1: nmae: unknown key", "absent.toml: cannot be"]
    {
        assert!(complaint.contains(part), "{part} not in\n{complaint}");
    }
    assert!(!complaint.contains("panicked"));
}

#[test]
fn options_are_checked_like_the_file() {
    let smoke = "scenarios/smoke.toml";
    let text = printed(&["plan", smoke, "--set", "phase.steady.for=20s", "--seed", "5"]);
    assert!(text.starts_with("smoke (seed 5, plan "), "{text}");
    assert!(text.contains("changed by --set phase.steady.for=20s") && text.contains("22s"));
    let text = refused(&["plan", smoke, "--set", "phase.steady.four=20s"]);
    assert!(text.contains("--set:1:14: phase[1].four: unknown key"), "{text}");
    let text = refused(&["plan", smoke, "--target", "http://192.0.2.1"]);
    assert!(text.contains("--allow-target 192.0.2.1"), "{text}");
    refused(&["plan", smoke, "--rate-scale", "-1"]);
    refused(&["plan"]);
    refused(&["list", "colours"]);
}

#[test]
fn lists_hold_what_the_registries_hold() {
    let faults = printed(&["list", "faults"]);
    assert_eq!(faults.lines().count(), substorm::fault::REGISTRY.len());
    assert!(faults.contains("store-outage"));
    let mutations = printed(&["list", "mutations"]);
    assert_eq!(mutations.lines().count(), substorm::token::mutation::REGISTRY.len());
    assert!(printed(&["list", "profiles"]).contains("rfc6750"));
    assert!(printed(&["list", "arrivals"]).contains("poisson"));
    let scenarios = printed(&["list", "scenarios"]);
    assert!(
        scenarios.contains("deleted-users.toml") && !scenarios.contains("(wrong"),
        "{scenarios}"
    );
}

#[test]
fn the_schema_is_json_and_the_reference_is_not() {
    let schema: serde_json::Value = serde_json::from_str(&printed(&["schema"])).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let page = printed(&["schema", "--markdown"]);
    assert!(page.starts_with("# Scenarios\n"));
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scenario.md");
    assert_eq!(page, std::fs::read_to_string(kept).unwrap());
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_substorm"))
        .arg("schema")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The schema is larger than a pipe holds, so the writer meets the closed end.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_name_that_is_told_does_not_act_on_a_terminal() {
    for arguments in [["check", "\u{1b}]0;x\u{7}.toml"], ["report", "\u{1b}]0;x\u{7}.toml"]] {
        let complaint = String::from_utf8(substorm(&arguments).stderr).unwrap();
        assert!(complaint.contains("␛]0;x␇.toml"), "{complaint:?}");
        assert!(!complaint.contains(['\u{1b}', '\u{7}']), "{complaint:?}");
    }
}
