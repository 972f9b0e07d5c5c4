//! The payload of a user's token: a pure function of plan, seed, user, renewal and issue time.

use std::io::Write as _;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::plan::TokenPlan;
use super::signer::push_base64;
use crate::identity::UserIndex;
use crate::seed::{Seed, Stream};

/// The claims that are set here (RFC 7519 §4.1); a plan's further claims may not have these names.
pub const RESERVED: [&str; 7] = ["iss", "aud", "sub", "iat", "nbf", "exp", "jti"];

/// Writes the claims of one run's tokens.
#[derive(Clone, Debug)]
pub struct Claims {
    /// The object as far as it is the same for all users: up to the value of `sub`.
    head: Box<[u8]>,
    issuer: String,
    audience: String,
    further: Vec<(String, Value)>,
    lifetime: u64,
    ids: Stream,
}

impl Claims {
    /// The claims of this plan. Further claims with a reserved name are left out.
    pub fn new(plan: &TokenPlan, seed: Seed) -> Self {
        let further: Vec<_> = plan
            .claims
            .iter()
            .filter(|(name, _)| !RESERVED.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let mut head = Vec::new();
        for (name, value) in
            [("iss", &Value::from(&*plan.issuer)), ("aud", &Value::from(&*plan.audience))]
                .into_iter()
                .chain(further.iter().map(|(name, value)| (name.as_str(), value)))
        {
            head.push(if head.is_empty() { b'{' } else { b',' });
            push_json(&name, &mut head);
            head.push(b':');
            push_json(value, &mut head);
        }
        head.extend_from_slice(b",\"sub\":");
        Self {
            head: head.into(),
            issuer: plan.issuer.clone(),
            audience: plan.audience.clone(),
            further,
            lifetime: whole_seconds(plan.lifetime),
            ids: seed.stream("jti"),
        }
    }

    /// Appends a payload. `renewal` counts the user's tokens from 0; `issued` is in seconds since
    /// 1970 (RFC 7519 §2) and becomes `iat` and `nbf`.
    pub fn write(
        &self,
        user: UserIndex,
        renewal: u32,
        subject: &str,
        issued: u64,
        out: &mut Vec<u8>,
    ) {
        out.extend_from_slice(&self.head);
        push_json(&subject, out);
        let expires = issued.saturating_add(self.lifetime);
        write!(out, ",\"iat\":{issued},\"nbf\":{issued},\"exp\":{expires},\"jti\":\"")
            .expect("a vector takes all that is written");
        push_base64(&self.id_bytes(user, renewal), out);
        out.extend_from_slice(b"\"}");
    }

    /// The same claims one by one, for whoever changes some of them.
    pub(super) fn list(
        &self,
        user: UserIndex,
        renewal: u32,
        subject: &str,
        issued: u64,
    ) -> Vec<(String, Value)> {
        let mut list = vec![
            ("iss".to_owned(), Value::from(&*self.issuer)),
            ("aud".to_owned(), Value::from(&*self.audience)),
        ];
        list.extend(self.further.iter().cloned());
        let expires = issued.saturating_add(self.lifetime);
        list.extend([
            ("sub".to_owned(), Value::from(subject)),
            ("iat".to_owned(), Value::from(issued)),
            ("nbf".to_owned(), Value::from(issued)),
            ("exp".to_owned(), Value::from(expires)),
            ("jti".to_owned(), Value::from(self.token_id(user, renewal))),
        ]);
        list
    }

    /// The `jti` of a user's token: 128 random bits from the seed, in 22 characters of base64url.
    pub fn token_id(&self, user: UserIndex, renewal: u32) -> String {
        URL_SAFE_NO_PAD.encode(self.id_bytes(user, renewal))
    }

    /// From `iat` to `exp` in whole seconds, at least one.
    pub fn lifetime(&self) -> u64 {
        self.lifetime
    }

    fn id_bytes(&self, user: UserIndex, renewal: u32) -> [u8; 16] {
        let stream = self.ids.nth(u64::from(user.0));
        let renewal = u64::from(renewal) * 2;
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&stream.at(renewal).to_be_bytes());
        bytes[8..].copy_from_slice(&stream.at(renewal + 1).to_be_bytes());
        bytes
    }
}

/// Rounds up, so that a token lives at least as long as was asked for.
fn whole_seconds(span: std::time::Duration) -> u64 {
    span.as_secs().saturating_add(u64::from(span.subsec_nanos() > 0)).max(1)
}

fn push_json(value: &impl serde::Serialize, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("strings and JSON values are JSON");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{Algorithm, KeySource, TokenSource};
    use serde_json::json;
    use std::time::Duration;

    fn plan() -> TokenPlan {
        let further = json!({"scope": "orders:read", "exp": 1, "roles": ["a", null]});
        TokenPlan {
            source: TokenSource::Minted,
            algorithm: Algorithm::HS256,
            key: KeySource::Generated,
            key_id: None,
            issuer: "https://idp.\"test".to_owned(),
            audience: "orders".to_owned(),
            lifetime: Duration::from_millis(900_500),
            claims: further.as_object().unwrap().clone(),
            mutations: vec![],
        }
    }

    fn written(seed: u64, user: u32, renewal: u32) -> Value {
        let mut out = Vec::new();
        let claims = Claims::new(&plan(), Seed(seed));
        claims.write(UserIndex(user), renewal, "a \"é\"\n", 1_800_000_000, &mut out);
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn says_what_the_plan_says() {
        let mut payload = written(7, 3, 0);
        let id = payload.as_object_mut().unwrap().remove("jti").unwrap();
        assert_eq!(id.as_str().unwrap().len(), 22);
        let expected = json!({
            "iss": "https://idp.\"test", "aud": "orders", "scope": "orders:read",
            "roles": ["a", null], "sub": "a \"é\"\n",
            "iat": 1_800_000_000, "nbf": 1_800_000_000, "exp": 1_800_000_901,
        });
        assert_eq!(payload, expected);
    }

    #[test]
    fn the_list_and_the_text_say_the_same() {
        let claims = Claims::new(&plan(), Seed(7));
        let list = claims.list(UserIndex(3), 2, "a \"é\"\n", 1_800_000_000);
        let object: serde_json::Map<_, _> = list.into_iter().collect();
        assert_eq!(Value::Object(object), written(7, 3, 2));
    }

    #[test]
    fn the_seed_decides_and_each_token_has_an_id_of_its_own() {
        assert_eq!(written(7, 3, 0), written(7, 3, 0));
        let ids: std::collections::HashSet<String> =
            [(7, 3, 0), (8, 3, 0), (7, 4, 0), (7, 3, 1), (7, 3, 2), (7, 2, 1)]
                .iter()
                .map(|&(seed, user, renewal)| written(seed, user, renewal)["jti"].to_string())
                .collect();
        assert_eq!(ids.len(), 6);
    }
}
