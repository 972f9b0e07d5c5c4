//! The JSON Schema (draft 2020-12) of scenarios, with which editors complete and check them.
//!
//! It is made from the declarations that the reader goes by. What takes more than one key to
//! decide (names of phases, sums of shares, overlaps) is left to `substorm check`.

use serde_json::{Map, Value as Json, json};

use super::build::{FILE, PROOFS, TOKEN_PLACES, ZIPF};
use super::read::{canonical, default_of, expected, range};
use super::tables::{Form, FormKey, ROOT, TableSpec};
use crate::outcome::profiles;
use crate::setting::{Absent, Kind, Setting, Value};
use crate::token::mutation;
use crate::{arrival, fault};

/// A string that takes something from the environment.
const FROM_ENVIRONMENT: &str = r"\$\{";

/// The schema.
pub fn schema() -> Json {
    let mut schema = table(&ROOT);
    schema.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".into(), json!("Substorm scenario"));
    Json::Object(schema)
}

fn table(spec: &TableSpec) -> Map<String, Json> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    add_settings(&mut properties, &mut required, spec.settings);
    for key in spec.forms {
        if matches!(key.absent, Absent::Required) {
            required.push(json!(key.key));
        }
        properties.insert(key.key.into(), form(key));
    }
    for inner in spec.inner {
        properties.insert(inner.key().into(), inner_table(inner));
    }
    if spec.name.is_empty() {
        required.push(json!("phase"));
    }
    object(spec.about, properties, required)
}

fn inner_table(spec: &TableSpec) -> Json {
    if spec.forms.iter().any(|key| key.form == Form::Conditions) {
        let condition = json!({"type": "string", "description": spec.forms[0].about});
        return json!({
            "description": spec.about, "type": "object", "additionalProperties": condition,
        });
    }
    let items = if spec.forms.iter().any(|key| key.form == Form::FaultName) {
        json!({"oneOf": fault::REGISTRY.iter().map(|kind| one_fault(spec, kind)).collect::<Vec<_>>()})
    } else {
        Json::Object(table(spec))
    };
    if !spec.repeated {
        return items;
    }
    let least = u8::from(spec.key() == "phase");
    json!({"description": spec.about, "type": "array", "minItems": least, "items": items})
}

/// The table of a fault of one kind, told from the others by its `kind`.
fn one_fault(spec: &TableSpec, kind: &fault::FaultKind) -> Json {
    let mut properties = Map::new();
    let mut required = vec![json!("kind")];
    properties.insert("kind".into(), json!({"const": kind.name, "description": kind.about}));
    add_settings(&mut properties, &mut required, spec.settings);
    add_settings(&mut properties, &mut required, kind.settings);
    Json::Object(object(kind.about, properties, required))
}

fn object(about: &str, properties: Map<String, Json>, required: Vec<Json>) -> Map<String, Json> {
    let mut object = Map::new();
    object.insert("description".into(), json!(about));
    object.insert("type".into(), json!("object"));
    object.insert("properties".into(), Json::Object(properties));
    if !required.is_empty() {
        object.insert("required".into(), Json::Array(required));
    }
    object.insert("additionalProperties".into(), json!(false));
    object
}

fn add_settings(
    properties: &mut Map<String, Json>,
    required: &mut Vec<Json>,
    settings: &[Setting],
) {
    for setting in settings {
        if matches!(setting.absent, Absent::Required) {
            required.push(json!(setting.key));
        }
        let mut schema = kind(&setting.kind);
        schema.insert("description".into(), json!(setting.about));
        if let Some(default) = default_of(setting) {
            schema.insert("default".into(), default_json(&default, setting));
        }
        properties.insert(setting.key.into(), Json::Object(schema));
    }
}

fn default_json(value: &Value, setting: &Setting) -> Json {
    match (value, setting.absent) {
        (Value::Count(count), _) => json!(count),
        (Value::Number(number), _) => json!(number),
        (Value::Flag(flag), _) => json!(flag),
        (_, Absent::Default(text)) => json!(text),
        _ => json!(canonical(value)),
    }
}

fn kind(kind: &Kind) -> Map<String, Json> {
    let from_environment = json!({"type": "string", "pattern": FROM_ENVIRONMENT});
    let quantity = |pattern: &str, example: &str| json!({"type": "string", "pattern": format!("{pattern}|{FROM_ENVIRONMENT}"), "examples": [example]});
    let schema = match kind {
        Kind::Text => json!({"type": "string"}),
        Kind::Flag => json!({"anyOf": [{"type": "boolean"}, from_environment]}),
        Kind::Count { min, max } => json!({
            "anyOf": [{"type": "integer", "minimum": min, "maximum": max}, from_environment],
        }),
        Kind::Number { min, max } => json!({
            "anyOf": [{"type": "number", "minimum": min, "maximum": max}, from_environment],
        }),
        Kind::Span { .. } => quantity(r"^\s*[0-9][0-9._]*\s*(ns|us|µs|ms|s|m|h)\s*$", "5s"),
        Kind::Rate => quantity(r"^\s*[0-9][0-9._]*\s*/\s*[smh]\s*$", "500/s"),
        Kind::Share => quantity(r"^\s*[0-9][0-9._]*\s*%\s*$", "1%"),
        Kind::Choice(words) => json!({"anyOf": [{"enum": words}, from_environment]}),
        Kind::Texts => json!({"type": "array", "items": {"type": "string"}}),
        Kind::Map(words) => {
            let keys: Map<_, _> =
                words.iter().map(|word| ((*word).to_owned(), json!({"type": "string"}))).collect();
            json!({"type": "object", "properties": keys, "additionalProperties": false})
        }
    };
    match schema {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}

fn form(key: &FormKey) -> Json {
    let mut schema = match key.form {
        Form::Arrival => arrivals(),
        Form::Popularity => json!({"anyOf": [{"const": "uniform"}, one_of(&[ZIPF])]}),
        Form::Identity => json!({"anyOf": [{"const": "none"}, one_of(PROOFS)]}),
        Form::Source => one_of(&[FILE]),
        Form::Claims | Form::Conditions => json!({"type": "object"}),
        Form::TokenPlace => json!({"anyOf": [{"const": "placeholder"}, any_of(TOKEN_PLACES)]}),
        Form::Headers => json!({"type": "object", "additionalProperties": {"type": "string"}}),
        Form::Statuses => {
            let status = json!({"type": "integer", "minimum": 100, "maximum": 999});
            json!({"anyOf": [status, {"type": "array", "items": status, "minItems": 1}]})
        }
        Form::JsonValues => json!({"type": "object", "propertyNames": {"pattern": "^(/|$)"}}),
        Form::ProfileName => names(profiles::REGISTRY.iter().map(|one| (one.name, one.about))),
        Form::MutationName => names(mutation::REGISTRY.iter().map(|kind| (kind.name, kind.about))),
        Form::FaultName => names(fault::REGISTRY.iter().map(|kind| (kind.name, kind.about))),
    };
    schema["description"] = json!(key.about);
    schema
}

fn names(entries: impl Iterator<Item = (&'static str, &'static str)>) -> Json {
    let one = |(name, about)| json!({"const": name, "description": about});
    let mut all: Vec<_> = entries.map(one).collect();
    all.push(json!({"type": "string", "pattern": FROM_ENVIRONMENT}));
    json!({"anyOf": all})
}

/// A table with exactly one of these keys.
fn one_of(settings: &[Setting]) -> Json {
    let mut properties = Map::new();
    add_settings(&mut properties, &mut Vec::new(), settings);
    json!({
        "type": "object", "properties": properties,
        "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
    })
}

/// A table with some of these keys.
fn any_of(settings: &[Setting]) -> Json {
    let mut properties = Map::new();
    add_settings(&mut properties, &mut Vec::new(), settings);
    json!({
        "type": "object", "properties": properties,
        "minProperties": 1, "additionalProperties": false,
    })
}

fn arrivals() -> Json {
    let mut properties = Map::new();
    for process in arrival::REGISTRY {
        let (mut inner, mut required) = (Map::new(), Vec::new());
        add_settings(&mut inner, &mut required, process.settings);
        let spelt_out = Json::Object(object(process.about, inner, required));
        let bare = process.settings.iter().find(|setting| Some(setting.key) == process.bare);
        let schema = match bare {
            Some(bare) => json!({
                "description": process.about,
                "anyOf": [Json::Object(kind(&bare.kind)), spelt_out],
            }),
            None => spelt_out,
        };
        properties.insert(process.name.into(), schema);
    }
    json!({
        "type": "object", "properties": properties,
        "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
    })
}

/// What a key takes, for the reference.
pub(super) fn takes(kind: &Kind) -> String {
    match kind {
        Kind::Span { .. } => format!("time, {}", range(kind)),
        Kind::Rate => "rate".to_owned(),
        Kind::Share => "share".to_owned(),
        Kind::Text => "string".to_owned(),
        Kind::Map(words) => {
            let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
            format!("table of strings, with keys among {}", words.join(", "))
        }
        Kind::Choice(words) => {
            words.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(" · ")
        }
        _ => expected(kind),
    }
}
