//! Runs the real binary on a scenario and reads what it left.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// A run that has ended.
pub struct Ran {
    /// The process's exit code.
    pub code: i32,
    /// `run.json`, or null if there is none.
    pub run: Value,
    /// What it printed.
    pub output: String,
    /// The text of every file that it left, by path.
    pub files: BTreeMap<String, String>,
}

impl Ran {
    /// The count of a verdict over all measured phases.
    pub fn verdict(&self, name: &str) -> u64 {
        self.run["verdicts"]["total"][name].as_u64().unwrap_or(0)
    }

    /// A threshold's value and whether it holds.
    pub fn threshold(&self, key: &str) -> (f64, bool) {
        let all = self.run["thresholds"].as_array().cloned().unwrap_or_default();
        let text = |t: &Value| t["text"].as_str().unwrap_or_default().to_owned();
        let found = all.iter().find(|t| text(t).starts_with(key)).unwrap_or_else(|| {
            panic!("no threshold {key} in {all:?}\n{}", self.output);
        });
        (found["value"].as_f64().unwrap_or(f64::NAN), found["pass"] == true)
    }
}

/// Runs measure time on a machine of few cores: one at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Runs `substorm run` on a scenario with more arguments, in a folder of its own.
pub fn run(scenario: &Path, arguments: &[&str]) -> Ran {
    let room = tempfile::tempdir().expect("a temporary folder");
    run_in(room.path(), scenario, arguments)
}

/// The same in this folder, which stays.
pub fn run_in(room: &Path, scenario: &Path, arguments: &[&str]) -> Ran {
    run_by(substorm(), room, scenario, arguments)
}

/// As [`run`], with no more open files than `limit`: it cannot raise the hard limit.
pub fn run_with_few_files(limit: u32, scenario: &Path, arguments: &[&str]) -> Ran {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("ulimit -n {limit} && exec \"$0\" \"$@\""));
    shell.arg(env!("CARGO_BIN_EXE_substorm"));
    let room = tempfile::tempdir().expect("a temporary folder");
    run_by(shell, room.path(), scenario, arguments)
}

fn run_by(mut command: Command, room: &Path, scenario: &Path, arguments: &[&str]) -> Ran {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let output = command
        .arg("run")
        .arg(scenario)
        .arg("--out")
        .arg(room)
        .args(arguments)
        .output()
        .expect("the binary starts");
    read(&output, room)
}

/// The binary under test.
pub fn substorm() -> Command {
    Command::new(env!("CARGO_BIN_EXE_substorm"))
}

/// A scenario that is test data.
pub fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios").join(name)
}

fn read(output: &Output, room: &Path) -> Ran {
    let folder = std::fs::read_dir(room)
        .expect("the folder is there")
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.is_dir())
        .unwrap_or_else(|| room.to_owned());
    let run = std::fs::read(folder.join("run.json"))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or(Value::Null);
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    Ran {
        code: output.status.code().unwrap_or(-1),
        run,
        output: String::from_utf8_lossy(&text).into_owned(),
        files: texts(&folder),
    }
}

/// The text of every file below a folder.
fn texts(folder: &Path) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return texts };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() {
            texts.append(&mut self::texts(&path));
        } else if let Ok(bytes) = std::fs::read(&path) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            texts.insert(path.display().to_string(), text);
        }
    }
    texts
}
