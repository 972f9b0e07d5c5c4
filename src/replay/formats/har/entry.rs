//! One entry of a HAR file, read without failing at anything but broken JSON.
//!
//! What is of another type than it should be counts as missing: the entry is then flawed, and the
//! ones behind it are still read.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The longest text that is kept, in bytes; longer ones count as missing.
const LONGEST: usize = 64 << 10;

/// Header fields that are kept.
const FIELDS: usize = 256;

/// What is needed of an entry.
#[derive(Debug, Default)]
pub struct Entry {
    /// `startedDateTime`.
    pub started: Option<String>,
    /// `request.method`.
    pub method: Option<String>,
    /// `request.url`.
    pub url: Option<String>,
    /// `request.headers`, by name.
    pub headers: Vec<(String, String)>,
}

/// The kinds of values that a visitor takes for missing.
macro_rules! passes_over {
    ($($kind:ident)*) => { $(passes_over!(@ $kind);)* };
    (@ scalars) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> { Ok(Self::Value::default()) }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> { Ok(Self::Value::default()) }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> { Ok(Self::Value::default()) }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> { Ok(Self::Value::default()) }
        fn visit_unit<E>(self) -> Result<Self::Value, E> { Ok(Self::Value::default()) }
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str("JSON") }
    };
    (@ text) => {
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> { Ok(Self::Value::default()) }
    };
    (@ list) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
    (@ object) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
}

/// Reads a value of whatever type by a visitor.
macro_rules! read_by {
    ($type:ty, $visitor:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any($visitor)
            }
        }
    };
}

/// A text, or nothing.
#[derive(Default)]
struct Text(Option<String>);

struct TextVisitor;

read_by!(Text, TextVisitor);

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    passes_over!(scalars list object);

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(Text((text.len() <= LONGEST).then(|| text.to_owned())))
    }
}

struct EntryVisitor;

read_by!(Entry, EntryVisitor);

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry;

    passes_over!(scalars text list);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
        let (mut started, mut request) = (Text::default(), Request::default());
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "startedDateTime" => started = map.next_value()?,
                "request" => request = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let Request { method, url, headers } = request;
        Ok(Entry { started: started.0, method: method.0, url: url.0, headers: headers.0 })
    }
}

#[derive(Default)]
struct Request {
    method: Text,
    url: Text,
    headers: Headers,
}

struct RequestVisitor;

read_by!(Request, RequestVisitor);

impl<'de> Visitor<'de> for RequestVisitor {
    type Value = Request;

    passes_over!(scalars text list);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Request, A::Error> {
        let mut request = Request::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "method" => request.method = map.next_value()?,
                "url" => request.url = map.next_value()?,
                "headers" => request.headers = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(request)
    }
}

#[derive(Default)]
struct Headers(Vec<(String, String)>);

struct HeadersVisitor;

read_by!(Headers, HeadersVisitor);

impl<'de> Visitor<'de> for HeadersVisitor {
    type Value = Headers;

    passes_over!(scalars text object);

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Headers, A::Error> {
        let mut headers = Vec::new();
        while let Some(field) = items.next_element::<Field>()? {
            if let Field { name: Text(Some(name)), value: Text(Some(value)) } = field
                && headers.len() < FIELDS
            {
                headers.push((name, value));
            }
        }
        Ok(Headers(headers))
    }
}

#[derive(Default)]
struct Field {
    name: Text,
    value: Text,
}

struct FieldVisitor;

read_by!(Field, FieldVisitor);

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field;

    passes_over!(scalars text list);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field, A::Error> {
        let mut field = Field::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "name" => field.name = map.next_value()?,
                "value" => field.value = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(field)
    }
}
