//! Formats of recorded traffic: one file a format, one line each in [`REGISTRY`].

mod combined;
mod envoy_json;
mod goreplay;
mod har;
mod headers;
mod json_log;
mod nginx_json;
pub(super) mod requests;
#[cfg(test)]
mod tests;
mod vegeta;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead};

use super::raw::Sink;

pub use headers::Selector;
pub(super) use headers::signs as signs_of;

/// A format.
pub struct Format {
    /// The name in a scenario.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// What `fields` may name in it.
    pub roles: &'static [&'static str],
    /// Whether it can look for what `fields` gives.
    pub(super) takes: fn(&str) -> bool,
    /// Whether a file that begins with these bytes looks like it.
    pub(super) recognises: fn(&[u8]) -> bool,
    /// Reads a file to its end, or until told to stop. An error means that reading cannot go on.
    pub(super) read: fn(&mut dyn BufRead, &Fields, &mut Sink<'_>) -> io::Result<()>,
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Format({})", self.name)
    }
}

/// Every format, in the order in which a file is held against them.
pub const REGISTRY: &[&Format] = &[
    &requests::FORMAT,
    &har::FORMAT,
    &goreplay::FORMAT,
    &vegeta::FORMAT,
    &nginx_json::FORMAT,
    &envoy_json::FORMAT,
    &combined::FORMAT,
];

/// The names of all formats, for a scenario's `format`.
pub const NAMES: &[&str] =
    &["requests", "har", "goreplay", "vegeta", "nginx-json", "envoy-json", "combined"];

/// What the fields of a recording may be asked to tell, over all formats.
pub const ROLES: &[&str] = &[
    "start",
    "end",
    "took_s",
    "took_ms",
    "request",
    "method",
    "path",
    "user",
    "authorization",
    "address",
];

/// Where each role is found, as the scenario names it.
pub type Fields = BTreeMap<String, String>;

/// The format with this name.
pub fn named(name: &str) -> Option<&'static Format> {
    REGISTRY.iter().copied().find(|format| format.name == name)
}

/// The first format that a file which begins with these bytes looks like.
pub fn recognise(head: &[u8]) -> Option<&'static Format> {
    REGISTRY.iter().copied().find(|format| (format.recognises)(head))
}

/// The first whole lines of a file, blank ones left out.
fn first_lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(|line| !line.is_empty()).take(10)
}

/// The first JSON object among the first lines.
fn first_object(head: &[u8]) -> Option<serde_json::Map<String, serde_json::Value>> {
    first_lines(head).find_map(|line| serde_json::from_slice(line).ok())
}
