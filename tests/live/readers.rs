//! What is served is read by others, and says what `run.json` says.

use super::{scenario, tools, turn};

fn read_by(reader: fn(&str, &[&str]) -> String, script: &str) {
    let _turn = turn();
    let out = tempfile::tempdir().unwrap();
    let (scenario, out) = (scenario("live.toml"), out.path().display().to_string());
    let said =
        reader(script, &[env!("CARGO_BIN_EXE_substorm"), &scenario.display().to_string(), &out]);
    assert!(said.trim_end().ends_with("as it should be"), "{said}");
}

#[test]
fn prometheus_reads_what_the_run_found() {
    read_by(tools::python, "live/prometheus.py");
}

#[test]
fn opentelemetry_receives_what_the_run_found() {
    read_by(tools::python, "live/otlp.py");
}

#[test]
fn a_browser_follows_the_run_until_it_is_the_report() {
    read_by(tools::node, "live/page.js");
}
