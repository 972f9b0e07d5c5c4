//! One value of a JSON body, by its pointer (RFC 6901), without a tree of all the others.
//!
//! The whole body is read, because one that is no JSON has no values; a tree would say the same, and
//! takes memory for each answer. This takes none, but for a text that holds escapes. Of members with
//! one name the last counts.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// A value in a body.
#[derive(Clone, Debug, PartialEq)]
pub enum Found<'b> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A number.
    Number(Number),
    /// A string, its escapes undone.
    Text(Cow<'b, str>),
    /// A list or an object.
    Nested,
}

impl Found<'_> {
    /// Whether it is this value, as trees are compared; never for a list or an object.
    pub fn is(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Null, Value::Null) => true,
            (Self::Flag(found), Value::Bool(flag)) => found == flag,
            (Self::Number(found), Value::Number(number)) => found == number,
            (Self::Text(found), Value::String(text)) => found == text,
            _ => false,
        }
    }
}

/// The value at a pointer; `None` if there is none, or the body is no JSON.
pub fn value_at<'b>(body: &'b [u8], pointer: &str) -> Option<Found<'b>> {
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return None;
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let found = Seek(pointer).deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    found
}

/// Reads a value and finds what this rest of a pointer leads to in it.
struct Seek<'p>(&'p str);

impl<'p> Seek<'p> {
    /// What is left of the way is nothing: this is the value.
    fn here<'b>(&self, value: Found<'b>) -> Option<Found<'b>> {
        self.0.is_empty().then_some(value)
    }

    /// The next step, as it is written, and the way from there.
    fn step(&self) -> Option<(&'p str, Self)> {
        let way = self.0.strip_prefix('/')?;
        let end = way.find('/').unwrap_or(way.len());
        Some((&way[..end], Self(&way[end..])))
    }
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = Option<Found<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = Option<Found<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(self.here(Found::Null))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(self.here(Found::Flag(flag)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(self.here(Found::Number(number.into())))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(self.here(Found::Number(number.into())))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(self.here(Number::from_f64(number).map_or(Found::Null, Found::Number)))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(self.here(Found::Text(Cow::Borrowed(text))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        // Not before it is known that this text is wanted.
        Ok(if self.0.is_empty() { Some(Found::Text(Cow::Owned(text.to_owned()))) } else { None })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut found = self.here(Found::Nested);
        if let Some((step, rest)) = self.step()
            && let Some(index) = index(step)
        {
            for _ in 0..index {
                if list.next_element_seed(Skip)?.is_none() {
                    return Ok(None);
                }
            }
            found = list.next_element_seed(rest)?.flatten();
        }
        while list.next_element_seed(Skip)?.is_some() {}
        Ok(found)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = self.here(Found::Nested);
        let step = self.step();
        while let Some(is_next) = map.next_key_seed(Name(step.as_ref().map(|(name, _)| *name)))? {
            match &step {
                Some((_, rest)) if is_next => found = map.next_value_seed(Seek(rest.0))?,
                _ => map.next_value_seed(Skip)?,
            }
        }
        Ok(found)
    }
}

/// Where a step leads in a list; `None` for what is no index (RFC 6901 §4).
fn index(step: &str) -> Option<usize> {
    let is_plain = !step.starts_with('+') && (step == "0" || !step.starts_with('0'));
    is_plain.then(|| step.parse().ok()).flatten()
}

/// Whether a step of a pointer is this name: `~1` stands for `/` and `~0` for `~` (RFC 6901 §3).
fn names(step: &str, name: &str) -> bool {
    let (mut step, mut name) = (step.as_bytes(), name.as_bytes());
    while let [first, rest @ ..] = step {
        let (byte, rest) = match (first, rest) {
            (b'~', [b'0', rest @ ..]) => (b'~', rest),
            (b'~', [b'1', rest @ ..]) => (b'/', rest),
            _ => (*first, rest),
        };
        match name {
            [next, others @ ..] if *next == byte => (step, name) = (rest, others),
            _ => return false,
        }
    }
    name.is_empty()
}

/// Reads a member's name: whether a step leads to it.
struct Name<'p>(Option<&'p str>);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<bool, E> {
        Ok(self.0.is_some_and(|step| names(step, name)))
    }
}

/// Reads a value that is not wanted, and finds the same faults as one that is: `IgnoredAny` passes
/// over numbers out of range, bytes that are no text and depths that a tree does not reach.
struct Skip;

impl<'de> DeserializeSeed<'de> for Skip {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Skip {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key_seed(Name(None))?.is_some() {
            map.next_value_seed(Self)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a tree says is there.
    fn by_tree(body: &[u8], pointer: &str) -> Option<Value> {
        serde_json::from_slice::<Value>(body).ok()?.pointer(pointer).cloned()
    }

    /// Where the two ways differ, what each says.
    fn difference(body: &[u8], pointer: &str) -> Option<String> {
        let (tree, found) = (by_tree(body, pointer), value_at(body, pointer));
        let agree = match (&tree, &found) {
            (None, None) => true,
            (Some(Value::Array(_) | Value::Object(_)), Some(found)) => *found == Found::Nested,
            (Some(value), Some(found)) => found.is(value),
            _ => false,
        };
        let body = String::from_utf8_lossy(body);
        (!agree).then(|| format!("{pointer:?} in {body}: {tree:?}, {found:?}"))
    }

    #[test]
    fn a_pointer_leads_to_what_a_tree_has_there() {
        let bodies: [&[u8]; 24] = [
            br#"{"user": "ann", "n": [1, -2, 3.5, {"a": null}], "": {"": true}}"#,
            br#"{"a/b": {"m~n": "x"}, "~1": 1, "a": {"b": 2}, "~01": 3}"#,
            br#"{"user": "first", "user": "last"}"#,
            br#"{"a": {"user": 1}, "a": {}}"#,
            br#"{"a": {"b": 1}, "a": 2, "b": {"a": 3}}"#,
            br#"{"\u0075ser": "\u00e9\ud83d\ude00\n"}"#,
            br#"{"user": "\ud83d"}"#,
            br#"{"x": "\ud83d", "user": 1}"#,
            b"{\"x\": \"\xff\", \"user\": 1}",
            b"{\"\xff\": 1, \"user\": 1}",
            br#"{"user": 1} x"#,
            br#"{"user": 1}}"#,
            br#"{"user": 1,}"#,
            br#"{"user": 1"#,
            br#"{"x": 1e999, "user": 1}"#,
            br#"{"user": 18446744073709551616, "n": [-0, -0.0, 1E2, 12345678901234567890]}"#,
            br#"[0, 1, [2, "three"], {"0": "zero"}]"#,
            br#"{"0": {"1": 5}, "00": 6, "+1": 7, "-": 8}"#,
            b"\"alone\"",
            b" 17 \n",
            b"null",
            b"",
            b"\xef\xbb\xbf{}",
            b"{\"user\": \"a\nb\"}",
        ];
        let pointers = [
            "",
            "/",
            "//",
            "/user",
            "user",
            "/user/",
            "/n/0",
            "/n/1",
            "/n/2",
            "/n/3/a",
            "/n/4",
            "/a~1b/m~0n",
            "/a~1b",
            "/~01",
            "/~1",
            "/a/b",
            "/a",
            "/b/a",
            "/a/user",
            "/0",
            "/2/1",
            "/3/0",
            "/00",
            "/+1",
            "/-",
            "/2/01",
            "/2/+1",
            "/18446744073709551616",
            "/0/1",
            "/n",
        ];
        for body in bodies {
            for pointer in pointers {
                assert_eq!(difference(body, pointer), None);
            }
        }
        assert_eq!(value_at(bodies[0], "/user"), Some(Found::Text(Cow::Borrowed("ann"))));
        assert_eq!(value_at(bodies[2], "/user"), Some(Found::Text("last".into())));
    }

    #[test]
    fn depth_is_limited_as_in_a_tree() {
        for depth in [100, 126, 127, 128, 129, 1_000_000] {
            let lists = "[".repeat(depth) + &"]".repeat(depth);
            let body = format!("{{\"deep\": {lists}, \"user\": 1}}");
            assert_eq!(difference(body.as_bytes(), "/user"), None, "{depth}");
            assert_eq!(difference(body.as_bytes(), "/deep/0/0"), None, "{depth}");
        }
    }

    #[test]
    fn texts_without_escapes_are_borrowed() {
        let body = br#"{"skipped": "\u0041", "plain": "a b", "escaped": "a\tb"}"#;
        let borrowed = |pointer| match value_at(body, pointer) {
            Some(Found::Text(text)) => matches!(text, Cow::Borrowed(_)),
            other => panic!("{other:?}"),
        };
        assert!(borrowed("/plain") && !borrowed("/escaped"));
    }

    fn key() -> impl Strategy<Value = String> {
        prop_oneof!["[ab0-2/~+-]{0,2}", Just("user".to_owned()), Just("é".to_owned())]
    }

    fn number() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<i64>().prop_map(|n| n.to_string()),
            any::<u64>().prop_map(|n| n.to_string()),
            any::<f64>().prop_map(|n| format!("{n:e}")),
            "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?",
        ]
    }

    /// A string as it may be written, escapes among it that are needless or wrong.
    fn text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            key(),
            "\\\\[\"\\\\/bfnrt]",
            "\\\\u[0-9a-fA-F]{4}",
            Just("\\ud83d\\ude00".to_owned()),
            "\\PC".prop_map(|c| if c == "\"" || c == "\\" { "x".to_owned() } else { c }),
        ];
        prop::collection::vec(piece, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
    }

    /// JSON, with members of one name.
    fn body() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            text(),
            number(),
            Just("true".to_owned()),
            Just("false".to_owned()),
            Just("null".to_owned()),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            let name = key().prop_map(|key| format!("\"{key}\""));
            let member = (prop_oneof![3 => name, 1 => text()], inner.clone());
            let member = member.prop_map(|(name, value)| format!("{name}: {value}"));
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(|all| format!("[{}]", all.join(","))),
                prop::collection::vec(member, 0..5)
                    .prop_map(|all| format!("{{{}}}", all.join(", "))),
            ]
        })
    }

    fn pointer() -> impl Strategy<Value = String> {
        let step = prop_oneof![
            key().prop_map(|key| key.replace('~', "~0").replace('/', "~1")),
            "[~0-2+]{0,3}",
        ];
        prop::collection::vec(step, 0..4)
            .prop_map(|steps| steps.iter().flat_map(|step| ["/", step.as_str()]).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn it_agrees_with_a_tree(body in body(), pointers in prop::collection::vec(pointer(), 20)) {
            for pointer in pointers {
                prop_assert_eq!(difference(body.as_bytes(), &pointer), None);
            }
        }

        #[test]
        fn it_agrees_with_a_tree_where_the_body_is_damaged(
            body in body(),
            at: prop::sample::Index,
            byte: u8,
            cut: bool,
            pointer in pointer(),
        ) {
            let mut body = body.into_bytes();
            let at = at.index(body.len());
            if cut { body.truncate(at) } else { body[at] = byte }
            prop_assert_eq!(difference(&body, &pointer), None);
        }
    }
}
