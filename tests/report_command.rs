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

/// The same with more arguments.
fn formats(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_substorm"));
    let output = command.arg("report").arg(folder).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn recorded(root: &Path) -> RunFolder {
    let folder = folder(root);
    // Fields of a later version are passed over, and stay in the record.
    let text = r#"{"schema_version":1,"scenario":"smoke","valid":true,"exit_code":0,"novelty":1}"#;
    std::fs::write(folder.file("run.json"), text).unwrap();
    folder
}

#[test]
fn one_text_goes_to_standard_output_and_several_files_into_the_folder() {
    let root = tempfile::tempdir().unwrap();
    let folder = recorded(root.path());
    let (code, out, err) = formats(folder.path(), &["--format", "markdown"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("## ✅ smoke: passed"), "{out}");
    assert!(!folder.file("summary.md").exists());
    let (code, out, _) = formats(folder.path(), &["--format", "html,junit,json,html"]);
    assert_eq!(code, Some(0));
    let wanted: Vec<String> = ["report.html", "junit.xml", "run.json"]
        .map(|name| folder.file(name).display().to_string())
        .into();
    assert_eq!(out.lines().collect::<Vec<_>>(), wanted);
    let json = std::fs::read_to_string(folder.file("run.json")).unwrap();
    assert!(json.contains("novelty"), "the record is not written over: {json}");
}

#[test]
fn with_out_files_go_elsewhere_and_the_run_is_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let folder = recorded(root.path());
    let out = root.path().join("made/here");
    let (code, told, err) =
        formats(folder.path(), &["--format", "json,text", "--out", out.to_str().unwrap()]);
    assert_eq!((code, err.as_str(), told.lines().count()), (Some(0), "", 2));
    let json = std::fs::read_to_string(out.join("run.json")).unwrap();
    assert!(json.contains("\"seed\": 0") && !json.contains("novelty"), "{json}");
    assert!(out.join("summary.txt").exists() && !folder.file("summary.txt").exists());
}

#[test]
fn what_cannot_be_made_is_said() {
    let root = tempfile::tempdir().unwrap();
    let folder = recorded(root.path());
    let (code, _, err) = formats(folder.path(), &["--format", "pdf"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("html") && err.contains("junit"), "{err}");
    let (code, _, err) = formats(folder.path(), &["--out", "x"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("--format"), "{err}");
    let (code, out, err) = formats(folder.path(), &["--format", "hlog"]);
    assert_eq!((code, out.as_str()), (Some(3), ""));
    assert!(err.contains("latency.hlog"), "{err}");
}

#[test]
fn the_page_is_opened_by_the_systems_program() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let folder = recorded(root.path());
    let bin = root.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let opened = root.path().join("opened");
    let script = format!("#!/bin/sh\necho \"$1\" >> {}\n", opened.display());
    std::fs::write(bin.join("xdg-open"), script).unwrap();
    std::fs::set_permissions(bin.join("xdg-open"), PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_substorm"));
    command.arg("report").arg(folder.path()).arg("--open").env("PATH", path);
    assert!(command.output().unwrap().status.success());
    let page = folder.file("report.html").canonicalize().unwrap();
    assert!(page.exists());
    // The program is started and left to itself.
    for _ in 0..200 {
        if std::fs::read_to_string(&opened).is_ok_and(|text| text.ends_with('\n')) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let told = std::fs::read_to_string(&opened).unwrap();
    assert_eq!(told.trim(), page.display().to_string());
}
