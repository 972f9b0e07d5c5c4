//! Access logs of one JSON object a line, whose fields the scenario may name.
//!
//! A role (when it came, what was asked for, who asked) is looked for under the names that a format
//! knows, or under the one that the scenario gives: the name of a field, or a JSON pointer
//! (RFC 6901) to one further inside. Everything else is passed over unread.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, BufRead};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Fields;
use crate::replay::lines;
use crate::replay::raw::{Flaw, Found, Raw, Signs, Sink, When, method as sendable, request_line};
use crate::replay::stamp;

/// What a field may tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Role {
    Start,
    End,
    TookSeconds,
    TookMillis,
    Request,
    Method,
    Path,
    User,
    Authorization,
    RemoteUser,
    Address,
}

const ROLES: usize = 11;

/// The names that a format has for its roles, the first that is there counting.
pub(super) type Defaults = &'static [(Role, &'static [&'static str])];

/// The roles that the scenario may name, and by which words.
pub(super) const NAMED: &[&str] = &[
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

const BY_WORD: [(&str, Role); 10] = [
    ("start", Role::Start),
    ("end", Role::End),
    ("took_s", Role::TookSeconds),
    ("took_ms", Role::TookMillis),
    ("request", Role::Request),
    ("method", Role::Method),
    ("path", Role::Path),
    ("user", Role::User),
    ("authorization", Role::Authorization),
    ("address", Role::Address),
];

/// One place where a role may be found.
struct Place {
    role: Role,
    /// Smaller is better.
    rank: usize,
    keys: Vec<String>,
}

pub(super) fn read_all(
    reader: &mut dyn BufRead,
    fields: &Fields,
    defaults: Defaults,
    sink: &mut Sink<'_>,
) -> io::Result<()> {
    let places = places(fields, defaults);
    lines::each(reader, |number, line| {
        let Some(line) = line else {
            return sink(number, Found::Flawed(Flaw::TooLong(lines::LONGEST)));
        };
        // nginx passes on bytes that are no UTF-8.
        let text = String::from_utf8_lossy(line);
        sink(number, read(&text, &places))
    })
}

fn places(fields: &Fields, defaults: Defaults) -> Vec<Place> {
    let mut places = Vec::new();
    for (word, role) in BY_WORD {
        if let Some(name) = fields.get(word) {
            places.push(Place { role, rank: 0, keys: keys(name) });
        }
    }
    let told: Vec<Role> = places.iter().map(|place| place.role).collect();
    for (role, names) in defaults {
        if told.contains(role) || rivals(*role).iter().any(|rival| told.contains(rival)) {
            continue;
        }
        let ranked = names.iter().enumerate();
        places.extend(ranked.map(|(rank, name)| Place { role: *role, rank, keys: keys(name) }));
    }
    places
}

/// Roles that tell the same thing in another way: where the scenario names one of them, the names
/// that the format knows for this one do not count.
fn rivals(role: Role) -> &'static [Role] {
    match role {
        Role::Start => &[Role::End],
        Role::End => &[Role::Start],
        Role::TookSeconds => &[Role::TookMillis],
        Role::TookMillis => &[Role::TookSeconds],
        Role::Request => &[Role::Method, Role::Path],
        Role::Method | Role::Path => &[Role::Request],
        Role::User | Role::Authorization | Role::RemoteUser | Role::Address => &[],
    }
}

fn keys(name: &str) -> Vec<String> {
    match name.strip_prefix('/') {
        Some(pointer) => {
            pointer.split('/').map(|key| key.replace("~1", "/").replace("~0", "~")).collect()
        }
        None => vec![name.to_owned()],
    }
}

fn read<'a>(line: &'a str, places: &[Place]) -> Found<'a> {
    match request(line, places) {
        Ok(found) => found,
        Err(flaw) => Found::Flawed(flaw),
    }
}

fn request<'a>(line: &'a str, places: &[Place]) -> Result<Found<'a>, Flaw> {
    let mut found = Values::default();
    let mut parser = serde_json::Deserializer::from_str(line);
    let wanted = places.iter().map(|place| (place, 0)).collect();
    let whole = Search { wanted, found: &mut found }.deserialize(&mut parser);
    whole.and_then(|()| parser.end()).map_err(|_| Flaw::Json)?;
    let at = found.when()?;
    let (method, target) = match (found.take(Role::Method), found.take(Role::Path)) {
        (Some(method), Some(path)) => (method, path),
        (_, path) => match (found.take(Role::Request), path) {
            (Some(line), _) => match request_line(line.as_bytes()) {
                Some((method, target)) => (
                    Cow::Owned(method.to_owned()),
                    String::from_utf8_lossy(target).into_owned().into(),
                ),
                None => return Ok(Found::Without),
            },
            (None, None) => return Err(Flaw::Missing("the path")),
            (None, Some(_)) => return Err(Flaw::Missing("the method")),
        },
    };
    if sendable(method.as_bytes()).is_none() || matches!(&*target, "" | "-") {
        return Ok(Found::Without);
    }
    Ok(Found::Request(Raw {
        at,
        method,
        target: match target {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        },
        has_placeholders: false,
        signs: Signs {
            named: found.take(Role::User),
            authorization: found.take(Role::Authorization),
            remote_user: found.take(Role::RemoteUser),
            address: found.take(Role::Address),
        },
    }))
}

/// What was found, by role: the best place so far, and its value.
#[derive(Default)]
struct Values<'a>([Option<(usize, Cow<'a, str>)>; ROLES]);

impl<'a> Values<'a> {
    fn put(&mut self, place: &Place, value: Cow<'a, str>) {
        let slot = &mut self.0[place.role as usize];
        if slot.as_ref().is_none_or(|(rank, _)| place.rank < *rank) {
            *slot = Some((place.rank, value));
        }
    }

    fn take(&mut self, role: Role) -> Option<Cow<'a, str>> {
        self.0[role as usize].take().map(|(_, value)| value)
    }

    fn when(&mut self) -> Result<When, Flaw> {
        if let Some(start) = self.take(Role::Start) {
            return stamp::parse(&start).map(When::Began).ok_or(Flaw::Time);
        }
        let end = self.take(Role::End).ok_or(Flaw::Missing("the time"))?;
        let end = stamp::parse(&end).or_else(|| stamp::ncsa(&end)).ok_or(Flaw::Time)?;
        let took = self.take(Role::TookSeconds).and_then(|text| stamp::span(&text, 1_000_000_000));
        let took =
            took.or_else(|| stamp::span(&self.take(Role::TookMillis)?, 1_000_000)).unwrap_or(0);
        Ok(When::Ended(end, took))
    }
}

/// Looks for places in a value: each with how many of its keys lie behind us.
struct Search<'s, 'p, 'a> {
    wanted: Vec<(&'p Place, usize)>,
    found: &'s mut Values<'a>,
}

impl<'a> DeserializeSeed<'a> for Search<'_, '_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        // The line itself has to be an object; what lies in it may be anything.
        if self.wanted.iter().all(|(_, depth)| *depth == 0) {
            deserializer.deserialize_map(self)
        } else {
            deserializer.deserialize_any(self)
        }
    }
}

impl<'a> Search<'_, '_, 'a> {
    fn put(self, value: impl Fn() -> Cow<'a, str>) {
        for (place, depth) in &self.wanted {
            if *depth == place.keys.len() {
                self.found.put(place, value());
            }
        }
    }
}

impl<'a> Visitor<'a> for Search<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(Key)? {
            let inside = self.wanted.iter().filter(|(place, depth)| {
                place.keys.get(*depth).is_some_and(|wanted| *wanted == key)
            });
            let wanted: Vec<_> = inside.map(|(place, depth)| (*place, depth + 1)).collect();
            if wanted.is_empty() {
                map.next_value::<IgnoredAny>()?;
            } else {
                map.next_value_seed(Search { wanted, found: &mut *self.found })?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<(), E> {
        self.put(|| Cow::Borrowed(text));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.put(|| Cow::Owned(text.to_owned()));
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.put(|| Cow::Owned(number.to_string()));
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.put(|| Cow::Owned(number.to_string()));
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        // Binary fractions of the present time are right to a quarter of a microsecond.
        self.put(|| Cow::Owned(format!("{number:.6}")));
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A key, borrowed where it holds no escape.
struct Key;

impl<'a> DeserializeSeed<'a> for Key {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Cow<'a, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for Key {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}
