//! A run while it goes, through the real binary: the terminal, the page, metrics, and watchers that
//! stand still. Readers are those of other makers: a pseudo-terminal, Chromium, the Python clients
//! of Prometheus and OpenTelemetry.

#![expect(clippy::unwrap_used, reason = "what cannot be set up has failed")]

mod dashboard;
mod readers;
mod stalled;
mod terminal;
#[path = "../tools/mod.rs"]
mod tools;

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Runs measure time on a machine of few cores: one at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

fn scenario(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios").join(name)
}

/// The binary, with an environment of no CI system and no colours of anybody's choice.
fn substorm() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_substorm"));
    for name in ["CI", "NO_COLOR", "GITHUB_ACTIONS", "OTEL_EXPORTER_OTLP_HEADERS"] {
        command.env_remove(name);
    }
    command
}
