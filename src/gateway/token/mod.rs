//! Reading a bearer token out of an `Authorization` header.
//!
//! [`read`] takes the field's bytes apart: scheme, three segments, header, signature. Nothing it
//! gives is to be believed before the signature is verified; [`claims`] reads what was signed.
//! Strict wherever the standards leave a choice, because a second spelling of a token is a way
//! round every cache and deny list that looks at its bytes.
//!
//! What it does not do: verify, or know any key.

pub mod claims;
pub mod json;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::refusal::Refusal;

/// The longest `Authorization` field that is read, in bytes. Longer ones are answered with 431.
pub const MAX_CREDENTIALS: usize = 16 * 1024;

/// The longest `kid` that is looked up, in bytes.
const MAX_KEY_ID: usize = 255;

/// The field breaks its grammar.
const MALFORMED: Refusal = Refusal::BadRequest("the Authorization field is malformed");

/// A token in compact serialization (RFC 7515 §3.1), taken apart and not yet believed.
#[derive(Clone, Debug, PartialEq)]
pub struct Token<'a> {
    /// The whole token, as sent.
    pub bytes: &'a [u8],
    /// The `alg` header, as sent.
    pub algorithm: String,
    /// The `kid` header.
    pub key_id: Option<String>,
    /// What the signature covers: header, dot, payload.
    pub signed: &'a [u8],
    /// The decoded payload.
    pub payload: Vec<u8>,
    /// The decoded signature; empty if there is none.
    pub signature: Vec<u8>,
}

/// Reads the value of an `Authorization` field.
///
/// # Errors
/// [`Refusal::NoToken`] for another scheme, [`Refusal::BadRequest`] where the field breaks its
/// grammar (RFC 6750 §2.1, RFC 9110 §11.4), [`Refusal::HeaderTooLarge`] beyond
/// [`MAX_CREDENTIALS`], [`Refusal::Invalid`] where the token is not a signed compact JWS.
pub fn read(field: &[u8]) -> Result<Token<'_>, Refusal> {
    if field.len() > MAX_CREDENTIALS {
        return Err(Refusal::HeaderTooLarge);
    }
    compact(bearer(field)?)
}

/// The token after the scheme.
fn bearer(field: &[u8]) -> Result<&[u8], Refusal> {
    let end = field.iter().position(|byte| *byte == b' ').unwrap_or(field.len());
    let (scheme, rest) = field.split_at(end);
    // Scheme names are case-insensitive (RFC 9110 §11.1).
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        let ours = scheme.get(..6).is_some_and(|name| name.eq_ignore_ascii_case(b"bearer"));
        let torn = ours && scheme.get(6).is_some_and(|byte| !is_name(*byte));
        return Err(if torn { MALFORMED } else { Refusal::NoToken });
    }
    let token = rest.trim_ascii_start();
    if token.is_empty() {
        return Err(Refusal::BadRequest("the Bearer scheme is without a token"));
    }
    // 1*SP, then token68: a tab, a comma or a second word is a broken request, not a bad token.
    let spaces = &rest[..rest.len() - token.len()];
    if spaces.iter().any(|byte| *byte != b' ') || !token.iter().all(|byte| is_token68(*byte)) {
        return Err(MALFORMED);
    }
    Ok(token)
}

/// The characters of a scheme's name (`tchar`, RFC 9110 §5.6.2).
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The characters of `token68` (RFC 9110 §11.2).
fn is_token68(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte)
}

/// Takes a compact JWS apart.
fn compact(token: &[u8]) -> Result<Token<'_>, Refusal> {
    const SHAPE: Refusal = Refusal::Invalid("the token is not three base64url segments");
    let mut segments = token.split(|byte| *byte == b'.');
    let (Some(header), Some(payload), Some(signature), None) =
        (segments.next(), segments.next(), segments.next(), segments.next())
    else {
        return Err(SHAPE);
    };
    let signed = &token[..header.len() + 1 + payload.len()];
    let header = decode(header).ok_or(SHAPE)?;
    let payload = decode(payload).ok_or(SHAPE)?;
    let signature = decode(signature).ok_or(SHAPE)?;
    let header =
        json::object(&header).ok_or(Refusal::Invalid("the token's header is not a JSON object"))?;
    let (algorithm, key_id) = inspect(header)?;
    Ok(Token { bytes: token, algorithm, key_id, signed, payload, signature })
}

/// Decodes a segment. No padding, no other alphabet, no loose bits at the end (RFC 4648 §3.5).
fn decode(segment: &[u8]) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(segment).ok()
}

/// Checks the header's members and gives `alg` and `kid`.
fn inspect(mut header: Map<String, Value>) -> Result<(String, Option<String>), Refusal> {
    // No extension is understood, so a critical one must be refused (RFC 7515 §4.1.11); without
    // `crit`, an unencoded payload (RFC 7797 §6) could be taken for an encoded one.
    if header.contains_key("crit") || header.contains_key("b64") {
        return Err(Refusal::Invalid("the token's header names an unknown extension"));
    }
    if header.contains_key("enc") || header.contains_key("zip") {
        return Err(Refusal::Invalid("the token is encrypted or compressed"));
    }
    let right_type = match header.get("typ") {
        None => true,
        Some(Value::String(name)) => is_jwt(name),
        Some(_) => false,
    };
    if !right_type {
        return Err(Refusal::Invalid("the token is of another type"));
    }
    let Some(Value::String(algorithm)) = header.remove("alg") else {
        return Err(Refusal::Invalid("the token names no algorithm"));
    };
    let key_id = match header.remove("kid") {
        None => None,
        Some(Value::String(id)) if !id.is_empty() && id.len() <= MAX_KEY_ID => Some(id),
        Some(_) => return Err(Refusal::Invalid("the token's key id is malformed")),
    };
    Ok((algorithm, key_id))
}

/// `JWT` (RFC 7519 §5.1) or `at+jwt` (RFC 9068 §2.1), with or without `application/`. Other types
/// are other kinds of token (RFC 8725 §3.11).
fn is_jwt(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(name.strip_prefix("application/").unwrap_or(&name), "jwt" | "at+jwt")
}

#[cfg(test)]
mod tests;
