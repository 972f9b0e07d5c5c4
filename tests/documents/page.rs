//! `report.html` in Chromium, from the disk and without a network.

use std::path::Path;

use serde_json::Value;

use crate::tools;
use crate::world::{run, scratch, text};

/// Opens a page and holds it to everything that `page.js` knows; gives what was counted. Pictures of
/// it, and the page on paper, stay below `target` to be looked at.
pub fn check(page: &Path, name: &str) -> Value {
    let shots = scratch(&format!("shots-{name}"));
    let told = tools::node("documents/page.js", &[text(page), text(&shots), name]);
    serde_json::from_str(told.lines().last().unwrap()).unwrap()
}

#[test]
fn a_report_opens_offline_and_keeps_its_promises() {
    let page = run().join("report.html");
    let told = check(&page, "smoke");
    assert!(told["charts"].as_u64().unwrap() >= 1, "{told}");
    assert!(told["tables"].as_u64().unwrap() >= 5 && told["controls"].as_u64().unwrap() > 20);
    let size = std::fs::metadata(&page).unwrap().len();
    assert!(size < 1 << 20, "{size} bytes for a run of seconds");
    let pdf = Path::new(env!("CARGO_TARGET_TMPDIR")).join("documents/shots-smoke/smoke.pdf");
    let figures = crate::world::figures(run());
    let threshold = figures["thresholds"][0]["text"].as_str().unwrap();
    let wanted = [
        "At a glance",
        "Findings",
        "Thresholds",
        "Charts",
        "Verdicts",
        "Answers by truth",
        "Latency",
        "Routes",
        "Lags",
        "Faults",
        "Phases",
        "Events",
        "Generator and connections",
        "Set-up",
        "Scenario",
        // From within folds, to the end of the last one.
        "correct_accept",
        "Peak memory of the generator",
        "[thresholds]",
        threshold,
    ];
    let arguments: Vec<&str> = [text(&pdf)].into_iter().chain(wanted).collect();
    let pages: u32 = tools::python("documents/paper.py", &arguments).trim().parse().unwrap();
    assert!((2..=20).contains(&pages), "{pages} pages");
}
