//! What a run leaves, read by readers that are not of Substorm's making: what they find equals what
//! `run.json` says.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod hlog;
mod samples;
#[path = "../tools/mod.rs"]
mod tools;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// Runs measure time on a machine of few cores: one at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Some of everything: two phases beside the warm-up, deleted users whom a cache lets in, defective
/// tokens, and a store that is away for a moment.
const SCENARIO: &str = r#"
name = "readers"
seed = 5
[population]
users = 500
[[token.mutation]]
kind = "sub-whitespace"
share = "5%"
[[route]]
request = "GET /orders/{user}"
weight = 3
[[route]]
request = "GET /profile"
[[phase]]
name = "warm-up"
for = "1s"
arrival = { poisson = "200/s" }
warm_up = true
[[phase]]
name = "first"
for = "2s"
arrival = { poisson = "300/s" }
[[phase]]
name = "second"
for = "2s"
arrival = { poisson = "300/s" }
[[fault]]
kind = "user-delete"
at = "first+200ms"
count = 20
over = "500ms"
[[fault]]
kind = "store-outage"
at = "second+500ms"
for = "500ms"
[gateway.cache]
ttl = "1s"
[probe]
until = "2s"
[load]
send_lag_limit = "2s"
"#;

/// A run in a folder of its own.
struct Ran {
    /// `run.json`.
    run: Value,
    /// What it printed.
    output: String,
    /// Where everything is; goes away with this.
    room: tempfile::TempDir,
}

impl Ran {
    /// A run with more arguments, in which `FILE` stands for [`Ran::file`].
    fn with(arguments: &[&str]) -> Self {
        Self::of(|room| {
            let (mut command, file) = command(room);
            let file = file.to_str().unwrap();
            command.args(arguments.iter().map(|word| if *word == "FILE" { file } else { *word }));
            command
        })
    }

    /// A run by this command for its room.
    fn of(command: impl FnOnce(&Path) -> Command) -> Self {
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let room = tempfile::tempdir().unwrap();
        let output = command(room.path()).output().unwrap();
        let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        let output = String::from_utf8_lossy(&text).into_owned();
        let run = std::fs::read(folder(room.path(), &output).join("run.json")).expect(&output);
        Self { run: serde_json::from_slice(&run).unwrap(), output, room }
    }

    /// A file of the run's folder, as an argument of a script.
    fn path(&self, name: &str) -> String {
        folder(self.room.path(), &self.output).join(name).to_str().unwrap().to_owned()
    }

    /// Where its samples go.
    fn file(&self) -> PathBuf {
        self.room.path().join("samples.parquet")
    }
}

/// `substorm run` on the scenario, which it writes into `room` together with the run's folder; and
/// where samples may go.
fn command(room: &Path) -> (Command, PathBuf) {
    let scenario = room.join("readers.toml");
    std::fs::write(&scenario, SCENARIO).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_substorm"));
    command.args(["run", "--quiet", "--out"]).arg(room.join("reports")).arg(scenario);
    command.stdin(Stdio::null());
    (command, room.join("samples.parquet"))
}

/// The one run folder.
fn folder(room: &Path, output: &str) -> PathBuf {
    let mut folders = std::fs::read_dir(room.join("reports")).expect(output);
    folders.next().expect(output).unwrap().path()
}

/// Whether two times in microseconds are the same to within what histograms of three digits tell.
fn same(one: u64, other: u64) -> bool {
    one.abs_diff(other) <= one.max(other) / 500 + 1
}
