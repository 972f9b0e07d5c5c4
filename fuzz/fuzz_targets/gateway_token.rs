//! The gateway's token reader: any `Authorization` field, and any header, payload and signature.
//!
//! Nothing may panic, what is read is what was sent, and a token has one spelling only.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use substorm::gateway::token::claims::{Claims, MAX_SUBJECT, Rules};
use substorm::gateway::token::{MAX_CREDENTIALS, read};

fn judge(field: &[u8]) {
    let Ok(token) = read(field) else { return };
    assert!(field.len() <= MAX_CREDENTIALS);
    assert!(field.ends_with(token.bytes) && token.bytes.starts_with(token.signed));
    let segments: Vec<&[u8]> = token.bytes.split(|byte| *byte == b'.').collect();
    assert_eq!(segments.len(), 3);
    assert_eq!(URL_SAFE_NO_PAD.encode(&token.payload).as_bytes(), segments[1]);
    assert_eq!(URL_SAFE_NO_PAD.encode(&token.signature).as_bytes(), segments[2]);
    believe(&token.payload);
}

fn believe(payload: &[u8]) {
    let Ok(claims) = Claims::read(payload) else { return };
    for wants_expiry in [true, false] {
        let (issuer, audience) = ("iss".to_owned(), "aud".to_owned());
        let rules = Rules { issuer, audience, leeway: 0.0, wants_expiry };
        let _ = claims.check(&rules, 1_795_466_580);
    }
    for claim in ["sub", "uid"] {
        if let Ok(subject) = claims.subject(claim) {
            assert!((1..=MAX_SUBJECT).contains(&subject.len()));
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((kind, bytes)) = input.split_first() else { return };
    if kind % 2 == 0 {
        judge(bytes);
    } else {
        // Encoded here, since a fuzzer does not easily find its way through base64.
        let parts: Vec<String> = bytes
            .splitn(3, |byte| *byte == b'\n')
            .map(|part| URL_SAFE_NO_PAD.encode(part))
            .collect();
        judge(format!("Bearer {}", parts.join(".")).as_bytes());
    }
});
