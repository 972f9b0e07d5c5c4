//! What an answer that lets a user in has to look like, beyond its class.
//!
//! A gateway that answers 200 with somebody's error page has let nobody in. The checks are the
//! scenario's own; an answer that fails one is wrong, whoever it is for.

use serde_json::Value;

use super::pointer::value_at;
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
    /// Whether the answer is as expected.
    pub fn hold(&self, seen: &Observation<'_>) -> bool {
        let status = self.statuses.is_empty() || self.statuses.contains(&seen.status);
        let body = self.body_has.as_deref().is_none_or(|text| seen.body_has(text));
        status && body && (self.json.is_empty() || self.json_holds(seen.body))
    }

    /// What of the answer is not as expected: the check, what was found and what was wanted. `None`
    /// if it is. Values found are left to whoever shows the body.
    pub fn fault(&self, seen: &Observation<'_>) -> Option<String> {
        if !self.statuses.is_empty() && !self.statuses.contains(&seen.status) {
            let wanted: Vec<String> = self.statuses.iter().map(u16::to_string).collect();
            return Some(format!("the status is {}, wanted {}", seen.status, wanted.join(" or ")));
        }
        if let Some(text) = self.body_has.as_deref().filter(|text| !seen.body_has(text)) {
            return Some(format!("the body does not hold {text:?}"));
        }
        if self.json_holds(seen.body) || self.json.is_empty() {
            return None;
        }
        let Ok(body) = serde_json::from_slice::<Value>(seen.body) else {
            return Some("the body is not JSON, or longer than 16 KiB".to_owned());
        };
        let (pointer, wanted) =
            self.json.iter().find(|(at, wanted)| body.pointer(at) != Some(wanted))?;
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

    fn json_holds(&self, body: &[u8]) -> bool {
        self.json.iter().all(|(pointer, wanted)| match wanted {
            // Rare, and compared whole.
            Value::Array(_) | Value::Object(_) => serde_json::from_slice::<Value>(body)
                .is_ok_and(|body| body.pointer(pointer) == Some(wanted)),
            _ => value_at(body, pointer).is_some_and(|found| found.is(wanted)),
        })
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
            Expectations { json, ..Expectations::default() }.hold(&seen(200, body))
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
        let fault = |status, body: &[u8]| expect.fault(&seen(status, body)).unwrap_or_default();
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
        assert!(expect.hold(&seen(201, good)));
        assert!(!expect.hold(&seen(204, good)));
        assert!(!expect.hold(&seen(200, br#"{"a": [1]}"#)));
        assert!(!expect.hold(&seen(200, br#"{"a": [2], "b": "ok"}"#)));
        assert!(!expect.hold(&seen(200, b"ok")));
        assert!(Expectations::default().hold(&seen(500, b"")));
    }
}
