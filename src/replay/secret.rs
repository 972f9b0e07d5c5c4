//! What in a target is a credential: parameters by their name, anything by its shape.

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

/// Whether the text holds a signed or encrypted JWT (RFC 7515 §7.1, RFC 7516 §7.1): a part that
/// starts as the base64url of `{"` does and is as long as the shortest header, a dot, and another.
pub fn holds_token(text: &[u8]) -> bool {
    let is_code = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let mut rest = text;
    while let Some(at) = rest.windows(3).position(|part| part == b"eyJ") {
        rest = &rest[at..];
        let part = rest.iter().take_while(|byte| is_code(byte)).count();
        let next = rest.get(part + 1..).unwrap_or_default();
        if part >= 14
            && rest.get(part) == Some(&b'.')
            && next.iter().take_while(|b| is_code(b)).count() >= 2
        {
            return true;
        }
        rest = &rest[part..];
    }
    false
}

#[cfg(test)]
mod tests {
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
        ] {
            assert!(holds_token(text.as_bytes()), "{text}");
        }
        for text in ["", "eyJ", "keyJ.x", "eyJhbGciOi", "eyJhbGciOi.", "greyJacket.html"] {
            assert!(!holds_token(text.as_bytes()), "{text}");
        }
    }
}
