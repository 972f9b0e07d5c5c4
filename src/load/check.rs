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
