//! The Grafana dashboard asks for metrics that exist, by labels that they have.

use std::collections::BTreeSet;

use serde_json::Value;
use substorm::live::metrics::Kind;
use substorm::live::metrics::families::DESCRIBED;

fn dashboard() -> Value {
    serde_json::from_str(include_str!("../../deploy/grafana/substorm.json")).unwrap()
}

/// Every string of the document.
fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, found)),
        _ => {}
    }
}

/// The names of metrics in a text.
fn metrics(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("substorm_"))
}

#[test]
fn every_metric_of_the_dashboard_is_given_out() {
    let known: BTreeSet<String> = DESCRIBED
        .iter()
        .flat_map(|description| {
            let name = description.full_name();
            match description.kind {
                Kind::Histogram => {
                    ["bucket", "sum", "count"].map(|s| format!("{name}_{s}")).to_vec()
                }
                Kind::Counter | Kind::Gauge => vec![name],
            }
        })
        .collect();
    let dashboard = dashboard();
    let mut found = Vec::new();
    texts(&dashboard, &mut found);
    let asked: BTreeSet<&str> = found.iter().flat_map(|text| metrics(text)).collect();
    assert!(asked.len() >= 20, "{asked:?}");
    for name in asked {
        assert!(known.contains(name), "the dashboard asks for {name}");
    }
}

#[test]
fn every_label_of_an_expression_is_one_of_its_metrics() {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let mut checked = 0;
    for target in targets {
        let expression = target["expr"].as_str().unwrap();
        let mut labels: BTreeSet<&str> = ["le", "job", "instance"].into();
        for name in metrics(expression) {
            let is_it = |name: &str, full: &str| {
                name == full || name.strip_prefix(full).is_some_and(|rest| rest == "_bucket")
            };
            let row = DESCRIBED.iter().find(|row| is_it(name, &row.full_name())).unwrap();
            labels.extend(row.labels);
        }
        for group in expression.split("by (").skip(1) {
            for label in group.split(')').next().unwrap().split(',') {
                assert!(labels.contains(label.trim()), "{label} in {expression}");
                checked += 1;
            }
        }
    }
    assert!(checked > 10, "{checked}");
}

#[test]
fn panels_have_names_of_their_own_and_do_not_overlap() {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    let titles: BTreeSet<&str> =
        panels.iter().map(|panel| panel["title"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), titles.len()), (panels.len(), panels.len()));
    let mut taken = BTreeSet::new();
    for panel in panels {
        let place = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        assert!(place("x") + place("w") <= 24, "{}", panel["title"]);
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(taken.insert((x, y)), "{} lies on another panel", panel["title"]);
            }
        }
        let is_row = panel["type"] == "row";
        assert!(is_row || !panel["description"].as_str().unwrap().is_empty(), "{}", panel["title"]);
    }
}
