//! What an answer that lets a user in has to look like, beyond its class.
//!
//! `{user}` (or `{user.id}`) in what is expected stands for the subject of the request's user.
//!
//! A gateway that answers 200 with somebody's error page has let nobody in. The checks are the
//! scenario's own; an answer that fails one is wrong, whoever it is for.

use std::borrow::Cow;

use serde_json::Value;

use crate::outcome::Observation;

/// What a route expects of an accepting answer. The default expects nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expectations {
    /// The statuses that are right; empty for any.
    pub statuses: Vec<u16>,
    /// Bytes that the body's first part (16 KiB) holds.
    pub body_has: Option<String>,
    /// Values that the JSON body holds at these pointers (RFC 6901).
    pub json: Vec<(String, Value)>,
}

impl Expectations {
    /// Whether the answer to a request of this user's `subject` is as expected.
    pub fn hold(&self, seen: &Observation<'_>, subject: &str) -> bool {
        let status = self.statuses.is_empty() || self.statuses.contains(&seen.status);
        let body = self.body_has.as_deref();
        let body = body.is_none_or(|text| seen.body_has(&filled(text, subject)));
        status && body && (self.json.is_empty() || self.json_holds(seen.body, subject))
    }

    fn json_holds(&self, body: &[u8], subject: &str) -> bool {
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return false };
        let is_there = |pointer: &str, wanted| {
            body.pointer(pointer).is_some_and(|found| is(found, wanted, subject))
        };
        self.json.iter().all(|(pointer, wanted)| is_there(pointer, wanted))
    }
}

/// The text with the subject where it says so.
fn filled<'a>(text: &'a str, subject: &str) -> Cow<'a, str> {
    if text.contains("{user") {
        Cow::Owned(text.replace("{user.id}", subject).replace("{user}", subject))
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether what was found is what is wanted of this user.
fn is(found: &Value, wanted: &Value, subject: &str) -> bool {
    match (found, wanted) {
        (Value::String(found), Value::String(wanted)) => *found == *filled(wanted, subject),
        // Some upstreams print a numeric subject as a number.
        (Value::Number(found), Value::String(wanted)) if wanted.contains("{user") => {
            found.to_string() == *filled(wanted, subject)
        }
        (Value::Array(found), Value::Array(wanted)) => {
            found.len() == wanted.len()
                && found.iter().zip(wanted).all(|(found, wanted)| is(found, wanted, subject))
        }
        (Value::Object(found), Value::Object(wanted)) => {
            found.len() == wanted.len()
                && wanted.iter().all(|(key, wanted)| {
                    found.get(key).is_some_and(|found| is(found, wanted, subject))
                })
        }
        _ => found == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(status: u16, body: &[u8]) -> Observation<'_> {
        Observation { status, headers: &[], body, arrival: None }
    }

    #[test]
    fn each_check_can_fail_alone() {
        let expect = Expectations {
            statuses: vec![200, 201],
            body_has: Some("ok".into()),
            json: vec![("/a/0".into(), Value::from(1))],
        };
        let good = br#"{"a": [1], "b": "ok"}"#;
        let holds = |seen: &Observation<'_>| expect.hold(seen, "u-1");
        assert!(holds(&seen(201, good)));
        assert!(!holds(&seen(204, good)));
        assert!(!holds(&seen(200, br#"{"a": [1]}"#)));
        assert!(!holds(&seen(200, br#"{"a": [2], "b": "ok"}"#)));
        assert!(!holds(&seen(200, b"ok")));
        assert!(Expectations::default().hold(&seen(500, b""), "u-1"));
    }

    #[test]
    fn an_answer_is_held_against_the_user_who_asked() {
        let json = |pointer: &str, wanted: Value| Expectations {
            json: vec![(pointer.into(), wanted)],
            ..Expectations::default()
        };
        let body = br#"{"id": 17, "self": "/users/17", "owner": {"ids": ["17", 3]}}"#;
        let holds = |expect: &Expectations, subject| expect.hold(&seen(200, body), subject);
        for expect in [
            json("/id", "{user}".into()),
            json("/self", "/users/{user.id}".into()),
            json("/owner", serde_json::json!({"ids": ["{user}", 3]})),
            Expectations { body_has: Some("/users/{user}\"".into()), ..Expectations::default() },
        ] {
            assert!(holds(&expect, "17"), "{expect:?}");
            assert!(!holds(&expect, "18"), "{expect:?}");
        }
        assert!(!holds(&json("/owner", serde_json::json!({"ids": ["{user}"]})), "17"));
        assert!(!holds(&json("/id", "17".into()), "17"), "a number is no string");
    }
}
