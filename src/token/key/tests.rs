//! Keys read from each form of file, and what is said of those that do not fit.

use std::io::Write as _;

use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin, EcPrivateKeyRfc5915Der};
use jsonwebtoken::signature::Signer as _;
use serde_json::json;

use super::*;

fn file(text: impl AsRef<[u8]>) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_ref()).unwrap();
    file
}

fn parameters(key: &SigningKey) -> serde_json::Value {
    serde_json::to_value(key.verifying_parameters()).unwrap()
}

/// The file is read as this very key.
fn assert_reads(text: impl AsRef<[u8]>, key: &SigningKey) {
    let found = read(file(text).path(), key.algorithm(), None).unwrap();
    assert_eq!(parameters(&found.key), parameters(key));
    assert!(!found.key.try_sign(b"message").unwrap().is_empty());
}

fn complaint(text: impl AsRef<[u8]>, algorithm: Algorithm) -> String {
    let file = file(text);
    let message = read(file.path(), algorithm, None).unwrap_err().to_string();
    assert!(message.contains(file.path().to_str().unwrap()), "no path: {message}");
    assert!(message.contains(algorithm.name()), "no algorithm: {message}");
    message
}

fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn rsa(key: &SigningKey) -> &RsaKeyPair {
    let Parsed::Rsa(pair) = &key.parsed else { panic!("not RSA") };
    pair
}

/// The `RSAPrivateKey` inside a PKCS#8 document of a 2048-bit key, whose wrapping has 26 bytes.
fn pkcs1(key: &SigningKey) -> Vec<u8> {
    let der: Pkcs8V1Der<'_> = rsa(key).as_der().unwrap();
    der.as_ref()[26..].to_vec()
}

/// The integers of an `RSAPrivateKey` (RFC 8017 A.1.2), all of which are shorter than 64 KiB.
fn integers(der: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = &der[4..];
    let mut found = Vec::new();
    while let [2, length, tail @ ..] = rest {
        let (length, tail) = match length {
            0x81 => (usize::from(tail[0]), &tail[1..]),
            0x82 => (usize::from(tail[0]) * 256 + usize::from(tail[1]), &tail[2..]),
            short => (usize::from(*short), tail),
        };
        let (value, after) = tail.split_at(length);
        found.push(value.iter().copied().skip_while(|byte| *byte == 0).collect());
        rest = after;
    }
    found
}

fn rsa_jwk(key: &SigningKey) -> serde_json::Value {
    let parts = integers(&pkcs1(key));
    let mut jwk = json!({"kty": "RSA", "kid": "from-file"});
    for (name, part) in ["n", "e", "d", "p", "q", "dp", "dq", "qi"].iter().zip(&parts[1..]) {
        jwk[*name] = base64(part).into();
    }
    jwk
}

#[test]
fn what_is_written_is_read_for_every_algorithm() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        assert_reads(key.private_text().unwrap(), &key);
    }
}

#[test]
fn rsa_keys_in_all_forms() {
    let key = SigningKey::generate(Algorithm::PS256).unwrap();
    assert_reads(pem::write("RSA PRIVATE KEY", pkcs1(&key)), &key);
    let jwk = rsa_jwk(&key);
    assert_reads(jwk.to_string(), &key);
    let found = read(file(jwk.to_string()).path(), Algorithm::RS512, None).unwrap();
    assert_eq!(found.key_id.as_deref(), Some("from-file"));

    let mut without_primes = jwk.clone();
    without_primes.as_object_mut().unwrap().remove("p");
    assert!(complaint(without_primes.to_string(), Algorithm::RS256).contains("two primes"));
    let mut mixed = jwk;
    mixed["dp"] = mixed["dq"].clone();
    assert!(complaint(mixed.to_string(), Algorithm::RS256).contains("do not belong together"));
}

#[test]
fn elliptic_curve_keys_in_all_forms() {
    for algorithm in [Algorithm::ES256, Algorithm::ES384] {
        let key = SigningKey::generate(algorithm).unwrap();
        let Parsed::Ec(pair) = &key.parsed else { panic!("not EC") };
        let sec1: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().unwrap();
        let sec1 = pem::write("EC PRIVATE KEY", sec1.as_ref().to_vec());
        assert_reads(&sec1, &key);
        // `openssl ecparam -genkey` writes the curve's name before the key.
        let curve = pem::write("EC PARAMETERS", vec![6, 1, 42]);
        assert_reads(format!("{curve}{sec1}"), &key);

        let d: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().unwrap();
        let mut jwk = parameters(&key);
        jwk["d"] = base64(d.as_ref()).into();
        assert_reads(jwk.to_string(), &key);
        assert_reads(json!({"keys": [{"kty": "oct", "k": "AA"}, jwk]}).to_string(), &key);
        jwk["d"] = base64(&[1; 32]).into();
        assert!(complaint(jwk.to_string(), algorithm).contains("do not belong together"));
    }
}

/// The key and the thumbprint of RFC 8037, appendices A.1 and A.3.
#[test]
fn ed25519_keys_in_all_forms() {
    let jwk = json!({
        "kty": "OKP", "crv": "Ed25519",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    let found = read(file(jwk.to_string()).path(), Algorithm::EdDSA, None).unwrap();
    assert_eq!(parameters(&found.key)["x"], jwk["x"]);
    let Parsed::Ed(pair) = &found.key.parsed else { panic!("not Ed25519") };
    for document in [pair.to_pkcs8().unwrap(), pair.to_pkcs8v1().unwrap()] {
        assert_reads(pem::write("PRIVATE KEY", document.as_ref().to_vec()), &found.key);
    }
}

#[test]
fn a_secret_is_a_jwk_or_the_bare_file() {
    let key = SigningKey::from_secret(Algorithm::HS384, *b"correct horse");
    assert_reads("correct horse\n", &key);
    assert_reads("correct horse\r\n", &key);
    assert_reads("correct horse", &key);
    assert_reads(json!({"kty": "oct", "k": base64(b"correct horse")}).to_string(), &key);
    assert!(complaint("\n", Algorithm::HS256).contains("empty line"));
    assert!(complaint("", Algorithm::HS256).contains("empty file"));
}

#[test]
fn a_key_of_another_kind_is_named() {
    let text = |algorithm| SigningKey::generate(algorithm).unwrap().private_text().unwrap();
    let p256 = text(Algorithm::ES256);
    let cases = [
        (&p256, Algorithm::ES384, "a key on the curve P-256"),
        (&p256, Algorithm::RS256, "a key on the curve P-256"),
        (&p256, Algorithm::EdDSA, "a key on the curve P-256"),
        (&p256, Algorithm::HS256, "no shared secret"),
        (&text(Algorithm::RS256), Algorithm::ES256, "an RSA key of 2048 bits"),
        (&text(Algorithm::EdDSA), Algorithm::PS512, "an Ed25519 key"),
        (&text(Algorithm::HS512), Algorithm::HS256, "for \"alg\": \"HS512\""),
        (&text(Algorithm::HS256), Algorithm::EdDSA, "for \"alg\": \"HS256\""),
    ];
    for (text, algorithm, expected) in cases {
        let message = complaint(text, algorithm);
        assert!(message.contains(expected), "expected {expected}: {message}");
        assert!(message.contains(algorithm.family().needs()), "{message}");
    }
}

#[test]
fn what_is_no_private_key_is_said_so() {
    let block = |label: &str| pem::write(label, vec![1, 2, 3]);
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\
               \nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let cases = [
        (block("PUBLIC KEY"), "the private key that belongs to it"),
        (block("CERTIFICATE"), "the private key that belongs to it"),
        (block("ENCRYPTED PRIVATE KEY"), "decrypt it"),
        (old.to_owned(), "decrypt it"),
        (block("OPENSSH PRIVATE KEY"), "ssh-keygen"),
        (block("PRIVATE KEY"), "holds no usable key"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n".to_owned(), "PEM"),
        ("{\"kty\": ".to_owned(), "does not parse"),
        ("{}".to_owned(), "no JWK"),
        (json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}).to_string(), "no \"d\""),
        (json!({"kty": "EC", "crv": "P-256", "d": "!"}).to_string(), "\"x\""),
        (json!({"kty": "EC", "crv": "P-521", "d": "AA"}).to_string(), "EC P-521"),
        (json!({"keys": []}).to_string(), "0 keys"),
        (json!({"keys": 1}).to_string(), "not a list"),
        ("\u{30}\u{82}".to_owned(), "neither PEM"),
    ];
    for (text, expected) in cases {
        let message = complaint(&text, Algorithm::ES256);
        assert!(message.contains(expected), "{text}\nexpected {expected}: {message}");
    }
    let missing = read("/no/such/key.pem".as_ref(), Algorithm::ES256, None).unwrap_err();
    assert!(missing.to_string().contains("/no/such/key.pem"), "{missing}");
}

#[test]
fn the_key_of_a_set_is_chosen_by_id() {
    let keys: Vec<_> = ["a", "b"].map(|id| (id, [id.as_bytes()[0]; 32])).to_vec();
    let set = json!({"keys": keys.iter().map(|(id, secret)| {
        json!({"kty": "oct", "kid": id, "k": base64(secret)})
    }).collect::<Vec<_>>()});
    let file = file(set.to_string());
    let found = read(file.path(), Algorithm::HS256, Some("b")).unwrap();
    assert_eq!(found.key_id.as_deref(), Some("b"));
    assert_eq!(parameters(&found.key)["k"], base64(&[b'b'; 32]));
    let error = read(file.path(), Algorithm::HS256, Some("c")).unwrap_err().to_string();
    assert!(error.contains("kid \"c\""), "{error}");
}

#[test]
fn nothing_shows_the_key() {
    let key = SigningKey::from_secret(Algorithm::HS256, *b"correct horse");
    let shown = format!("{key:?}");
    assert!(!shown.contains("horse") && !shown.contains("99"), "{shown}");
}
