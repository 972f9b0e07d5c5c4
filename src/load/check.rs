//! What an answer that lets a user in has to look like, beyond its class.
//!
//! `{user}` (or `{user.id}`) in what is expected stands for the subject of the request's user.
//!
//! A gateway that answers 200 with somebody's error page has let nobody in. The checks are the
//! scenario's own; an answer that fails one is wrong, whoever it is for.

use std::borrow::Cow;

use serde_json::Value;

use super::pointer::value_at;
use crate::outcome::Observation;

/// How a placeholder for the user's subject begins.
const USER: &str = "{user";

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
    /// Whether what is expected depends on the user who asked.
    pub fn names_user(&self) -> bool {
        let in_json = |value: &Value| value.to_string().contains(USER);
        self.body_has.as_deref().is_some_and(|text| text.contains(USER))
            || self.json.iter().any(|(_, wanted)| in_json(wanted))
    }

    /// Whether the answer to a request of this user's `subject` is as expected.
    pub fn hold(&self, seen: &Observation<'_>, subject: &str) -> bool {
        let status = self.statuses.is_empty() || self.statuses.contains(&seen.status);
        let body = self.body_has.as_deref();
        let body = body.is_none_or(|text| seen.body_has(&filled(text, subject)));
        status && body && (self.json.is_empty() || self.json_holds(seen.body, subject))
    }

    /// What of the answer is not as expected: the check, what was found and what was wanted. `None`
    /// if it is. Values found are left to whoever shows the body.
    pub fn fault(&self, seen: &Observation<'_>, subject: &str) -> Option<String> {
        if !self.statuses.is_empty() && !self.statuses.contains(&seen.status) {
            let wanted: Vec<String> = self.statuses.iter().map(u16::to_string).collect();
            return Some(format!("the status is {}, wanted {}", seen.status, wanted.join(" or ")));
        }
        let body_has = self.body_has.as_deref().map(|text| filled(text, subject));
        if let Some(text) = body_has.filter(|text| !seen.body_has(text)) {
            return Some(format!("the body does not hold {text:?}"));
        }
        if self.json_holds(seen.body, subject) || self.json.is_empty() {
            return None;
        }
        let Ok(body) = serde_json::from_slice::<Value>(seen.body) else {
            return Some("the body is not JSON, or longer than 16 KiB".to_owned());
        };
        let differs =
            |at: &str, wanted| !body.pointer(at).is_some_and(|found| is(found, wanted, subject));
        let (pointer, wanted) = self.json.iter().find(|(at, wanted)| differs(at, wanted))?;
        let found = match body.pointer(pointer) {
            None => "nothing".to_owned(),
            // A number, a boolean or null is no credential; a text may be.
            Some(Value::String(text)) => format!("a text of {} bytes", text.len()),
            Some(Value::Array(items)) => format!("a list of {}", items.len()),
            Some(Value::Object(fields)) => format!("an object of {}", fields.len()),
            Some(other) => other.to_string(),
        };
        Some(format!("at {pointer} is {found}, wanted {wanted}"))
    }

    fn json_holds(&self, body: &[u8], subject: &str) -> bool {
        self.json.iter().all(|(pointer, wanted)| {
            if is_plain(wanted) {
                return value_at(body, pointer).is_some_and(|found| found.is(wanted));
            }
            // Rare, and compared whole.
            let body = serde_json::from_slice::<Value>(body);
            body.is_ok_and(|body| {
                body.pointer(pointer).is_some_and(|found| is(found, wanted, subject))
            })
        })
    }
}

/// Whether it is one value, the same for all users.
fn is_plain(wanted: &Value) -> bool {
    match wanted {
        Value::Array(_) | Value::Object(_) => false,
        Value::String(text) => !text.contains(USER),
        _ => true,
    }
}

/// The text with the subject where it says so.
fn filled<'a>(text: &'a str, subject: &str) -> Cow<'a, str> {
    if text.contains(USER) {
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
        (Value::Number(found), Value::String(wanted)) if wanted.contains(USER) => {
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
    use serde_json::json;

    use super::*;

    fn seen(status: u16, body: &[u8]) -> Observation<'_> {
        Observation { status, headers: &[], body, arrival: None }
    }

    #[test]
    fn whole_lists_and_objects_can_be_expected() {
        let body = br#"{"a": {"b": [1, "x"], "c": {}}, "n": 1.0}"#;
        let holds = |pointer: &str, wanted: Value| {
            let json = vec![(pointer.to_owned(), wanted)];
            Expectations { json, ..Expectations::default() }.hold(&seen(200, body), "u-1")
        };
        assert!(holds("/a/b", json!([1, "x"])) && holds("/a/c", json!({})));
        assert!(!holds("/a/b", json!([1])) && !holds("/a/b", json!("x")));
        assert!(holds("/n", json!(1.0)) && !holds("/n", json!(1)) && !holds("/none", json!(null)));
    }

    #[test]
    fn a_failed_check_is_named_with_what_was_found_and_wanted() {
        let expect = Expectations {
            statuses: vec![200, 201],
            body_has: Some("ok".into()),
            json: vec![("/a/0".into(), Value::from(1))],
        };
        let fault =
            |status, body: &[u8]| expect.fault(&seen(status, body), "u-1").unwrap_or_default();
        assert_eq!(fault(201, br#"{"a": [1], "b": "ok"}"#), "");
        assert_eq!(fault(204, b""), "the status is 204, wanted 200 or 201");
        assert_eq!(fault(200, b"no"), "the body does not hold \"ok\"");
        assert!(fault(200, b"ok").starts_with("the body is not JSON"));
        assert_eq!(fault(200, br#"{"a": [2], "b": "ok"}"#), "at /a/0 is 2, wanted 1");
        let secret = br#"{"a": ["Bearer x"], "b": "ok"}"#;
        assert_eq!(fault(200, secret), "at /a/0 is a text of 8 bytes, wanted 1");
        assert_eq!(fault(200, br#"{"b": "ok"}"#), "at /a/0 is nothing, wanted 1");
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
            assert!(expect.names_user(), "{expect:?}");
        }
        assert!(!holds(&json("/owner", serde_json::json!({"ids": ["{user}"]})), "17"));
        assert!(!holds(&json("/id", "17".into()), "17"), "a number is no string");
        assert!(!json("/id", "17".into()).names_user());
    }
}
