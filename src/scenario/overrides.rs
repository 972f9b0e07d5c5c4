//! Options of the command line that change what a scenario says.
//!
//! `--set KEY=VALUE` names a key by its dotted path. A part of the path that stands for an entry
//! of a list is its number from 0, or the `name` (or `kind`) that it gives itself:
//! `phase.0.for`, `phase.steady.for`, `fault.store-outage.mode`. A value that is not TOML is
//! taken as a string, so that `--set phase.steady.for=10s` needs no quotes within quotes.

use super::node::{self, Content, Entry, Node, Place, Table, join};
use super::problems::Problems;

/// What the command line changes. The default changes nothing.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--set KEY=VALUE`, in order.
    pub set: Vec<String>,
    /// `--target URL`.
    pub target: Option<String>,
    /// `--seed N`.
    pub seed: Option<u64>,
    /// `--rate-scale X`: every rate of the load times this; above 0, at most 1000.
    pub rate_scale: Option<f64>,
    /// `--duration-scale X`: every phase and every time in `at`, `for`, `every`, `over` times this.
    pub duration_scale: Option<f64>,
    /// `--allow-target HOST`: hosts beyond this machine that may be sent load.
    pub allow_targets: Vec<String>,
    /// Another key takes the place of the scenario's, which then need not be there.
    pub other_key: bool,
}

/// Largest factor that `--rate-scale` and `--duration-scale` take.
const LARGEST_SCALE: f64 = 1_000.0;

impl Overrides {
    /// The factor for rates; 1 if none is given.
    pub fn rate_scale(&self) -> f64 {
        legal(self.rate_scale).unwrap_or(1.0)
    }

    /// The factor for times; 1 if none is given.
    pub fn duration_scale(&self) -> f64 {
        legal(self.duration_scale).unwrap_or(1.0)
    }

    /// The options as they were written, for the manifest.
    pub fn written(&self) -> Vec<String> {
        let mut written: Vec<_> = self.set.iter().map(|text| format!("--set {text}")).collect();
        written.extend(self.target.iter().map(|url| format!("--target {url}")));
        written.extend(self.seed.iter().map(|seed| format!("--seed {seed}")));
        written.extend(self.rate_scale.iter().map(|scale| format!("--rate-scale {scale}")));
        written.extend(self.duration_scale.iter().map(|scale| format!("--duration-scale {scale}")));
        written
    }

    /// Changes the tree; what cannot be done is recorded.
    pub(super) fn apply(&self, root: &mut Node, problems: &mut Problems) {
        for text in &self.set {
            set(root, text, problems);
        }
        if let Some(url) = &self.target {
            let source = problems.add_source("--target", url);
            put(root, &["target", "url"], Content::Text(url.clone()), source, url.len(), problems);
        }
        if let Some(seed) = self.seed {
            let text = seed.to_string();
            let source = problems.add_source("--seed", &text);
            let content = i64::try_from(seed).map_or(Content::Text(text.clone()), Content::Integer);
            put(root, &["seed"], content, source, text.len(), problems);
        }
        let scales = [("--rate-scale", self.rate_scale), ("--duration-scale", self.duration_scale)];
        for (option, scale) in scales {
            if let Some(scale) = scale
                && legal(Some(scale)).is_none()
            {
                let text = scale.to_string();
                let place = whole(problems.add_source(option, &text), text.len());
                let message = format!("found {scale}; must be above 0 and at most {LARGEST_SCALE}");
                problems.add(&place, "", message);
            }
        }
    }
}

fn legal(scale: Option<f64>) -> Option<f64> {
    scale.filter(|scale| *scale > 0.0 && *scale <= LARGEST_SCALE)
}

fn whole(source: usize, length: usize) -> Place {
    Place { source, span: Some(0..length) }
}

fn put(
    root: &mut Node,
    path: &[&str],
    content: Content,
    source: usize,
    length: usize,
    problems: &mut Problems,
) {
    let place = whole(source, length);
    let path: Vec<_> = path.iter().map(|part| ((*part).to_owned(), place.clone())).collect();
    place_value(root, &path, place.clone(), content, problems);
}

fn set(root: &mut Node, text: &str, problems: &mut Problems) {
    let source = problems.add_source("--set", text);
    let Some((path, at)) = split(text, source) else {
        let help = "write KEY=VALUE, such as phase.steady.for=10s";
        let place = whole(source, text.len());
        problems.add_with_help(&place, "", "this names no key and value", help);
        return;
    };
    let value = &text[at..];
    let place = Place { source, span: Some(at..text.len()) };
    let content = match value.trim().parse::<toml_edit::Value>() {
        Ok(parsed) => node::from_item(&toml_edit::Item::Value(parsed), source, "").content,
        Err(_) => Content::Text(value.trim().to_owned()),
    };
    place_value(root, &path, place, content, problems);
}

/// The parts of the path with their places, and where the value starts.
fn split(text: &str, source: usize) -> Option<(Vec<(String, Place)>, usize)> {
    let (mut parts, mut part, mut start) = (Vec::new(), String::new(), 0);
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '.' | '=' if !quoted => {
                if at == start {
                    return None;
                }
                let place = Place { source, span: Some(start..at) };
                parts.push((std::mem::take(&mut part).trim().to_owned(), place));
                start = at + 1;
                if c == '=' {
                    return Some((parts, start));
                }
            }
            _ => part.push(c),
        }
    }
    None
}

/// Walks down the path, making tables where there are none, and puts the value at its end.
fn place_value(
    node: &mut Node,
    path: &[(String, Place)],
    place: Place,
    content: Content,
    problems: &mut Problems,
) {
    let Some(((part, part_place), rest)) = path.split_first() else {
        let mut value = Node { place: place.clone(), path: node.path.clone(), content };
        relocate(&mut value, &place);
        *node = value;
        return;
    };
    let node_path = node.path.clone();
    match &mut node.content {
        Content::Table(table) => {
            let path = join(&node_path, part);
            if table.get(part).is_none() {
                let node = Node::empty_table(part_place.clone(), &path);
                table.0.push(Entry { key: part.clone(), place: part_place.clone(), node });
            }
            if let Some(entry) = table.get_mut(part) {
                entry.place = part_place.clone();
                place_value(&mut entry.node, rest, place, content, problems);
            }
        }
        Content::List(nodes) => {
            let found = part.parse().ok().or_else(|| {
                nodes.iter().position(|node| own_name(node).is_some_and(|name| name == part))
            });
            if let Some(inner) = found.and_then(|at: usize| nodes.get_mut(at)) {
                place_value(inner, rest, place, content, problems);
            } else {
                let known: Vec<_> = nodes.iter().filter_map(own_name).collect();
                let message = format!("there is no {node_path} `{}`", node::abridged(part));
                let help = format!(
                    "there are {}, numbered from 0; by name: {}",
                    nodes.len(),
                    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
                );
                problems.add_with_help(part_place, &node_path, message, help);
            }
        }
        _ => {
            let message = format!("`{node_path}` is no table, so it has no `{part}`");
            problems.add(part_place, &node_path, message);
        }
    }
}

/// What an entry of a list calls itself.
fn own_name(node: &Node) -> Option<&str> {
    let Content::Table(table) = &node.content else { return None };
    ["name", "kind"].into_iter().find_map(|key| match &table.get(key)?.node.content {
        Content::Text(text) => Some(text.as_str()),
        _ => None,
    })
}

/// Gives everything inside a value from the command line its path and its place: the parser's
/// places count from the start of the value, and one place for all of it is near enough.
pub(super) fn relocate(node: &mut Node, place: &Place) {
    node.place = place.clone();
    let path = node.path.clone();
    match &mut node.content {
        Content::List(nodes) => {
            for (i, inner) in nodes.iter_mut().enumerate() {
                inner.path = format!("{path}[{i}]");
                relocate(inner, place);
            }
        }
        Content::Table(Table(entries)) => {
            for entry in entries {
                entry.place = place.clone();
                entry.node.path = join(&path, &entry.key);
                relocate(&mut entry.node, place);
            }
        }
        _ => {}
    }
}
