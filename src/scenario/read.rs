//! Reads tables the way they are declared: one [`Setting`] a key.
//!
//! What is wrong is recorded and the default taken in its place, so that reading goes on and a
//! person hears of everything at once.

use std::path::Path;

use super::environment::{self, Environment};
use super::node::{Content, Entry, Node, Place, Table, abridged, join};
use super::problems::Problems;
use crate::diagnostic::nearest;
use crate::setting::{Absent, Kind, Setting, Settings, Value};
use crate::units::{Rate, Share, format_span, parse_span};

/// Reads nodes, and keeps what was wrong and what was settled.
pub(super) struct Reader<'a> {
    /// What is wrong so far.
    pub problems: Problems,
    /// Every key that was settled, defaults included, as canonical text by path; strings with
    /// `${…}` as they were written. The plan's digest is made of it.
    pub settled: Vec<(String, String)>,
    /// What names of files are relative to; `None` if no file may be read.
    pub folder: Option<&'a Path>,
    environment: Environment<'a>,
}

/// A table with its place and path, as readers are given it.
#[derive(Clone, Copy)]
pub(super) struct TableAt<'n> {
    pub table: &'n Table,
    pub place: &'n Place,
    pub path: &'n str,
}

impl<'n> TableAt<'n> {
    /// The entry with this key.
    pub fn get(&self, key: &str) -> Option<&'n Entry> {
        self.table.get(key)
    }

    /// Where a key stands, or the table where the key is left out.
    pub fn place_of(&self, key: &str) -> &'n Place {
        self.get(key).map_or(self.place, |entry| &entry.node.place)
    }

    /// The dotted path of a key.
    pub fn path_of(&self, key: &str) -> String {
        join(self.path, key)
    }
}

impl<'a> Reader<'a> {
    pub fn new(problems: Problems, environment: Environment<'a>, folder: Option<&'a Path>) -> Self {
        Self { problems, settled: Vec::new(), folder, environment }
    }

    /// Records something wrong with a key of a table, and where possible points at its value.
    pub fn reject(&mut self, table: &TableAt<'_>, key: &str, message: impl Into<String>) {
        self.problems.add(table.place_of(key), &table.path_of(key), message);
    }

    /// The node as a table; anything else is wrong.
    pub fn table<'n>(&mut self, node: &'n Node) -> Option<TableAt<'n>> {
        if let Content::Table(table) = &node.content {
            return Some(TableAt { table, place: &node.place, path: &node.path });
        }
        self.wrong_type(node, &format!("a table; write `[{}]`", node.path));
        None
    }

    /// The node as a list of tables; anything else is wrong.
    pub fn tables<'n>(&mut self, node: &'n Node) -> Vec<TableAt<'n>> {
        let Content::List(nodes) = &node.content else {
            self.wrong_type(node, &format!("a list of tables; write `[[{}]]`", node.path));
            return Vec::new();
        };
        nodes.iter().filter_map(|node| self.table(node)).collect()
    }

    /// Records every key of the table that is not among `known`.
    pub fn only_known(&mut self, table: &TableAt<'_>, known: &[&'static str]) {
        for entry in &table.table.0 {
            if known.contains(&entry.key.as_str()) {
                continue;
            }
            let help = match nearest(&entry.key, known.iter().copied()) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("known here: {}", known.join(", ")),
            };
            let path = table.path_of(&entry.key);
            self.problems.add_with_help(&entry.place, &path, "unknown key", help);
        }
    }

    /// The values of the declared keys, defaults filled in.
    pub fn settings<'s>(
        &mut self,
        table: &TableAt<'_>,
        declared: impl IntoIterator<Item = &'s Setting>,
    ) -> Settings {
        let mut settings = Settings::default();
        for setting in declared {
            let read = table.get(setting.key).map(|entry| self.value(&entry.node, &setting.kind));
            if read.is_none() {
                self.missing_if_required(table, setting.key, setting.absent);
            }
            if let Some(value) = read.flatten().or_else(|| default_of(setting)) {
                settings.insert(setting.key, value.clone());
                self.settle_default(table, setting.key, &value);
            }
        }
        settings
    }

    /// Records a required key that is not there.
    pub fn missing_if_required(&mut self, table: &TableAt<'_>, key: &str, absent: Absent) {
        if matches!(absent, Absent::Required) {
            self.problems.add(table.place, table.path, format!("the key `{key}` is missing"));
        }
    }

    /// Notes a value for the digest, unless reading it has noted it already.
    fn settle_default(&mut self, table: &TableAt<'_>, key: &str, value: &Value) {
        if table.get(key).is_none() {
            self.settle(table.path_of(key), canonical(value));
        }
    }

    /// Notes what holds at a path.
    pub fn settle(&mut self, path: String, text: String) {
        self.settled.push((path, text));
    }

    /// The value of a node, if it is of the kind and within its bounds.
    pub fn value(&mut self, node: &Node, kind: &Kind) -> Option<Value> {
        let value = match (&node.content, kind) {
            (Content::Text(text), _) => return self.value_of_text(node, text, kind),
            (Content::Flag(flag), Kind::Flag) => Value::Flag(*flag),
            (Content::Integer(number), Kind::Count { .. }) => {
                let Ok(count) = u64::try_from(*number) else {
                    self.out_of_range(node, kind);
                    return None;
                };
                Value::Count(count)
            }
            (Content::Integer(number), Kind::Number { .. }) => Value::Number(*number as f64),
            (Content::Float(number), Kind::Number { .. }) => Value::Number(*number),
            // `1.1` is a version to a person and a number to TOML.
            (Content::Float(_) | Content::Integer(_), Kind::Choice(words))
                if words.contains(&node.described().as_str()) =>
            {
                Value::Text(node.described())
            }
            (Content::List(nodes), Kind::Texts) => {
                let texts: Vec<_> = nodes.iter().filter_map(|node| self.text(node)).collect();
                return (texts.len() == nodes.len()).then_some(Value::Texts(texts));
            }
            (Content::Table(_), Kind::Map(words)) => return self.map(node, words),
            _ => {
                self.wrong_type(node, &expected(kind));
                return None;
            }
        };
        if !within(&value, kind) {
            self.out_of_range(node, kind);
            return None;
        }
        self.settle(node.path.clone(), canonical(&value));
        Some(value)
    }

    fn map(&mut self, node: &Node, words: &'static [&'static str]) -> Option<Value> {
        let before = self.problems.count();
        let table = self.table(node)?;
        self.only_known(&table, words);
        let entries = table.table.0.iter();
        let texts = entries.filter_map(|entry| Some((entry.key.clone(), self.text(&entry.node)?)));
        let map = texts.collect();
        (self.problems.count() == before).then_some(Value::Map(map))
    }

    /// The node as a string with the environment filled in; anything else is wrong.
    pub fn text(&mut self, node: &Node) -> Option<String> {
        match self.value(node, &Kind::Text) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn value_of_text(&mut self, node: &Node, raw: &str, kind: &Kind) -> Option<Value> {
        let text = match environment::expand(raw, self.environment) {
            Ok(text) => text,
            Err(message) => {
                self.problems.add(&node.place, &node.path, message);
                return None;
            }
        };
        let from_environment = environment::mentions(raw);
        let quoted = matches!(kind, Kind::Flag | Kind::Count { .. } | Kind::Number { .. });
        if quoted && !from_environment {
            let help = "write it without quotes";
            let message = format!("found {}; expected {}", node.described(), expected(kind));
            self.problems.add_with_help(&node.place, &node.path, message, help);
            return None;
        }
        match parse_text(&text, kind) {
            Ok(value) => {
                let settled = if from_environment { raw.to_owned() } else { canonical(&value) };
                self.settle(node.path.clone(), settled);
                Some(value)
            }
            // What the environment holds may be a secret, so it is not shown.
            Err(_) if from_environment => {
                let message = format!("what `{raw}` stands for is not {}", expected(kind));
                self.problems.add(&node.place, &node.path, message);
                None
            }
            Err(Refusal { message, help }) => {
                match help {
                    Some(help) => {
                        self.problems.add_with_help(&node.place, &node.path, message, help);
                    }
                    None => self.problems.add(&node.place, &node.path, message),
                }
                None
            }
        }
    }

    /// Records a value of the wrong type.
    pub fn wrong_type(&mut self, node: &Node, expected: &str) {
        let message = format!("found {}; expected {expected}", node.described());
        self.problems.add(&node.place, &node.path, message);
    }

    fn out_of_range(&mut self, node: &Node, kind: &Kind) {
        let message = format!("found {}; allowed is {}", node.described(), range(kind));
        self.problems.add(&node.place, &node.path, message);
    }
}

/// The default that a setting declares.
pub(super) fn default_of(setting: &Setting) -> Option<Value> {
    match setting.absent {
        Absent::Default(text) => parse_text(text, &setting.kind).ok(),
        Absent::Required | Absent::Nothing => None,
    }
}

struct Refusal {
    message: String,
    help: Option<String>,
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self { message, help: None }
    }
}

fn parse_text(text: &str, kind: &Kind) -> Result<Value, Refusal> {
    let unfit = || format!("found \"{}\"; expected {}", abridged(text), expected(kind));
    let value = match kind {
        Kind::Text => Value::Text(text.to_owned()),
        Kind::Flag => Value::Flag(text.parse().map_err(|_| unfit())?),
        Kind::Count { .. } => Value::Count(text.replace('_', "").parse().map_err(|_| unfit())?),
        Kind::Number { .. } => Value::Number(text.parse().map_err(|_| unfit())?),
        Kind::Span { .. } => Value::Span(parse_span(text).map_err(|error| error.to_string())?),
        Kind::Rate => Value::Rate(text.parse::<Rate>().map_err(|error| error.to_string())?),
        Kind::Share => Value::Share(text.parse::<Share>().map_err(|error| error.to_string())?),
        Kind::Choice(words) => {
            if !words.contains(&text) {
                let help =
                    nearest(text, words.iter().copied()).map(|w| format!("did you mean \"{w}\"?"));
                return Err(Refusal { message: unfit(), help });
            }
            Value::Text(text.to_owned())
        }
        Kind::Texts | Kind::Map(_) => return Err(unfit().into()),
    };
    if !within(&value, kind) {
        let found = if matches!(kind, Kind::Span { .. }) { text } else { &canonical(&value) };
        return Err(format!("found {found}; allowed is {}", range(kind)).into());
    }
    Ok(value)
}

fn within(value: &Value, kind: &Kind) -> bool {
    match (value, kind) {
        (Value::Count(count), Kind::Count { min, max }) => (min..=max).contains(&count),
        // Not a number lies within nothing.
        (Value::Number(number), Kind::Number { min, max }) => (min..=max).contains(&number),
        (Value::Span(span), Kind::Span { min, max }) => (min..=max).contains(&span),
        _ => true,
    }
}

/// What a kind takes, for messages: follows "expected".
pub(super) fn expected(kind: &Kind) -> String {
    match kind {
        Kind::Text => "a string".to_owned(),
        Kind::Flag => "true or false".to_owned(),
        Kind::Count { .. } => format!("a whole number, {}", range(kind)),
        Kind::Number { .. } => format!("a number, {}", range(kind)),
        Kind::Span { .. } => "a time such as \"20ms\", \"1.5s\" or \"5m\"".to_owned(),
        Kind::Rate => "a rate such as \"500/s\", \"30/m\" or \"10/h\"".to_owned(),
        Kind::Share => "a share such as \"1%\" or \"0.5%\"".to_owned(),
        Kind::Choice(words) => {
            let words: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
            format!("one of {}", words.join(", "))
        }
        Kind::Texts => "a list of strings".to_owned(),
        Kind::Map(words) => format!("a table of strings with keys among {}", words.join(", ")),
    }
}

/// The bounds of a kind, for messages and the reference.
pub(super) fn range(kind: &Kind) -> String {
    match kind {
        Kind::Count { min, max } => format!("{min} to {max}"),
        Kind::Number { min, max } => format!("{min} to {max}"),
        Kind::Span { min, max } => format!("{} to {}", format_span(*min), format_span(*max)),
        _ => String::new(),
    }
}

/// One spelling for each value, whatever the file's.
pub(super) fn canonical(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Flag(flag) => flag.to_string(),
        Value::Count(count) => count.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Span(span) => format!("{}ns", span.as_nanos()),
        Value::Rate(rate) => format!("{}/s", rate.as_per_second()),
        Value::Share(share) => share.fraction().to_string(),
        Value::Texts(texts) => format!("{texts:?}"),
        Value::Map(map) => format!("{map:?}"),
    }
}
