//! What in a target is a credential: parameters by their name, anything by its shape.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Names of query parameters that carry credentials, in lower case, without `-`, `_` and `.`, which
/// spellings differ in. From OAuth 2.0 and OpenID Connect, SAML, the signed URLs of the large
/// object stores, and common custom.
const PARAMETERS: [&str; 52] = [
    "accesskey",
    "accesstoken",
    "apikey",
    "apitoken",
    "assertion",
    "auth",
    "authorization",
    "authtoken",
    "awsaccesskeyid",
    "bearer",
    "clientassertion",
    "clientsecret",
    "code",
    "codeverifier",
    "cookie",
    "credential",
    "credentials",
    "csrf",
    "csrftoken",
    "email",
    "googleaccessid",
    "hmac",
    "idtoken",
    "idtokenhint",
    "jsessionid",
    "jwt",
    "key",
    "loginhint",
    "otp",
    "pass",
    "passwd",
    "password",
    "phpsessid",
    "pin",
    "pwd",
    "refreshtoken",
    "relaystate",
    "requesttoken",
    "samlart",
    "samlrequest",
    "samlresponse",
    "secret",
    "session",
    "sessionid",
    "sid",
    "sig",
    "signature",
    "ticket",
    "token",
    "xamzcredential",
    "xamzsecuritytoken",
    "xamzsignature",
];

/// Prefixes of further names: `X-Goog-Signature`, `X-Goog-Credential`, `token1`, `password2`.
const PREFIXES: [&str; 4] = ["xgoog", "token", "password", "secret"];

/// Endings of further names: `reset_token`, `user_password`, `app-secret`.
const ENDINGS: [&str; 4] = ["token", "password", "secret", "apikey"];

/// Whether a parameter of this name, percent-decoded, carries a credential, or an address of mail,
/// which names a person as well as a subject does.
pub fn is_credential(name: &str) -> bool {
    let name = plain(name);
    PARAMETERS.binary_search(&name.as_str()).is_ok()
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// A parameter's name without what its spellings differ in.
pub fn plain(name: &str) -> String {
    let kept = name.chars().filter(|c| !matches!(c, '-' | '_' | '.' | '[' | ']'));
    kept.flat_map(char::to_lowercase).collect()
}

/// The shortest header of a token, `{"alg":""}`, in characters of base64url.
const SHORTEST_HEADER: usize = 14;

/// Characters of a header that are looked at; enough to tell JSON from a name.
const LOOKED_AT: usize = 64;

/// Whether the text holds a signed or encrypted JWT (RFC 7515 §7.1, RFC 7516 §7.1): a part that
/// ends as the base64url of a JSON object with a member, and is as long as the shortest header; a
/// dot; and another part. The next may be empty, where the payload is detached (RFC 7515 Appendix F)
/// or the key is agreed upon (RFC 7516 §5.1), if one follows behind it.
pub fn holds_token(text: &[u8]) -> bool {
    let mut start = 0;
    while start < text.len() {
        let end = start + code_length(&text[start..]);
        let next = text[end..].strip_prefix(b".").unwrap_or_default();
        let next = next.strip_prefix(b".").unwrap_or(next);
        if code_length(next) >= 2 && ends_as_header(&text[start..end]) {
            return true;
        }
        start = end + 1;
    }
    false
}

/// Bytes of base64url at the beginning.
fn code_length(text: &[u8]) -> usize {
    let is_code = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.iter().take_while(is_code).count()
}

/// Whether a header begins at the start of the part, perhaps with space before its brace, or
/// somewhere inside, behind what was written before it without a separator.
fn ends_as_header(part: &[u8]) -> bool {
    let last = (part.len() + 1).saturating_sub(SHORTEST_HEADER);
    // The base64url of a brace is an `e` and a part of the next character.
    let may_begin = |at: &usize| *at == 0 || part[*at] == b'e';
    (0..last).filter(may_begin).any(|at| begins_as_object(&part[at..]))
}

/// Whether this decodes to text that begins as a JSON object with a member does (RFC 8259 §4).
fn begins_as_object(part: &[u8]) -> bool {
    let looked_at = part.len().min(LOOKED_AT) / 4 * 4;
    let mut room = [0; LOOKED_AT];
    let Ok(length) = URL_SAFE_NO_PAD.decode_slice(&part[..looked_at], &mut room) else {
        return false;
    };
    let is_space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
    let text = match std::str::from_utf8(&room[..length]) {
        Ok(text) => text,
        // A character may go on behind what is looked at.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&room[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let inside = text.trim_start_matches(is_space).strip_prefix('{');
    inside.is_some_and(|inside| inside.trim_start_matches(is_space).starts_with('"'))
        && !text.contains(|c: char| c.is_control() && !is_space(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_names_can_be_searched() {
        assert!(PARAMETERS.is_sorted());
        assert!(PARAMETERS.iter().all(|name| plain(name) == *name));
    }

    #[test]
    fn credentials_are_known_in_every_spelling() {
        for name in [
            "access_token",
            "Access-Token",
            "accessToken",
            "id_token",
            "api_key",
            "apikey",
            "API-Key",
            "code",
            "client_secret",
            "X-Amz-Signature",
            "X-Goog-Credential",
            "reset_token",
            "user[password]",
            "JSESSIONID",
            "token",
        ] {
            assert!(is_credential(name), "{name}");
        }
        for name in
            ["page", "q", "user", "order_id", "state", "encode", "keyword", "status", "codec", ""]
        {
            assert!(!is_credential(name), "{name}");
        }
    }

    #[test]
    fn tokens_are_known_by_their_shape() {
        for text in [
            "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
            "x=eyJhbGciOiJFUzI.eyJzdWIi.c2ln&y",
            "eyJ.eyJhbGciOiJFUzI1NiJ9.ey",
            "v2_eyJhbGciOiJFUzI1NiJ9.e30.c2ln",
        ] {
            assert!(holds_token(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            "eyJ",
            "keyJ.x",
            "eyJhbGciOi",
            "eyJhbGciOi.",
            "greyJacket.html",
            "greyJacketsOfTheYear.html",
            "SurveyJanuary2024.final.pdf",
            "eyewitness-report.2024.final.pdf",
            "extension-manager.min.js",
            "e2e-test-results.tar.gz",
            "IHsi.IHsi.IHsi",
            "Cnrelease-2024.1.1.tar.gz",
            "com.example.orders.v1.OrderService",
        ] {
            assert!(!holds_token(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_token_may_write_its_header_as_json_allows() {
        let code = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let payload = code(r#"{"sub":"x"}"#);
        for header in [
            r#"{"alg":"ES256"}"#,
            r#"{ "alg": "ES256" }"#,
            "{\n  \"alg\": \"ES256\"\n}",
            "{\r\n\t\"alg\":\"ES256\"}",
            " {\"alg\":\"ES256\"}",
            "\n{\"alg\":\"ES256\"}",
            "\t\t{\"alg\":\"ES256\"}",
            "\r\n {\"alg\":\"ES256\"}",
            r#"{"":0,"alg":"ES256"}"#,
            r#"{"kid":"schlüssel-é-größer-als-48-bytes-schlüssel-é","alg":"ES256"}"#,
        ] {
            let header = code(header);
            for token in [
                format!("{header}.{payload}.c2ln"),
                format!("{header}.{payload}."),
                // Detached (RFC 7515 Appendix F), and encrypted, with a key and without (RFC 7516).
                format!("{header}..c2lnbmF0dXJl"),
                format!("{header}.a2V5.aXY.Y2lwaGVy.dGFn"),
                format!("{header}..aXY.Y2lwaGVy.dGFn"),
            ] {
                for text in [token.clone(), format!("next=/a/{token}")] {
                    assert!(holds_token(text.as_bytes()), "{text}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_header_is_found_and_no_file_name(
            gap in "[ \t\r\n]{0,6}", key in "[a-z0-9]{1,12}", value in "[ -!#-~]{3,60}",
            words in prop::collection::vec("[a-z]{1,9}|[A-Z][a-z]{1,9}|[0-9]{1,8}", 1..6), dash in "[-_]?",
        ) {
            let header = URL_SAFE_NO_PAD.encode(format!("{gap}{{{gap}\"{key}\":\"{value}\"}}"));
            let token = format!("{header}.e30.c2ln");
            prop_assert!(holds_token(token.as_bytes()), "{token}");
            let name = format!("{}.min.js", words.join(&dash));
            prop_assert!(!holds_token(name.as_bytes()), "{name}");
        }
    }
}
