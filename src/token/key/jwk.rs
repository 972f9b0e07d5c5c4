//! Private keys as JSON Web Keys and key sets (RFC 7517, RFC 7518 §6, RFC 8037 §2).

use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::rsa::KeyPairComponents;
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::super::algorithm::{Algorithm, Family};
use super::file::{KeyFromFile, Unfit};
use super::{Parsed, SigningKey, curve};

/// Reads a key or the key of a set that fits: the one with `key_id` if that is given, otherwise
/// the first one with a private part that the algorithm can use.
pub(super) fn read(
    text: &str,
    algorithm: Algorithm,
    key_id: Option<&str>,
) -> Result<KeyFromFile, Unfit> {
    let json: Value = serde_json::from_str(text)
        .map_err(|error| Unfit::found(format!("JSON that does not parse ({error})")))?;
    let Some(set) = json.get("keys") else { return one(&json, algorithm) };
    let Some(keys) = set.as_array() else {
        return Err(Unfit::found("a JWK set whose \"keys\" is not a list"));
    };
    let chosen = |key: &&Value| key_id.is_none_or(|id| key["kid"] == id);
    let mut reasons = Vec::new();
    for key in keys.iter().filter(chosen) {
        match one(key, algorithm) {
            Ok(found) => return Ok(found),
            Err(unfit) => reasons.push(unfit.found),
        }
    }
    let which = key_id.map(|id| format!(" with kid \"{id}\"")).unwrap_or_default();
    let found = if reasons.is_empty() {
        format!("a JWK set of {} keys, none{which}", keys.len())
    } else {
        format!("a JWK set in which no key{which} fits ({})", reasons.join(", "))
    };
    Err(Unfit::found(found).help("add the private key to the set"))
}

fn one(jwk: &Value, algorithm: Algorithm) -> Result<KeyFromFile, Unfit> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let Some(kty) = text("kty") else {
        return Err(Unfit::found("JSON without \"kty\", which is no JWK"));
    };
    let kind = match text("crv") {
        Some(curve) => format!("{kty} {curve}"),
        None => kty.to_owned(),
    };
    if let Some(other) = text("alg").filter(|name| *name != algorithm.name()) {
        let found = Unfit::found(format!("a JWK ({kind}) that is for \"alg\": \"{other}\""));
        return Err(found.help("change the algorithm or the key"));
    }
    let fits = match algorithm.family() {
        Family::Hmac => kind == "oct",
        Family::Rsa => kind == "RSA",
        Family::P256 => kind == "EC P-256",
        Family::P384 => kind == "EC P-384",
        Family::Ed25519 => kind == "OKP Ed25519",
    };
    if !fits {
        return Err(Unfit::found(format!("a JWK ({kind})")).help("change the algorithm or the key"));
    }
    let key = parse(jwk, algorithm)?;
    Ok(KeyFromFile { key, key_id: text("kid").map(str::to_owned) })
}

fn parse(jwk: &Value, algorithm: Algorithm) -> Result<SigningKey, Unfit> {
    let parsed = match algorithm.family() {
        Family::Hmac => {
            let secret = member(jwk, "k")?;
            if secret.is_empty() {
                return Err(Unfit::found("a JWK (oct) whose \"k\" is empty"));
            }
            return Ok(SigningKey::from_secret(algorithm, secret));
        }
        Family::Rsa => rsa(jwk)?,
        Family::P256 => ec(jwk, algorithm, 32)?,
        Family::P384 => ec(jwk, algorithm, 48)?,
        Family::Ed25519 => {
            let (seed, public) = (private(jwk)?, member(jwk, "x")?);
            let pair = Ed25519KeyPair::from_seed_and_public_key(&seed, &public);
            Parsed::Ed(Box::new(pair.map_err(rejected)?))
        }
    };
    Ok(SigningKey { algorithm, parsed })
}

fn rsa(jwk: &Value) -> Result<Parsed, Unfit> {
    let d = private(jwk)?;
    if jwk.get("p").is_none() || jwk.get("oth").is_some() {
        let found = Unfit::found("a JWK (RSA) without its two primes");
        return Err(found.help("export it with \"p\", \"q\", \"dp\", \"dq\" and \"qi\""));
    }
    let part = |name| member(jwk, name);
    let public = |name| part(name).map(|bytes| without_leading_zeros(&bytes).to_vec());
    let pair = RsaKeyPair::from_components(&KeyPairComponents {
        public_key: RsaPublicKeyComponents { n: public("n")?, e: public("e")? },
        d,
        p: part("p")?,
        q: part("q")?,
        dP: part("dp")?,
        dQ: part("dq")?,
        qInv: part("qi")?,
    });
    Ok(Parsed::Rsa(Box::new(pair.map_err(rejected)?)))
}

fn ec(jwk: &Value, algorithm: Algorithm, width: usize) -> Result<Parsed, Unfit> {
    let mut point = vec![4];
    point.extend(full_width(member(jwk, "x")?, width));
    point.extend(full_width(member(jwk, "y")?, width));
    let d = full_width(private(jwk)?, width);
    let pair = EcdsaKeyPair::from_private_key_and_public_key(curve(algorithm), &d, &point);
    Ok(Parsed::Ec(Box::new(pair.map_err(rejected)?)))
}

fn private(jwk: &Value) -> Result<Vec<u8>, Unfit> {
    if jwk.get("d").is_none() {
        let found = Unfit::found("a public JWK (it has no \"d\")");
        return Err(found.help("give the private key that belongs to it"));
    }
    member(jwk, "d")
}

fn member(jwk: &Value, name: &str) -> Result<Vec<u8>, Unfit> {
    let Some(text) = jwk.get(name).and_then(Value::as_str) else {
        return Err(Unfit::found(format!("a JWK without \"{name}\"")));
    };
    // Some tools pad in spite of RFC 7515 §2.
    URL_SAFE_NO_PAD
        .decode(text.trim_end_matches('='))
        .map_err(|_| Unfit::found(format!("a JWK whose \"{name}\" is not base64url")))
}

fn rejected(error: KeyRejected) -> Unfit {
    let found = match error.to_string().as_str() {
        "TooSmall" => "a JWK (RSA) of fewer than 2048 bits".to_owned(),
        reason => format!("a JWK whose parts do not belong together ({reason})"),
    };
    Unfit::found(found)
}

fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

/// RFC 7518 §6.2.1.2 wants leading zeros; some writers drop them.
fn full_width(bytes: Vec<u8>, width: usize) -> Vec<u8> {
    let mut out = vec![0; width.saturating_sub(bytes.len())];
    out.extend(bytes);
    out
}
