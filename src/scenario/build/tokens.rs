//! The tables `[token]` and `[[token.mutation]]`.

use std::path::PathBuf;

use serde_json::{Map, Value as Json};

use super::defects::Defects;
use crate::scenario::node::{Content, Node};
use crate::scenario::read::{Reader, TableAt};
use crate::scenario::tables::{MUTATION, TOKEN};
use crate::setting::Settings;
use crate::token::{Algorithm, KeySource, MutationShare, RESERVED, TokenPlan, TokenSource};

/// The names that `algorithm` takes.
pub(in crate::scenario) const ALGORITHMS: &[&str] = &[
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
    "ES384", "EdDSA",
];

/// Deepest nesting of a claim's value.
const DEEPEST: usize = 32;

/// The tokens.
pub(super) fn tokens(
    reader: &mut Reader<'_>,
    root: &TableAt<'_>,
    source: TokenSource,
    defects: &Defects,
) -> TokenPlan {
    let table = super::section(reader, root, &TOKEN);
    let settings = super::read(reader, &table, &TOKEN);
    let text = |key: &str| settings.text(key).unwrap_or_default();
    for key in ["key", "key_id", "issuer", "audience"] {
        if settings.text(key).is_some_and(|text| text.is_empty()) {
            reader.reject(&table, key, "found \"\"; leave the key out instead");
        }
    }
    TokenPlan {
        source,
        algorithm: Algorithm::named(&text("algorithm")).unwrap_or(Algorithm::ES256),
        key: match settings.text("key") {
            Some(path) => KeySource::File(PathBuf::from(path)),
            None => KeySource::Generated,
        },
        key_id: settings.text("key_id"),
        issuer: text("issuer"),
        audience: text("audience"),
        lifetime: settings.span("lifetime").unwrap_or_default(),
        claims: claims(reader, &table),
        mutations: mutations(reader, &table, defects),
    }
}

fn mutations(
    reader: &mut Reader<'_>,
    token: &TableAt<'_>,
    defects: &Defects,
) -> Vec<MutationShare> {
    let mut found: Vec<MutationShare> = Vec::new();
    let mut sum = 0.0;
    for table in super::sections(reader, token, &MUTATION) {
        let settings: Settings = super::read(reader, &table, &MUTATION);
        let kind = super::formed_key(reader, &table, &MUTATION, "kind");
        let kind = kind.and_then(|node| defects.read(reader, &node));
        let Some(share) = settings.share("share") else { continue };
        sum += share.fraction();
        // Shares are decimal fractions: their sum may miss 1 by a rounding error.
        if sum > 1.0 + 1e-9 {
            let percent = (sum * 1e5).round() / 1e3;
            let message = format!("with this one the shares come to {percent}%; at most 100%");
            reader.reject(&table, "share", message);
        }
        let Some(kind) = kind else { continue };
        if found.iter().any(|other| other.kind == kind) {
            reader.reject(&table, "kind", format!("\"{kind}\" is given twice; add the shares up"));
        }
        found.push(MutationShare { kind, share });
    }
    found
}

fn claims(reader: &mut Reader<'_>, token: &TableAt<'_>) -> Map<String, Json> {
    let Some(node) = super::formed_key(reader, token, &TOKEN, "claims") else { return Map::new() };
    let Some(table) = reader.table(&node) else { return Map::new() };
    for entry in &table.table.0 {
        if RESERVED.contains(&entry.key.as_str()) {
            let help = "a mutation makes tokens in which it is wrong";
            let message = format!("the claim `{}` is set when tokens are made", entry.key);
            reader.problems.add_with_help(&entry.place, &entry.node.path, message, help);
        }
    }
    match json(reader, &node, 0) {
        Some(Json::Object(claims)) => claims,
        _ => Map::new(),
    }
}

/// A value as JSON, which lies `depth` levels deep.
pub(super) fn json(reader: &mut Reader<'_>, node: &Node, depth: usize) -> Option<Json> {
    if depth > DEEPEST {
        let message = format!("nested too deep; at most {DEEPEST} levels");
        reader.problems.add(&node.place, &node.path, message);
        return None;
    }
    let value = match &node.content {
        Content::Text(_) => return reader.text(node).map(Json::String),
        Content::Integer(number) => Json::from(*number),
        Content::Flag(flag) => Json::from(*flag),
        Content::Date(date) => Json::from(date.as_str()),
        Content::Float(number) => {
            let Some(number) = serde_json::Number::from_f64(*number) else {
                reader.wrong_type(node, "a number that JSON has");
                return None;
            };
            Json::Number(number)
        }
        Content::List(nodes) => {
            return nodes.iter().map(|node| json(reader, node, depth + 1)).collect::<Option<_>>();
        }
        Content::Table(table) => {
            let mut object = Map::new();
            for entry in &table.0 {
                object.insert(entry.key.clone(), json(reader, &entry.node, depth + 1)?);
            }
            return Some(Json::Object(object));
        }
    };
    reader.settle(node.path.clone(), value.to_string());
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_the_algorithms() {
        assert_eq!(ALGORITHMS.len(), Algorithm::ALL.len());
        assert!(ALGORITHMS.iter().all(|name| Algorithm::named(name).is_some()));
    }
}
