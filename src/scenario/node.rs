//! A scenario as a tree of values that know where they were written.
//!
//! The parser's own document can point into one text only; a scenario has several: the file, and
//! one text for each option of the command line that overrides a value.

use std::ops::Range;

use toml_edit::{Document, Item, TableLike, Value};

/// Where something was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Number of the text in the list of sources; 0 is the file.
    pub source: usize,
    /// Bytes of that text; `None` for the text as a whole.
    pub span: Option<Range<usize>>,
}

/// One value.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Where it stands.
    pub place: Place,
    /// The dotted path to it, such as `fault[1].share`.
    pub path: String,
    /// What it is.
    pub content: Content,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Text(String),
    Integer(i64),
    Float(f64),
    Flag(bool),
    /// A date or time, which no key of a scenario takes; as written.
    Date(String),
    List(Vec<Node>),
    Table(Table),
}

/// Keys and values in the order of the text.
#[derive(Clone, Debug, Default)]
pub(super) struct Table(pub Vec<Entry>);

/// A key with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: String,
    /// Where the key stands.
    pub place: Place,
    pub node: Node,
}

impl Table {
    /// The entry with this key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.key == key)
    }

    /// The entry with this key, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Entry> {
        self.0.iter_mut().find(|entry| entry.key == key)
    }
}

impl Node {
    /// An empty table at this place, for what is left out.
    pub fn empty_table(place: Place, path: &str) -> Self {
        Self { place, path: path.to_owned(), content: Content::Table(Table::default()) }
    }

    /// The value as a person would name it: `the number 5`, `a table`.
    pub fn described(&self) -> String {
        match &self.content {
            Content::Text(text) => format!("\"{}\"", abridged(text)),
            Content::Integer(number) => number.to_string(),
            Content::Float(number) => number.to_string(),
            Content::Flag(flag) => flag.to_string(),
            Content::Date(date) => format!("the date {date}"),
            Content::List(_) => "a list".to_owned(),
            Content::Table(_) => "a table".to_owned(),
        }
    }
}

/// The text, cut where it would swamp a message, without control characters.
pub(super) fn abridged(text: &str) -> String {
    let mut shown: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        shown.push('…');
    }
    shown
}

/// `parent.key`, with quotes round a key that is no bare one.
pub(super) fn join(parent: &str, key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let is_bare = !key.is_empty() && key.chars().all(bare);
    let key = if is_bare { key.to_owned() } else { format!("\"{}\"", abridged(key)) };
    if parent.is_empty() { key } else { format!("{parent}.{key}") }
}

/// The tree of a parsed document.
pub(super) fn from_document(document: &Document<&str>, source: usize) -> Node {
    let content = table(document.as_table(), source, "");
    Node { place: Place { source, span: None }, path: String::new(), content }
}

/// The tree of one value of a document.
pub(super) fn from_item(item: &Item, source: usize, path: &str) -> Node {
    let place = Place { source, span: item.span() };
    let content = match item {
        Item::Value(value) => return from_value(value, source, path),
        Item::Table(inner) => table(inner, source, path),
        Item::ArrayOfTables(list) => {
            let nodes = list.iter().enumerate().map(|(i, inner)| {
                let path = format!("{path}[{i}]");
                let place = Place { source, span: inner.span() };
                Node { place, content: table(inner, source, &path), path }
            });
            Content::List(nodes.collect())
        }
        Item::None => Content::Table(Table::default()),
    };
    Node { place, path: path.to_owned(), content }
}

fn from_value(value: &Value, source: usize, path: &str) -> Node {
    let content = match value {
        Value::String(text) => Content::Text(text.value().clone()),
        Value::Integer(number) => Content::Integer(*number.value()),
        Value::Float(number) => Content::Float(*number.value()),
        Value::Boolean(flag) => Content::Flag(*flag.value()),
        Value::Datetime(date) => Content::Date(date.value().to_string()),
        Value::Array(list) => Content::List(
            list.iter()
                .enumerate()
                .map(|(i, value)| from_value(value, source, &format!("{path}[{i}]")))
                .collect(),
        ),
        Value::InlineTable(inner) => table(inner, source, path),
    };
    Node { place: Place { source, span: value.span() }, path: path.to_owned(), content }
}

fn table(inner: &dyn TableLike, source: usize, path: &str) -> Content {
    let entries = inner.iter().filter(|(_, item)| !item.is_none()).map(|(key, item)| {
        let span = inner.key(key).and_then(toml_edit::Key::span);
        let node = from_item(item, source, &join(path, key));
        let place = Place { source, span: span.or_else(|| node.place.span.clone()) };
        Entry { key: key.to_owned(), place, node }
    });
    Content::Table(Table(entries.collect()))
}
