//! HAR files (HTTP Archive 1.2), as browsers and proxies export them.
//!
//! One JSON document with a list of entries, each with whole answers inside, so it is read as a
//! stream: what is not needed is passed over and never held. Numbers in messages are those of the
//! entries. Bodies are not replayed.
//!
//! The parser holds one text at a time whole, so memory is bounded but for the longest one of those
//! that are looked at; what is too long to be of use is dropped behind it.

mod entry;

use std::borrow::Cow;
use std::fmt;
use std::io::{self, BufRead};

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::headers::{self, Selector};
use super::{Fields, Format};
use crate::replay::raw::{Flaw, Found, Raw, Sink, When, method};
use crate::replay::stamp;
use entry::Entry;

/// See the module.
pub static FORMAT: Format = Format {
    name: "har",
    about: "HTTP Archive files, as browsers and proxies export them.",
    roles: &["user"],
    takes: |name| Selector::parse(name).is_some(),
    recognises: |head| {
        let text = head.trim_ascii_start().strip_prefix(b"{").unwrap_or_default();
        text.trim_ascii_start().starts_with(b"\"log\"")
    },
    read: read_all,
};

fn read_all(reader: &mut dyn BufRead, fields: &Fields, sink: &mut Sink<'_>) -> io::Result<()> {
    let selector = Selector::of(fields);
    let mut walk = Walk { selector: selector.as_ref(), number: 0, stopped: false, sink };
    let mut parser = serde_json::Deserializer::from_reader(reader);
    let read = Document { walk: &mut walk, key: "log" }.deserialize(&mut parser);
    match read {
        Ok(()) => Ok(()),
        // The only way out of a parser is an error.
        Err(_) if walk.stopped => Ok(()),
        Err(error) if error.is_io() => Err(error.into()),
        Err(error) => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            // The parser's own words may quote the file.
            format!("no HAR any more at line {}, behind entry {}", error.line(), walk.number),
        )),
    }
}

fn found<'a>(entry: &'a Entry, selector: Option<&Selector>) -> Found<'a> {
    let (Some(verb), Some(url)) = (&entry.method, &entry.url) else {
        return Found::Flawed(Flaw::Missing("the request's method or url"));
    };
    let Some(started) = &entry.started else { return Found::Flawed(Flaw::Missing("the time")) };
    let Some(at) = stamp::parse(started) else { return Found::Flawed(Flaw::Time) };
    if method(verb.as_bytes()).is_none() {
        return Found::Without;
    }
    let fields = entry.headers.iter();
    let fields = fields.map(|(name, value)| (&**name, Cow::Borrowed(&**value)));
    Found::Request(Raw {
        at: When::Began(at),
        method: Cow::Borrowed(verb),
        target: Cow::Borrowed(url.as_bytes()),
        has_placeholders: false,
        signs: headers::signs(fields, selector),
    })
}

/// Where reading is, and where what is found goes.
struct Walk<'w, 's> {
    selector: Option<&'w Selector>,
    number: u64,
    stopped: bool,
    sink: &'w mut Sink<'s>,
}

/// An object in which one key counts: `log`, and in it `entries`.
struct Document<'v, 'w, 's> {
    walk: &'v mut Walk<'w, 's>,
    key: &'static str,
}

impl<'de> DeserializeSeed<'de> for Document<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a HAR document")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key != self.key {
                map.next_value::<IgnoredAny>()?;
            } else if key == "log" {
                map.next_value_seed(Document { walk: &mut *self.walk, key: "entries" })?;
            } else {
                map.next_value_seed(Entries(&mut *self.walk))?;
            }
        }
        Ok(())
    }
}

/// The list of entries.
struct Entries<'v, 'w, 's>(&'v mut Walk<'w, 's>);

impl<'de> DeserializeSeed<'de> for Entries<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let walk = self.0;
        while let Some(entry) = entries.next_element::<Entry>()? {
            walk.number += 1;
            if (walk.sink)(walk.number, found(&entry, walk.selector)).is_break() {
                walk.stopped = true;
                return Err(A::Error::custom("read as far as wanted"));
            }
        }
        Ok(())
    }
}
