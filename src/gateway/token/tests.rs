//! Bad tokens, and the answer to each.

use proptest::prelude::*;

use super::*;

fn b64(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

fn field(header: &str, payload: &str) -> String {
    format!("Bearer {}.{}.c2ln", b64(header), b64(payload))
}

const HEADER: &str = r#"{"alg":"ES256","kid":"k"}"#;

fn refusal(field: &str) -> Refusal {
    read(field.as_bytes()).expect_err(field)
}

#[test]
fn a_good_token_is_taken_apart() {
    let field = field(HEADER, r#"{"sub":"a"}"#);
    let token = read(field.as_bytes()).unwrap();
    assert_eq!((token.algorithm.as_str(), token.key_id.as_deref()), ("ES256", Some("k")));
    assert_eq!(token.payload, br#"{"sub":"a"}"#);
    assert_eq!(token.signature, b"sig");
    assert_eq!(token.bytes, &field.as_bytes()["Bearer ".len()..]);
    assert!(token.bytes.starts_with(token.signed) && token.signed.ends_with(b"In0"));
}

#[test]
fn the_scheme_may_be_in_any_case_and_followed_by_spaces() {
    let good = field(HEADER, "{}");
    let token = good.strip_prefix("Bearer ").unwrap();
    for scheme in ["bearer ", "BEARER ", "bEaReR  ", "Bearer    "] {
        assert!(read(format!("{scheme}{token}").as_bytes()).is_ok(), "{scheme}");
    }
}

#[test]
fn other_schemes_are_no_credentials() {
    for field in
        ["", " ", "Basic dTpw", "Token abc", "Digest a=b", "BearerX abc", "Bear abc", "eyJ"]
    {
        assert_eq!(refusal(field), Refusal::NoToken, "{field:?}");
    }
}

#[test]
fn broken_grammar_is_a_bad_request() {
    let token = field(HEADER, "{}").strip_prefix("Bearer ").unwrap().to_owned();
    for field in [
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Bearer    ".to_owned(),
        format!("Bearer\t{token}"),
        format!("Bearer \t{token}"),
        format!("Bearer {token} "),
        format!("Bearer {token} x"),
        format!("Bearer {token}, Bearer {token}"),
        format!("Bearer {token},{token}"),
        format!("Bearer \"{token}\""),
        format!("Bearer {token}\n"),
        format!("Bearer {token}\0"),
        format!("Bearer %20{token}"),
        format!("Bearer é{token}"),
        format!("Bearer, {token}"),
    ] {
        assert!(matches!(refusal(&field), Refusal::BadRequest(_)), "{field:?}");
    }
}

#[test]
fn a_token_is_three_segments_of_strict_base64url() {
    let (header, payload) = (b64(HEADER), b64("{}"));
    for token in [
        "x".to_owned(),
        ".".to_owned(),
        "..".to_owned(),
        "....".to_owned(),
        header.clone(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}.c2ln.c2ln"),
        format!("{header}.{payload}.c2ln."),
        format!(".{payload}.c2ln"),
        // Padding, the other alphabet, loose bits in the last character, a length of 4n + 1.
        format!("{header}=.{payload}.c2ln"),
        format!("{header}.{payload}.c2k="),
        format!("{header}.{payload}.ab+/"),
        format!("{header}.{payload}.c2l"),
        format!("{header}.{payload}.c2lna"),
        // Encoded twice.
        format!("{}.{payload}.c2ln", b64(&header)),
        // The JSON serialization (RFC 7515 §7.2) needs characters that token68 has not.
        "eyJwYXlsb2FkIjoiIn0".to_owned(),
    ] {
        let field = format!("Bearer {token}");
        assert!(matches!(refusal(&field), Refusal::Invalid(_)), "{field}");
    }
}

#[test]
fn headers_that_promise_something_else_are_refused() {
    for header in [
        "",
        "null",
        "[]",
        "\"ES256\"",
        "{}",
        r#"{"alg":7}"#,
        r#"{"alg":null}"#,
        r#"{"Alg":"ES256"}"#,
        r#"{"alg":"ES256","alg":"none"}"#,
        r#"{"alg":"ES256","kid":7}"#,
        r#"{"alg":"ES256","kid":""}"#,
        r#"{"alg":"ES256","crit":[]}"#,
        r#"{"alg":"ES256","crit":["exp"],"exp":1}"#,
        r#"{"alg":"ES256","b64":false}"#,
        r#"{"alg":"ES256","typ":"logout+jwt"}"#,
        r#"{"alg":"ES256","typ":"dpop+jwt"}"#,
        r#"{"alg":"ES256","typ":7}"#,
        r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#,
        r#"{"alg":"ES256","zip":"DEF"}"#,
        "{\"alg\":\"ES256\"} x",
        "\u{feff}{\"alg\":\"ES256\"}",
    ] {
        let field = field(header, "{}");
        assert!(matches!(refusal(&field), Refusal::Invalid(_)), "{header}");
    }
    let long = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(256));
    assert!(matches!(refusal(&field(&long, "{}")), Refusal::Invalid(_)));
    for typ in ["JWT", "jwt", "at+jwt", "application/at+JWT"] {
        let header = format!(r#"{{"alg":"ES256","typ":"{typ}"}}"#);
        assert!(read(field(&header, "{}").as_bytes()).is_ok(), "{typ}");
    }
}

#[test]
fn unsigned_tokens_are_read_so_that_the_verifier_can_refuse_them() {
    let field = format!("Bearer {}.{}.", b64(r#"{"alg":"none"}"#), b64("{}"));
    let token = read(field.as_bytes()).unwrap();
    assert_eq!((token.algorithm.as_str(), token.signature.len()), ("none", 0));
}

#[test]
fn a_field_beyond_the_limit_is_not_even_split() {
    let field = format!("Bearer {}", "a".repeat(MAX_CREDENTIALS));
    assert_eq!(refusal(&field), Refusal::HeaderTooLarge);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_without_blame_on_the_gateway(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        bearer: bool,
    ) {
        let mut field = if bearer { b"Bearer ".to_vec() } else { Vec::new() };
        field.extend(bytes);
        if let Err(refusal) = read(&field) {
            prop_assert!(refusal.status().is_client_error());
        }
    }

    #[test]
    fn any_header_and_payload_are_read_or_refused(header: String, payload: String) {
        let field = field(&header, &payload);
        if let Ok(token) = read(field.as_bytes()) {
            prop_assert_eq!(&token.payload, payload.as_bytes());
            let _ = claims::Claims::read(&token.payload);
        }
    }
}
