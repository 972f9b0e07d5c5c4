//! Runs to look at: one of the embedded stack, made once for all tests, and commands on it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;

/// The folder of a run of the smallest scenario, with a fault of each kind of trouble in it.
pub fn run() -> &'static Path {
    static RUN: OnceLock<PathBuf> = OnceLock::new();
    RUN.get_or_init(|| {
        let room = scratch("run");
        let smoke = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/smoke.toml");
        carry_out(&smoke, &room, &[], &[])
    })
}

/// An empty folder of this name below `target`, where it stays to be looked at.
pub fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("documents").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs a scenario; gives its folder.
pub fn carry_out(
    scenario: &Path,
    room: &Path,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> PathBuf {
    let mut command = substorm(&["run"]);
    command.arg(scenario).arg("--out").arg(room).args(arguments);
    let output = command.envs(environment.iter().copied()).output().unwrap();
    let entries = std::fs::read_dir(room).unwrap().map(|entry| entry.unwrap().path());
    entries.into_iter().find(|path| path.join("run.json").exists()).unwrap_or_else(|| {
        panic!("no run in {}: {}", room.display(), String::from_utf8_lossy(&output.stderr))
    })
}

/// The binary under test, outside of any CI system.
pub fn substorm(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_substorm"));
    command.args(arguments);
    for name in ["GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"] {
        command.env_remove(name);
    }
    command
}

/// `substorm report` on a folder.
pub fn report(folder: &Path, arguments: &[&str]) -> Output {
    substorm(&["report"]).arg(folder).args(arguments).output().unwrap()
}

/// What a command printed; it must have ended well.
pub fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The `run.json` of a folder.
pub fn figures(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("run.json")).unwrap()).unwrap()
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
