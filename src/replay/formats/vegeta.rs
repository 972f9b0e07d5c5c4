//! JSON lines of vegeta: targets (`vegeta attack -format=json`) and results (`vegeta encode`).
//!
//! Targets have no times: the scenario says how fast they follow one another. Results have, and
//! are placed at the instant at which vegeta sent them. Bodies are not replayed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, BufRead};

use serde::Deserialize;

use super::headers::{self, Selector};
use super::{Fields, Format, first_object};
use crate::replay::lines;
use crate::replay::raw::{Flaw, Found, Raw, Sink, When, method};
use crate::replay::stamp;

/// See the module.
pub static FORMAT: Format = Format {
    name: "vegeta",
    about: "Targets or results of vegeta as JSON lines; targets need a `rate`.",
    roles: &["user"],
    takes: |name| Selector::parse(name).is_some(),
    recognises: |head| {
        first_object(head).is_some_and(|line| {
            line.get("url").is_some_and(|url| url.as_str().is_some_and(|url| url.contains("://")))
                && line.contains_key("method")
        })
    },
    read: read_all,
};

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(borrow, default)]
    header: Option<BTreeMap<Cow<'a, str>, Vec<Cow<'a, str>>>>,
    #[serde(borrow, default)]
    timestamp: Option<Cow<'a, str>>,
}

fn read_all(reader: &mut dyn BufRead, fields: &Fields, sink: &mut Sink<'_>) -> io::Result<()> {
    let selector = Selector::of(fields);
    lines::each(reader, |number, line| {
        let Some(line) = line else {
            return sink(number, Found::Flawed(Flaw::TooLong(lines::LONGEST)));
        };
        match serde_json::from_slice::<Line<'_>>(line) {
            Ok(line) => sink(number, found(&line, selector.as_ref())),
            Err(_) => sink(number, Found::Flawed(Flaw::Json)),
        }
    })
}

fn found<'a>(line: &'a Line<'_>, selector: Option<&Selector>) -> Found<'a> {
    if method(line.method.as_bytes()).is_none() {
        return Found::Flawed(Flaw::Http);
    }
    let at = match &line.timestamp {
        None => When::Untold,
        Some(text) => match stamp::parse(text) {
            Some(stamp) => When::Began(stamp),
            None => return Found::Flawed(Flaw::Time),
        },
    };
    let header = line.header.iter().flatten().flat_map(|(name, values)| {
        values.iter().map(move |value| (&**name, Cow::Borrowed(&**value)))
    });
    Found::Request(Raw {
        at,
        method: Cow::Borrowed(&line.method),
        target: Cow::Borrowed(line.url.as_bytes()),
        has_placeholders: false,
        signs: headers::signs(header, selector),
    })
}
