//! Readers that are not of Substorm's making: Python and Node.js with the packages that
//! `tests/tools/install.sh` puts below `target/tools`. A test includes this file as a module.

#![allow(dead_code, reason = "each test uses the readers that it needs")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a Python script of `tests/`; gives what it printed. Panics with what it said where it fails.
pub fn python(script: &str, arguments: &[&str]) -> String {
    run(Command::new(folder().join("python/bin/python")), script, arguments)
}

/// Runs a Node.js script of `tests/` likewise; `require` finds the installed packages.
pub fn node(script: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("node");
    command.env("NODE_PATH", folder().join("node_modules"));
    run(command, script, arguments)
}

/// The path of a file that was installed with the packages.
pub fn file(name: &str) -> PathBuf {
    folder().join(name)
}

fn run(mut command: Command, script: &str, arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
    let output = match command.arg(&script).args(arguments).output() {
        Ok(output) => output,
        Err(error) => panic!("cannot run {command:?}: {error}"),
    };
    assert!(
        output.status.success(),
        "{} ended with {}\n{}\n{}",
        script.display(),
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Where the packages are.
fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
    let folder = target.join("tools");
    assert!(
        folder.join("installed").exists(),
        "{} is not there; run tests/tools/install.sh (or `make test`, which does)",
        folder.display()
    );
    folder
}
