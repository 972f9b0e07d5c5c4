//! Signatures against plain `jsonwebtoken`, and the key's id.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

use super::*;

fn signer(algorithm: Algorithm) -> Signer {
    Signer::new(algorithm, &KeySource::Generated, None).unwrap()
}

fn token(signer: &Signer, payload: &Value) -> String {
    let mut out = b"before ".to_vec();
    signer.sign(payload.to_string().as_bytes(), &mut out).unwrap();
    String::from_utf8(out).unwrap().strip_prefix("before ").unwrap().to_owned()
}

fn verify(signer: &Signer, set: Value, token: &str) -> Option<Value> {
    let set: JwkSet = serde_json::from_value(set).unwrap();
    let key = set.find(&decode_header(token).unwrap().kid.unwrap())?;
    let mut rules = Validation::new(signer.algorithm().library());
    rules.set_audience(&["api"]);
    decode(token, &DecodingKey::from_jwk(key).unwrap(), &rules).ok().map(|data| data.claims)
}

#[test]
fn every_algorithm_verifies_against_the_key_set() {
    let payload = json!({"sub": "a", "aud": "api", "exp": 4_000_000_000_u64});
    for algorithm in Algorithm::ALL {
        let signer = signer(algorithm);
        let token = token(&signer, &payload);
        assert_eq!(verify(&signer, signer.verifier_jwks(), &token), Some(payload.clone()));
        let bytes = URL_SAFE_NO_PAD.decode(token.rsplit('.').next().unwrap()).unwrap();
        assert_eq!(bytes.len(), algorithm.signature_length(), "{algorithm}");

        let other = Signer::new(algorithm, &KeySource::Generated, Some(signer.key_id())).unwrap();
        assert_eq!(verify(&signer, other.verifier_jwks(), &token), None, "{algorithm}");
    }
}

#[test]
fn the_public_set_holds_nothing_secret() {
    for algorithm in Algorithm::ALL {
        let signer = signer(algorithm);
        let set = signer.jwks();
        let keys = set["keys"].as_array().unwrap();
        assert_eq!(keys.is_empty(), signer.is_symmetric());
        for key in keys {
            for secret in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                assert!(key.get(secret).is_none(), "{algorithm}: {secret}");
            }
            assert_eq!((&key["use"], &key["alg"]), (&json!("sig"), &json!(algorithm.name())));
        }
    }
}

/// RFC 8037 appendix A.3.
#[test]
fn the_key_id_is_the_thumbprint_unless_one_is_given() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut jwk = json!({
        "kty": "OKP", "crv": "Ed25519",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    let key_id = |jwk: &Value, given: Option<&str>| {
        std::fs::write(file.path(), jwk.to_string()).unwrap();
        let source = KeySource::File(file.path().to_owned());
        Signer::new(Algorithm::EdDSA, &source, given).unwrap().key_id().to_owned()
    };
    assert_eq!(key_id(&jwk, None), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    jwk["kid"] = "own".into();
    assert_eq!(key_id(&jwk, None), "own");
    assert_eq!(key_id(&jwk, Some("given")), "given");
}

#[test]
fn a_private_key_read_back_signs_for_the_same_set() {
    for algorithm in [Algorithm::HS256, Algorithm::PS384, Algorithm::ES384, Algorithm::EdDSA] {
        let first = signer(algorithm);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), first.private_key().unwrap()).unwrap();
        let again = Signer::new(algorithm, &KeySource::File(file.path().to_owned()), None).unwrap();
        assert_eq!(again.verifier_jwks(), first.verifier_jwks());
    }
}

#[test]
fn nothing_shows_the_secret() {
    let signer = signer(Algorithm::HS256);
    let secret = signer.verifier_jwks()["keys"][0]["k"].as_str().unwrap().to_owned();
    assert!(!format!("{signer:?}").contains(&secret));
}
