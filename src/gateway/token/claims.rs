//! The claims of a token whose signature was verified, and the rules they are held to.
//!
//! What it does not do: ask whether the user exists.

use serde_json::{Map, Value};

use super::json;
use crate::gateway::refusal::Refusal;

/// The longest subject, in bytes (OpenID Connect Core 1.0 §2 has 255 ASCII characters).
pub const MAX_SUBJECT: usize = 255;

/// Later than this is no date but a mistake, such as milliseconds: the year 10000.
const LATEST: f64 = 253_402_300_800.0;

/// How far ahead `iat` may be, in seconds, beyond the leeway: issuers' clocks differ.
const ISSUED_AHEAD: f64 = 60.0;

/// What tokens are held to.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The only issuer (RFC 7519 §4.1.1), compared byte for byte.
    pub issuer: String,
    /// The audience that must be among the token's (RFC 7519 §4.1.3), compared byte for byte.
    pub audience: String,
    /// Seconds by which clocks may differ.
    pub leeway: f64,
    /// Whether `exp` is looked at. Only a mutant does not.
    pub wants_expiry: bool,
}

/// The members of the payload.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// Reads a payload.
    pub fn read(payload: &[u8]) -> Result<Self, Refusal> {
        json::object(payload)
            .map(Self)
            .ok_or(Refusal::Invalid("the token's payload is not a JSON object of unique names"))
    }

    /// Holds the claims to the rules at `now`, in seconds since 1970.
    pub fn check(&self, rules: &Rules, now: u64) -> Result<(), Refusal> {
        let now = now as f64;
        let expires = self.date("exp")?.ok_or(Refusal::Invalid("the token has no exp"))?;
        // "On or after" the date it must not be accepted (RFC 7519 §4.1.4).
        if rules.wants_expiry && now >= expires + rules.leeway {
            return Err(Refusal::Expired);
        }
        if self.date("nbf")?.is_some_and(|from| now < from - rules.leeway) {
            return Err(Refusal::Invalid("the token is not valid yet"));
        }
        if self.date("iat")?.is_some_and(|at| now + ISSUED_AHEAD < at - rules.leeway) {
            return Err(Refusal::Invalid("the token was issued in the future"));
        }
        if self.0.get("iss").and_then(Value::as_str) != Some(&rules.issuer) {
            return Err(Refusal::Mismatch("the token is from another issuer"));
        }
        let ours = |value: &Value| value.as_str() == Some(&rules.audience);
        let meant_for_us = match self.0.get("aud") {
            Some(Value::Array(list)) => list.iter().any(ours),
            Some(value) => ours(value),
            None => false,
        };
        if meant_for_us {
            Ok(())
        } else {
            Err(Refusal::Mismatch("the token is for another audience"))
        }
    }

    /// The claim that names the user: a string of 1 to [`MAX_SUBJECT`] bytes.
    pub fn subject(&self, claim: &str) -> Result<&str, Refusal> {
        match self.0.get(claim) {
            Some(Value::String(text)) if text.is_empty() => {
                Err(Refusal::Invalid("the claim that names the user is empty"))
            }
            Some(Value::String(text)) if text.len() > MAX_SUBJECT => {
                Err(Refusal::Invalid("the claim that names the user is longer than 255 bytes"))
            }
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(Refusal::Invalid("the claim that names the user is not a string")),
            None => Err(Refusal::Invalid("the claim that names the user is missing")),
        }
    }

    /// The `jti` claim.
    pub fn token_id(&self) -> Option<&str> {
        self.0.get("jti").and_then(Value::as_str)
    }

    /// A date (RFC 7519 §2, NumericDate): a number from 0 to the year 10000.
    fn date(&self, name: &str) -> Result<Option<f64>, Refusal> {
        match self.0.get(name).map(Value::as_f64) {
            None => Ok(None),
            Some(Some(date)) if (0.0..LATEST).contains(&date) => Ok(Some(date)),
            Some(_) => Err(Refusal::Invalid("a date in the token is not a NumericDate")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn rules() -> Rules {
        Rules {
            issuer: "https://idp.test".to_owned(),
            audience: "orders".to_owned(),
            leeway: 0.0,
            wants_expiry: true,
        }
    }

    fn check(extra: &str) -> Result<(), Refusal> {
        let base = r#""iss":"https://idp.test","aud":"orders","sub":"a""#;
        let text = format!("{{{base}{}{extra}}}", if extra.is_empty() { "" } else { "," });
        Claims::read(text.as_bytes())?.check(&rules(), NOW)
    }

    #[test]
    fn expiry_is_exclusive() {
        assert_eq!(check(&format!("\"exp\":{}", NOW + 1)), Ok(()));
        assert_eq!(check(&format!("\"exp\":{NOW}.5")), Ok(()));
        assert_eq!(check(&format!("\"exp\":{NOW}")), Err(Refusal::Expired));
        assert_eq!(check("\"exp\":0"), Err(Refusal::Expired));
        let claims = Claims::read(
            format!("{{\"iss\":\"https://idp.test\",\"aud\":\"orders\",\"exp\":{}}}", NOW - 29)
                .as_bytes(),
        )
        .unwrap();
        assert_eq!(claims.check(&Rules { leeway: 30.0, ..rules() }, NOW), Ok(()));
        assert_eq!(claims.check(&Rules { leeway: 29.0, ..rules() }, NOW), Err(Refusal::Expired));
        assert_eq!(claims.check(&Rules { wants_expiry: false, ..rules() }, NOW), Ok(()));
    }

    #[test]
    fn dates_that_are_none_are_refused() {
        for date in ["\"2000000000\"", "-1", "null", "true", "1e30", "1800000900000", "[]", "{}"] {
            for name in ["exp", "nbf", "iat"] {
                let exp = if name == "exp" { "" } else { "\"exp\":1900000000," };
                let refusal = check(&format!("{exp}\"{name}\":{date}"));
                assert!(matches!(refusal, Err(Refusal::Invalid(_))), "{name} {date}: {refusal:?}");
            }
        }
        assert!(matches!(check(""), Err(Refusal::Invalid(_))), "no exp");
    }

    #[test]
    fn tokens_from_the_future_are_refused() {
        let refused = |extra: &str| {
            matches!(check(&format!("\"exp\":1900000000,{extra}")), Err(Refusal::Invalid(_)))
        };
        assert!(refused(&format!("\"nbf\":{}", NOW + 1)));
        assert!(!refused(&format!("\"nbf\":{NOW}")));
        assert!(refused(&format!("\"iat\":{}", NOW + 61)));
        assert!(!refused(&format!("\"iat\":{}", NOW + 60)));
    }

    #[test]
    fn issuer_and_audience_match_byte_for_byte() {
        let with = |iss: &str, aud: &str| {
            let text = format!("{{\"exp\":1900000000,\"iss\":{iss},\"aud\":{aud}}}");
            Claims::read(text.as_bytes()).unwrap().check(&rules(), NOW)
        };
        let iss = "\"https://idp.test\"";
        assert_eq!(with(iss, "\"orders\""), Ok(()));
        assert_eq!(with(iss, "[\"a\",\"orders\"]"), Ok(()));
        for aud in ["\"Orders\"", "\"orders/\"", "\"order\"", "[]", "[[\"orders\"]]", "7", "null"] {
            assert!(matches!(with(iss, aud), Err(Refusal::Mismatch(_))), "{aud}");
        }
        for iss in ["\"https://idp.test/\"", "\"http://idp.test\"", "[\"https://idp.test\"]", "1"] {
            assert!(matches!(with(iss, "\"orders\""), Err(Refusal::Mismatch(_))), "{iss}");
        }
    }

    #[test]
    fn the_user_is_named_by_a_short_string_and_nothing_else() {
        let subject = |value: &str| {
            Claims::read(format!("{{\"sub\":{value}}}").as_bytes())
                .unwrap()
                .subject("sub")
                .map(str::to_owned)
        };
        for value in ["\"\"", "null", "1", "1.0", "true", "[\"a\"]", "{\"a\":1}"] {
            assert!(matches!(subject(value), Err(Refusal::Invalid(_))), "{value}");
        }
        assert_eq!(subject("\" A\\u0000\"").unwrap(), " A\0");
        let long = |n: usize| format!("\"{}\"", "x".repeat(n));
        assert!(subject(&long(255)).is_ok());
        assert!(subject(&long(256)).is_err());
        // Bytes count, not characters.
        assert!(subject(&format!("\"{}\"", "é".repeat(128))).is_err());
        let other = Claims::read(br#"{"Sub":"a","uid":"a"}"#).unwrap();
        assert!(matches!(other.subject("sub"), Err(Refusal::Invalid(_))));
        assert_eq!(other.subject("uid"), Ok("a"));
    }
}
