//! The generated pages are current, and the schema agrees with the reader.

use std::path::Path;

use serde_json::{Value as Json, json};

use super::committed;
use crate::scenario::tables::{ROOT, TableSpec};
use crate::scenario::{read, reference, schema};
use crate::setting::Absent;

fn committed_page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_schema_is_current() {
    let current = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    assert!(
        committed_page("scenario.schema.json") == current,
        "run: cargo run -- schema > docs/scenario.schema.json"
    );
}

#[test]
fn the_reference_is_current() {
    assert!(
        committed_page("scenario.md") == reference(),
        "run: cargo run -- schema --markdown > docs/scenario.md"
    );
}

#[test]
fn every_declared_default_can_be_read() {
    fn check(spec: &TableSpec) {
        for setting in spec.settings {
            let default = read::default_of(setting);
            let declared = matches!(setting.absent, Absent::Default(_));
            assert_eq!(default.is_some(), declared, "{}.{}", spec.name, setting.key);
        }
        for form in spec.forms {
            if let Absent::Default(text) = form.absent {
                assert!(text.parse::<toml_edit::Value>().is_ok(), "{}.{}", spec.name, form.key);
            }
        }
        spec.inner.iter().for_each(|inner| check(inner));
    }
    check(&ROOT);
    let registries = crate::fault::REGISTRY.iter().map(|kind| kind.settings);
    for setting in registries.chain(crate::arrival::REGISTRY.iter().map(|k| k.settings)).flatten() {
        let declared = matches!(setting.absent, Absent::Default(_));
        assert_eq!(read::default_of(setting).is_some(), declared, "{}", setting.key);
    }
}

/// What of a schema a value breaks, for the keywords that ours uses.
fn breaks(schema: &Json, value: &Json, path: &str) -> Option<String> {
    let wrong = |why: &str| Some(format!("{path}: {why}: {value}"));
    let kind = match value {
        Json::Object(_) => "object",
        Json::Array(_) => "array",
        Json::String(_) => "string",
        Json::Bool(_) => "boolean",
        Json::Number(number) if number.is_f64() => "number",
        Json::Number(_) => "integer",
        Json::Null => "null",
    };
    if let Some(wanted) = schema["type"].as_str()
        && wanted != kind
        && (wanted, kind) != ("number", "integer")
    {
        return wrong(&format!("is no {wanted}"));
    }
    if schema.get("const").is_some_and(|wanted| wanted != value) {
        return wrong("is not the constant");
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        return wrong("is none of the words");
    }
    // The one pattern that alternatives are told apart by; the others hold quantities, whose
    // spelling is the units' own business.
    if schema["pattern"] == r"\$\{" && value.as_str().is_some_and(|text| !text.contains("${")) {
        return wrong("takes nothing from the environment");
    }
    let number = value.as_f64();
    let low = number.zip(schema["minimum"].as_f64()).is_some_and(|(n, least)| n < least);
    let high = number.zip(schema["maximum"].as_f64()).is_some_and(|(n, most)| n > most);
    if low || high {
        return wrong("is out of range");
    }
    for (keyword, exactly_one) in [("anyOf", false), ("oneOf", true)] {
        let Some(choices) = schema[keyword].as_array() else { continue };
        let broken: Vec<_> = choices.iter().filter_map(|one| breaks(one, value, path)).collect();
        let fits = choices.len() - broken.len();
        if fits == 0 || (exactly_one && fits > 1) {
            return wrong(&format!("fits {fits} of {keyword}; {}", broken.join("; ")));
        }
    }
    match value {
        Json::Object(fields) => object_breaks(schema, fields, path),
        Json::Array(items) => {
            let each = items.iter().enumerate();
            schema.get("items").and_then(|schema| {
                each.into_iter().find_map(|(i, item)| breaks(schema, item, &format!("{path}[{i}]")))
            })
        }
        _ => None,
    }
}

fn object_breaks(
    schema: &Json,
    fields: &serde_json::Map<String, Json>,
    path: &str,
) -> Option<String> {
    let required = schema["required"].as_array().into_iter().flatten();
    if let Some(key) = required.filter_map(Json::as_str).find(|key| !fields.contains_key(*key)) {
        return Some(format!("{path}: {key} is missing"));
    }
    let most = schema["maxProperties"].as_u64().unwrap_or(u64::MAX);
    if fields.len() as u64 > most {
        return Some(format!("{path}: too many keys"));
    }
    fields.iter().find_map(|(key, value)| {
        let path = format!("{path}.{key}");
        match (schema["properties"].get(key), &schema["additionalProperties"]) {
            (Some(inner), _) => breaks(inner, value, &path),
            (None, Json::Bool(false)) => Some(format!("{path}: unknown key")),
            (None, inner) => breaks(inner, value, &path),
        }
    })
}

fn to_json(item: &toml_edit::Item) -> Json {
    if let Some(table) = item.as_table_like() {
        return table.iter().map(|(key, item)| (key.to_owned(), to_json(item))).collect();
    }
    if let Some(tables) = item.as_array_of_tables() {
        return tables.iter().map(|t| to_json(&toml_edit::Item::Table(t.clone()))).collect();
    }
    match item.as_value() {
        Some(toml_edit::Value::Array(list)) => {
            list.iter().map(|value| to_json(&toml_edit::Item::Value(value.clone()))).collect()
        }
        Some(toml_edit::Value::Integer(number)) => json!(number.value()),
        Some(toml_edit::Value::Float(number)) => json!(number.value()),
        Some(toml_edit::Value::Boolean(flag)) => json!(flag.value()),
        Some(toml_edit::Value::String(text)) => json!(text.value()),
        _ => Json::Null,
    }
}

fn parsed(text: &str) -> Json {
    to_json(toml_edit::Document::parse(text).unwrap().as_item())
}

#[test]
fn the_schema_accepts_every_committed_scenario() {
    let schema = schema();
    for (path, plan) in committed::all() {
        assert_eq!(breaks(&schema, &parsed(&plan.text), ""), None, "{}", path.display());
    }
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let schema = schema();
    let wrong = [
        "name = 5",
        "nmae = \"x\"",
        "[population]\nusers = 0",
        "[population]\npopularity = { zipf = 9.0 }",
        "[token]\nalgorithm = \"none\"",
        "[[fault]]\nkind = \"store-outage\"\nat = \"a\"",
        "[[fault]]\nkind = \"user-delete\"\nat = \"a\"\nmode = \"refuse\"",
        "[gateway.cache]\nttl = 5",
        "[target]\nurl = \"http://127.0.0.1\"\nidentity = { header = \"a\", json = \"/b\" }",
    ];
    let phase = "[[phase]]\nname = \"a\"\nfor = \"5s\"\n";
    assert_eq!(breaks(&schema, &parsed(&format!("name = \"x\"\n{phase}")), ""), None);
    for text in wrong {
        let head = if text.starts_with('n') { "" } else { "name = \"x\"\n" };
        let text = if text.starts_with('[') {
            format!("{head}{text}\n{phase}")
        } else {
            format!("{text}\n{phase}")
        };
        assert!(breaks(&schema, &parsed(&text), "").is_some(), "the schema takes\n{text}");
        assert!(crate::scenario::parse(&text).is_err(), "the reader takes\n{text}");
    }
}
