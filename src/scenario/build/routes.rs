//! The tables `[[route]]` and `[route.expect]`, and where requests carry their token.

use crate::load::{Expectations, Route};
use crate::scenario::node::{Content, Node, abridged};
use crate::scenario::read::{Reader, TableAt};
use crate::scenario::tables::{EXPECT, ROUTE, TOKEN};
use crate::setting::{Kind, Setting};
use crate::wire::{Place, RequestSpec, Template, TemplateError, Text, TokenPlace};

/// Methods that a request may have.
const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Longest path of a request, in bytes.
const LONGEST_PATH: usize = 2_048;

/// The keys of the table that `send` takes.
pub(in crate::scenario) const TOKEN_PLACES: &[Setting] = &[
    Setting::optional("header", Kind::Text, "The header field that carries the token."),
    Setting::optional("prefix", Kind::Text, "With `header`: what stands before the token."),
    Setting::optional("cookie", Kind::Text, "The cookie that carries it."),
    Setting::optional("query", Kind::Text, "The query parameter that carries it."),
];

/// What is asked for; `GET /me` if the scenario does not say.
pub(super) fn routes(reader: &mut Reader<'_>, root: &TableAt<'_>) -> Vec<Route> {
    let token = token_place(reader, root);
    let mut routes: Vec<Route> = super::sections(reader, root, &ROUTE)
        .iter()
        .filter_map(|table| route(reader, table, &token))
        .collect();
    if routes.is_empty() {
        let (method, path) = ("GET".to_owned(), "/me".to_owned());
        let request = RequestSpec { method, path, token, ..RequestSpec::default() };
        routes.push(Route { request, weight: 1, expect: Expectations::default() });
    }
    routes
}

fn route(reader: &mut Reader<'_>, table: &TableAt<'_>, token: &TokenPlace) -> Option<Route> {
    let settings = super::read(reader, table, &ROUTE);
    let headers = headers(reader, table);
    let expect = expect(reader, table);
    let request = settings.text("request")?;
    let (method, path) = match method_and_path(&request) {
        Ok(parts) => parts,
        Err(message) => {
            reader.reject(table, "request", message);
            return None;
        }
    };
    let body = settings.text("body");
    if body.is_some() && matches!(method.as_str(), "GET" | "HEAD") {
        reader.reject(table, "body", format!("a {method} has no body (RFC 9110 §9.3.1)"));
    }
    let request = RequestSpec { method, path, headers, body, token: token.clone(), close: false };
    match Template::new(&request, "host") {
        Ok(template) if *token == TokenPlace::Placeholder && !template.names_token() => {
            let message = "`token.send` is \"placeholder\", but this route has no `{token}`";
            reader.reject(table, "request", message);
        }
        Ok(_) => {}
        Err(error) => reader.reject(table, "request", error.to_string()),
    }
    Some(Route { request, weight: super::sending::small(&settings, "weight").max(1), expect })
}

/// Method and path of a request such as `GET /orders/{user}`.
fn method_and_path(text: &str) -> Result<(String, String), String> {
    let (method, path) = text
        .split_once(' ')
        .map(|(method, path)| (method, path.trim_start()))
        .ok_or_else(|| format!("found \"{}\"; expected such as GET /me", abridged(text)))?;
    if !METHODS.contains(&method) {
        let known = METHODS.join(", ");
        return Err(format!("found the method \"{}\"; known are {known}", abridged(method)));
    }
    if !path.starts_with('/') || path.len() > LONGEST_PATH {
        return Err(format!("a path starts with `/` and has at most {LONGEST_PATH} bytes"));
    }
    if let Some(odd) = path.chars().find(|c| !c.is_ascii_graphic() || *c == '#') {
        return Err(format!("a path cannot hold {odd:?}; write it percent-encoded"));
    }
    Text::parse(path, Place::Target).map_err(|error| error.to_string())?;
    Ok((method.to_owned(), path.to_owned()))
}

/// Header fields; each that cannot be is recorded where it stands.
fn headers(reader: &mut Reader<'_>, route: &TableAt<'_>) -> Vec<(String, String)> {
    let Some(node) = super::formed_key(reader, route, &ROUTE, "headers") else { return Vec::new() };
    let Some(table) = reader.table(&node) else { return Vec::new() };
    let mut headers = Vec::new();
    for entry in &table.table.0 {
        let Some(value) = reader.text(&entry.node) else { continue };
        let field = (entry.key.clone(), value);
        match check_header(&field) {
            Ok(()) => headers.push(field),
            Err(error) => {
                reader.problems.add(&entry.node.place, &entry.node.path, error.to_string());
            }
        }
    }
    headers
}

fn check_header(field: &(String, String)) -> Result<(), TemplateError> {
    let spec = RequestSpec {
        method: "GET".to_owned(),
        path: "/".to_owned(),
        headers: vec![field.clone()],
        ..RequestSpec::default()
    };
    Template::new(&spec, "host").map(drop)
}

fn expect(reader: &mut Reader<'_>, route: &TableAt<'_>) -> Expectations {
    let table = super::section(reader, route, &EXPECT);
    let settings = super::read(reader, &table, &EXPECT);
    let body_has = settings.text("body");
    if body_has.as_deref() == Some("") {
        reader.reject(&table, "body", "found \"\"; leave the key out instead");
    }
    if let Some(name) = body_has.as_deref().and_then(unknown_when_answered) {
        reader.reject(&table, "body", only_user(name));
    }
    Expectations { statuses: statuses(reader, &table), body_has, json: values(reader, &table) }
}

fn statuses(reader: &mut Reader<'_>, expect: &TableAt<'_>) -> Vec<u16> {
    let kind = Kind::Count { min: 100, max: 999 };
    let Some(node) = super::formed_key(reader, expect, &EXPECT, "status") else {
        return Vec::new();
    };
    let nodes = match &node.content {
        Content::List(nodes) if nodes.is_empty() => {
            reader.wrong_type(&node, "a status such as 200, or a list of some");
            return Vec::new();
        }
        Content::List(nodes) => nodes.as_slice(),
        _ => std::slice::from_ref(&node),
    };
    let read = nodes.iter().filter_map(|node| match reader.value(node, &kind)? {
        crate::setting::Value::Count(status) => u16::try_from(status).ok(),
        _ => None,
    });
    read.collect()
}

fn values(reader: &mut Reader<'_>, expect: &TableAt<'_>) -> Vec<(String, serde_json::Value)> {
    let Some(node) = super::formed_key(reader, expect, &EXPECT, "json") else { return Vec::new() };
    let Some(table) = reader.table(&node) else { return Vec::new() };
    let mut values = Vec::new();
    for entry in &table.table.0 {
        if !entry.key.is_empty() && !entry.key.starts_with('/') {
            let message = "a JSON pointer starts with `/`, such as /user (RFC 6901)";
            reader.problems.add(&entry.place, &entry.node.path, message);
        }
        comparable(reader, &entry.node);
        if let Some(value) = super::tokens::json(reader, &entry.node, 0) {
            values.push((entry.key.clone(), value));
        }
    }
    values
}

/// Records parts of an expected value that no answer could be held against.
fn comparable(reader: &mut Reader<'_>, node: &Node) {
    match &node.content {
        Content::Date(date) => {
            let message = format!(
                "found the date {date}, and JSON has none; write it as the answer does, in quotes"
            );
            reader.problems.add(&node.place, &node.path, message);
        }
        Content::Text(text) => {
            if let Some(name) = unknown_when_answered(text) {
                reader.problems.add(&node.place, &node.path, only_user(name));
            }
        }
        Content::List(nodes) => nodes.iter().for_each(|node| comparable(reader, node)),
        Content::Table(table) => {
            table.0.iter().for_each(|entry| comparable(reader, &entry.node));
        }
        Content::Integer(_) | Content::Float(_) | Content::Flag(_) => {}
    }
}

/// A placeholder whose value is not kept until the answer comes.
fn unknown_when_answered(text: &str) -> Option<&'static str> {
    let mut others = Text::placeholders().filter(|name| !matches!(*name, "user" | "user.id"));
    others.find(|name| text.contains(&format!("{{{name}}}")))
}

fn only_user(name: &str) -> String {
    format!("holds {{{name}}}; of the placeholders an expectation knows {{user}} and {{user.id}}")
}

/// Where requests carry their token.
fn token_place(reader: &mut Reader<'_>, root: &TableAt<'_>) -> TokenPlace {
    let token = super::section(reader, root, &TOKEN);
    let node = super::formed_key(reader, &token, &TOKEN, "send");
    node.and_then(|node| read_place(reader, &node)).unwrap_or_default()
}

fn read_place(reader: &mut Reader<'_>, node: &Node) -> Option<TokenPlace> {
    let example = "{ header = \"X-Token\", prefix = \"\" }, { cookie = \"session\" }, \
                   { query = \"access_token\" } or \"placeholder\"";
    if let Content::Text(text) = &node.content
        && text == "placeholder"
    {
        reader.settle(node.path.clone(), text.clone());
        return Some(TokenPlace::Placeholder);
    }
    if !matches!(node.content, Content::Table(_)) {
        reader.wrong_type(node, example);
        return None;
    }
    let table = reader.table(node)?;
    let known: Vec<_> = TOKEN_PLACES.iter().map(|setting| setting.key).collect();
    reader.only_known(&table, &known);
    let settings = reader.settings(&table, TOKEN_PLACES);
    let text = |key: &str| settings.text(key);
    match (text("header"), text("cookie"), text("query"), text("prefix")) {
        (Some(name), None, None, prefix) => {
            let prefix = prefix.unwrap_or_default();
            match check_header(&(name.clone(), prefix.clone())) {
                Ok(()) => Some(TokenPlace::Header { name, prefix }),
                Err(error) => {
                    reader.reject(&table, "header", error.to_string());
                    None
                }
            }
        }
        (None, Some(name), None, None) if is_plain(&name) => Some(TokenPlace::Cookie(name)),
        (None, None, Some(name), None) if is_plain(&name) => Some(TokenPlace::Query(name)),
        (None, Some(_), None, None) => {
            reader.reject(&table, "cookie", "letters, digits, `-`, `_` and `.` are safe");
            None
        }
        (None, None, Some(_), None) => {
            reader.reject(&table, "query", "letters, digits, `-`, `_` and `.` are safe");
            None
        }
        _ => {
            reader.problems.add(&node.place, &node.path, format!("expected one of {example}"));
            None
        }
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_a_method_and_a_path() {
        let parts = method_and_path("GET /a?b={user}").unwrap();
        assert_eq!(parts, ("GET".to_owned(), "/a?b={user}".to_owned()));
        for text in ["", "GET", "get /", "GET x", "GET /a b", "GET /\u{e9}", "GET /{id}", "GET /#"]
        {
            assert!(method_and_path(text).is_err(), "{text}");
        }
    }
}
