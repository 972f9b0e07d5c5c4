//! Tokens signed by an independent implementation, and those that only pretend.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RsaEncoding, RsaKeyPair,
};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;

use super::*;
use crate::gateway::token::read;

fn all() -> Vec<String> {
    NAMES.map(str::to_owned).to_vec()
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

struct Issuer {
    key: EncodingKey,
    jwk: Value,
}

fn p256() -> Issuer {
    let pkcs8 =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
    let point = pair.public_key().as_ref();
    Issuer {
        key: EncodingKey::from_ec_der(pkcs8.as_ref()),
        jwk: json!({"kty": "EC", "crv": "P-256", "kid": "k",
            "x": b64(&point[1..33]), "y": b64(&point[33..])}),
    }
}

fn ed25519() -> Issuer {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    Issuer {
        key: EncodingKey::from_ed_der(pkcs8.as_ref()),
        jwk: json!({"kty": "OKP", "crv": "Ed25519", "kid": "k",
            "x": b64(pair.public_key().as_ref())}),
    }
}

fn hmac_of(secret: &[u8]) -> Issuer {
    Issuer {
        key: EncodingKey::from_secret(secret),
        jwk: json!({"kty": "oct", "kid": "k", "k": b64(secret)}),
    }
}

fn mint(issuer: &Issuer, algorithm: jsonwebtoken::Algorithm, kid: Option<&str>) -> String {
    let header = Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) };
    jsonwebtoken::encode(&header, &json!({"sub": "a"}), &issuer.key).unwrap()
}

fn judge(keys: &[Value], algorithms: &[String], token: &str) -> Signature {
    let set = KeySet::read(&json!({ "keys": keys }), algorithms).unwrap();
    let field = format!("Bearer {token}");
    set.verify(&read(field.as_bytes()).unwrap())
}

#[test]
fn signatures_of_each_kind_are_verified() {
    use jsonwebtoken::Algorithm::{ES256, EdDSA, HS256, HS384, HS512};
    let secret = hmac_of(&[7; 64]);
    let cases = [
        (p256(), ES256),
        (ed25519(), EdDSA),
        (hmac_of(&[7; 64]), HS256),
        (hmac_of(&[7; 64]), HS384),
        (hmac_of(&[7; 64]), HS512),
    ];
    for (issuer, algorithm) in cases {
        let token = mint(&issuer, algorithm, Some("k"));
        let judged = judge(std::slice::from_ref(&issuer.jwk), &all(), &token);
        assert_eq!(judged, Signature::Good, "{algorithm:?}");
        let mut broken = token.clone().into_bytes();
        let at = token.rfind('.').unwrap() + 3;
        broken[at] = if broken[at] == b'A' { b'B' } else { b'A' };
        let broken = String::from_utf8(broken).unwrap();
        assert_eq!(judge(&[issuer.jwk], &all(), &broken), Signature::Bad, "{algorithm:?}");
    }
    let other = mint(&hmac_of(&[8; 64]), HS256, Some("k"));
    assert_eq!(judge(&[secret.jwk], &all(), &other), Signature::Bad);
}

#[test]
fn rsa_signatures_of_both_paddings_are_verified_and_not_confused() {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let public = pair.public_key();
    let jwk = json!({"kty": "RSA", "kid": "k",
        "n": b64(public.modulus().big_endian_without_leading_zero()),
        "e": b64(public.exponent().big_endian_without_leading_zero())});
    let mint = |alg: &str, padding: &'static dyn RsaEncoding| {
        let header = json!({"alg": alg, "kid": "k"}).to_string();
        let signed = format!("{}.{}", b64(header.as_bytes()), b64(b"{}"));
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(padding, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        format!("{signed}.{}", b64(&signature))
    };
    let judged = |alg, padding| judge(std::slice::from_ref(&jwk), &all(), &mint(alg, padding));
    assert_eq!(judged("RS256", &RSA_PKCS1_SHA256), Signature::Good);
    assert_eq!(judged("RS512", &RSA_PKCS1_SHA512), Signature::Good);
    assert_eq!(judged("PS256", &RSA_PSS_SHA256), Signature::Good);
    assert_eq!(judged("PS384", &RSA_PSS_SHA384), Signature::Good);
    assert_eq!(judged("PS256", &RSA_PKCS1_SHA256), Signature::Bad);
    assert_eq!(judged("RS256", &RSA_PSS_SHA256), Signature::Bad);
    assert_eq!(judged("RS256", &RSA_PKCS1_SHA512), Signature::Bad);
}

#[test]
fn a_public_key_never_becomes_a_secret() {
    let issuer = p256();
    let point = [
        URL_SAFE_NO_PAD.decode(issuer.jwk["x"].as_str().unwrap()).unwrap(),
        URL_SAFE_NO_PAD.decode(issuer.jwk["y"].as_str().unwrap()).unwrap(),
    ]
    .concat();
    for secret in [point, issuer.jwk.to_string().into_bytes()] {
        let forged = mint(&hmac_of(&secret), jsonwebtoken::Algorithm::HS256, Some("k"));
        assert_eq!(judge(std::slice::from_ref(&issuer.jwk), &all(), &forged), Signature::Bad);
    }
}

#[test]
fn algorithms_are_pinned_to_the_configuration_and_to_the_key() {
    let issuer = hmac_of(&[7; 64]);
    let token = mint(&issuer, jsonwebtoken::Algorithm::HS384, Some("k"));
    let only = |name: &str| vec![name.to_owned()];
    let keys = std::slice::from_ref(&issuer.jwk);
    assert_eq!(judge(keys, &only("HS384"), &token), Signature::Good);
    assert_eq!(judge(keys, &["HS256".to_owned(), "HS512".to_owned()], &token), Signature::Bad);
    let mut pinned = issuer.jwk.clone();
    pinned["alg"] = json!("HS256");
    assert_eq!(judge(&[pinned], &all(), &token), Signature::Bad);
    assert_eq!(check_algorithms(&all()), Ok(()));
    let error = check_algorithms(&["none".to_owned()]).unwrap_err().to_string();
    assert!(error.contains("\"none\"") && error.contains("ES256"), "{error}");
}

#[test]
fn an_unknown_key_is_told_from_a_bad_signature() {
    let issuer = p256();
    let es256 = jsonwebtoken::Algorithm::ES256;
    let keys = std::slice::from_ref(&issuer.jwk);
    assert_eq!(judge(keys, &all(), &mint(&issuer, es256, Some("z"))), Signature::UnknownKey);
    assert_eq!(judge(keys, &all(), &mint(&issuer, es256, None)), Signature::Bad);
    assert_eq!(judge(keys, &all(), &mint(&p256(), es256, Some("k"))), Signature::Bad);
    let mut nameless = issuer.jwk.clone();
    nameless.as_object_mut().unwrap().remove("kid");
    assert_eq!(judge(&[nameless], &all(), &mint(&issuer, es256, None)), Signature::Good);
}

#[test]
fn unsigned_and_empty_signatures_are_bad() {
    let issuer = p256();
    let token = mint(&issuer, jsonwebtoken::Algorithm::ES256, Some("k"));
    let stripped = &token[..=token.rfind('.').unwrap()];
    let zero = format!("{stripped}{}", b64(&[0; 64]));
    for signature in [stripped, &zero] {
        let judged = judge(std::slice::from_ref(&issuer.jwk), &all(), signature);
        assert_eq!(judged, Signature::Bad);
    }
    for alg in ["none", "None", "nOnE", "", "es256"] {
        let header = b64(json!({"alg": alg, "kid": "k"}).to_string().as_bytes());
        let token = format!("{header}.{}.", b64(b"{}"));
        assert_eq!(judge(std::slice::from_ref(&issuer.jwk), &all(), &token), Signature::Bad);
    }
}

#[test]
fn keys_that_cannot_verify_are_passed_over() {
    let good = p256().jwk;
    let with = |name: &str, value: Value| {
        let mut key = good.clone();
        key[name] = value;
        key
    };
    let bad = [
        with("use", json!("enc")),
        with("key_ops", json!(["encrypt"])),
        with("crv", json!("P-384")),
        with("kty", json!("RSA")),
        with("x", json!("AA")),
        with("x", json!(b64(&[1; 32]))),
        with("alg", json!("ES384")),
        json!({"kty": "oct", "kid": "k", "k": ""}),
        json!(null),
    ];
    for key in bad {
        let set = KeySet::read(&json!({ "keys": [key.clone(), good.clone()] }), &all()).unwrap();
        assert_eq!(set.keys.len(), 1, "{key}");
    }
    assert!(KeySet::read(&json!({"keys": {}}), &all()).is_none());
    assert!(KeySet::read(&json!([]), &all()).is_none());
}
