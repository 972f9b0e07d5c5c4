//! `run.json` and `junit.xml` against schemas, read by readers of other makers.

use std::path::Path;

use crate::tools;
use crate::world::{figures, printed, report, run, scratch, text};

fn schema() -> String {
    format!("{}/docs/run.schema.json", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_runs_figures_are_as_the_schema_says_and_nothing_else() {
    let file = run().join("run.json");
    assert_eq!(tools::python("documents/schema.py", &[&schema(), "--whole", text(&file)]), "1\n");
}

/// Checks a folder's `junit.xml`; gives the number of its cases.
fn check_junit(folder: &Path) -> usize {
    let [xml, json] = ["junit.xml", "run.json"].map(|name| folder.join(name));
    let schema = tools::file("junit-10.xsd");
    let told = tools::python("documents/junit.py", &[text(&xml), text(&schema), text(&json)]);
    told.trim().parse().unwrap()
}

#[test]
fn test_cases_are_the_thresholds_the_validity_and_the_findings() {
    let figures = figures(run());
    let count = |name: &str| figures[name].as_array().unwrap().len();
    assert_eq!(check_junit(run()), 2 + count("thresholds") + count("findings"));
}

#[test]
fn invalid_partial_and_hostile_runs_are_test_cases_too() {
    let valid = figures(run());
    let change = |name: &str, change: &dyn Fn(&mut serde_json::Value)| {
        let folder = scratch(name);
        let mut figures = valid.clone();
        change(&mut figures);
        std::fs::write(folder.join("run.json"), figures.to_string()).unwrap();
        printed(&report(&folder, &["--format", "junit,markdown"]));
        check_junit(&folder);
    };
    change("invalid", &|run| {
        run["valid"] = false.into();
        run["exit_code"] = 4.into();
        run["reasons"] = ["the generator was behind", "<no> \"fault\" & 'bit'"].into();
    });
    change("interrupted", &|run| {
        run["interrupted"] = true.into();
        run["exit_code"] = 130.into();
    });
    change("partial", &|run| {
        run["partial"] = true.into();
        run["exit_code"] = serde_json::Value::Null;
    });
    change("failed", &|run| {
        run["valid"] = true.into();
        run["reasons"] = serde_json::Value::Array(Vec::new());
        run["exit_code"] = 1.into();
        run["scenario"] = "a ]]> <b>".into();
        run["thresholds"][0]["pass"] = false.into();
        run["thresholds"][0]["reason"] = "]]></failure> & so on".into();
    });
}
