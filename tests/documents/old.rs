//! Runs that earlier versions left stay readable: every format is made from them.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::tools;
use crate::world::{figures, printed, report, scratch, text};

/// The committed folders of earlier versions.
fn folders() -> Vec<PathBuf> {
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents/old");
    let entries = std::fs::read_dir(old).unwrap().map(|entry| entry.unwrap().path());
    let folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    assert!(folders.len() >= 4, "{folders:?}");
    folders
}

#[test]
fn every_format_is_made_from_runs_of_earlier_versions() {
    let schema = format!("{}/docs/run.schema.json", env!("CARGO_MANIFEST_DIR"));
    for folder in folders() {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let out = scratch(&format!("old-{name}"));
        let formats = "text,html,markdown,junit,json,charts,csv";
        let told = printed(&report(&folder, &["--format", formats, "--out", text(&out)]));
        for file in
            ["summary.txt", "report.html", "summary.md", "junit.xml", "run.json", "timeline.csv"]
        {
            assert!(told.contains(file) && out.join(file).exists(), "{name}: {file}\n{told}");
        }
        assert!(out.join("charts/verdicts.svg").exists(), "{name}");
        // Nothing that the old file held is lost or changed by being read and written.
        let (then, now) = (figures(&folder), figures(&out));
        assert_eq!(changed(&then, &now), None, "{name}");
        let both =
            [text(&folder.join("run.json")).to_owned(), text(&out.join("run.json")).to_owned()];
        tools::python("documents/schema.py", &[&schema, &both[0], "--whole", &both[1]]);
        let done = then["requests"]["done"].as_u64().unwrap();
        let html = std::fs::read_to_string(out.join("report.html")).unwrap();
        assert!(html.contains(&substorm::units::grouped(done)), "{name}: {done}");
        assert!(html.contains("id=\"chart-verdicts\""), "{name}: the course is read");
    }
}

/// Where a value of the old file is another in the new one.
fn changed(then: &Value, now: &Value) -> Option<String> {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => then.iter().find_map(|(key, value)| {
            let found = now.get(key).unwrap_or(&Value::Null);
            // An empty list may be left out.
            let empty = value.as_array().is_some_and(Vec::is_empty) && found.is_null();
            changed(value, found).filter(|_| !empty).map(|inner| format!("{key}.{inner}"))
        }),
        (Value::Array(then), Value::Array(now)) if then.len() == now.len() => {
            then.iter().zip(now).find_map(|(then, now)| changed(then, now))
        }
        (then, now) if then == now => None,
        (then, now) => Some(format!(" was {then}, is {now}")),
    }
}

#[test]
fn a_run_of_a_later_version_is_shown_with_a_word_of_warning() {
    let out = scratch("later");
    let later = r#"{"schema_version": 7, "scenario": "x", "valid": true, "novelty": {"a": [1]}}"#;
    std::fs::write(out.join("run.json"), later).unwrap();
    let html = printed(&report(&out, &["--format", "html"]));
    assert!(html.contains("This report has version 7"), "{html}");
}

#[test]
fn a_run_that_was_killed_has_every_form_too() {
    let folder = scratch("killed-20261124T101500Z-7");
    std::fs::write(folder.join("run.json"), "{}\n").unwrap();
    let old = folders();
    std::fs::copy(old[0].join("timeline.csv"), folder.join("timeline.csv")).unwrap();
    let told = printed(&report(&folder, &["--format", "html,markdown,junit,charts"]));
    assert!(told.lines().count() >= 4, "{told}");
    let markdown = std::fs::read_to_string(folder.join("summary.md")).unwrap();
    assert!(markdown.starts_with("## ⏹️ killed: partial, the run did not end;"), "{markdown}");
    let junit = std::fs::read_to_string(folder.join("junit.xml")).unwrap();
    assert!(junit.contains("<skipped") && !junit.contains("<failure"), "{junit}");
    assert!(junit.contains("<error type=\"partial\""), "a killed run is not green: {junit}");
}
