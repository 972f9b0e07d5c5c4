//! `substorm report`: what it prints for folders in any state, and with which exit code.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

use substorm::report::{RunFolder, RunReport};
use time::OffsetDateTime;

/// Exit code, standard output and standard error.
fn report(folder: &Path) -> (Option<i32>, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_substorm")).arg("report").arg(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn folder(root: &Path) -> RunFolder {
    let at = OffsetDateTime::from_unix_timestamp(1_795_466_580).unwrap();
    RunFolder::create(root, "smoke", at, 7).unwrap()
}

#[test]
fn a_checkpoint_is_shown_as_partial() {
    let root = tempfile::tempdir().unwrap();
    let folder = folder(root.path());
    let mut run = RunReport { scenario: "smoke".into(), partial: true, ..RunReport::default() };
    run.load_s = 4.2;
    folder.write_report(&run).unwrap();
    let (code, out, err) = report(folder.path());
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("PARTIAL") && out.contains("4.2 s of load"), "{out}");
    assert!(!out.contains('\u{1b}'), "no colours in a pipe: {out}");
}

#[test]
fn a_run_that_wrote_nothing_yet_is_shown_by_its_name() {
    let root = tempfile::tempdir().unwrap();
    let (code, out, _) = report(folder(root.path()).path());
    assert_eq!(code, Some(0));
    assert!(out.starts_with("smoke  seed 7") && out.contains("PARTIAL"), "{out}");
}

#[test]
fn a_wrong_path_is_bad_input_and_a_broken_report_could_not_be_read() {
    let root = tempfile::tempdir().unwrap();
    let (code, out, err) = report(&root.path().join("none"));
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("no folder") && err.contains("none"), "{err}");
    let (code, _, err) = report(root.path());
    assert_eq!(code, Some(2));
    assert!(err.contains("is not the folder of a run"), "{err}");
    let folder = folder(root.path());
    std::fs::write(folder.file("run.json"), "{ torn").unwrap();
    let (code, _, err) = report(folder.path());
    assert_eq!(code, Some(3));
    assert!(err.contains("run.json") && err.contains("line 1"), "{err}");
}
