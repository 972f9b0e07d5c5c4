//! A request with gaps for what differs from one to the next.
//!
//! A [`Template`] is made once a route. Engines that speak bytes write it whole
//! ([`Template::write_http1`]); others take it apart ([`Template::method`], [`Template::target`],
//! [`Template::headers`], [`Template::body`]).

mod escape;
mod text;

use std::sync::Arc;

pub use escape::Place;
pub use text::{Text, Values};

/// A request that cannot be written.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum TemplateError {
    /// A placeholder that nothing stands for.
    #[error(
        "unknown placeholder \"{{{0}}}\"; known are {{user}}, {{user.id}}, {{user.email}}, \
         {{token}}, {{seq}}, {{uuid}}"
    )]
    Placeholder(String),
    /// A brace without its partner.
    #[error("\"{0}\" has a brace without its partner")]
    Brace(String),
    /// A method, path or host with bytes that would break the request line.
    #[error("\"{0}\" holds a space or control character; percent-encode it")]
    Unsafe(String),
    /// No name of a header field (RFC 9110 §5.1).
    #[error("\"{0}\" is no header field's name; letters, digits and - are safe")]
    HeaderName(String),
    /// A header field whose value would end the line.
    #[error("the header field {0} holds a control character")]
    HeaderValue(String),
    /// A header field that the engine itself writes.
    #[error("the header field {0} is written by the engine; leave it out")]
    Reserved(String),
}

/// Where a request carries its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenPlace {
    /// A header field's value: the prefix, then the token. RFC 6750 §2.1 is `Authorization` with
    /// the prefix `Bearer `.
    Header {
        /// The field's name.
        name: String,
        /// What stands before the token.
        prefix: String,
    },
    /// A cookie of this name (RFC 6265 §4.2).
    Cookie(String),
    /// A query parameter of this name (RFC 6750 §2.3).
    Query(String),
    /// Only where a `{token}` stands.
    Placeholder,
}

impl Default for TokenPlace {
    fn default() -> Self {
        Self::Header { name: "Authorization".to_owned(), prefix: "Bearer ".to_owned() }
    }
}

/// What a template is made from, as scenarios spell it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestSpec {
    /// The method, such as `GET`.
    pub method: String,
    /// Path and query, with placeholders.
    pub path: String,
    /// Further header fields: names, and values with placeholders.
    pub headers: Vec<(String, String)>,
    /// The body, with placeholders; `None` for none.
    pub body: Option<String>,
    /// Where the token goes.
    pub token: TokenPlace,
    /// Ask for the connection to be closed after the answer (RFC 9112 §9.6).
    pub close: bool,
}

/// Fields that belong to the connection or are made from the target (RFC 9110 §7.6.1, RFC 9113
/// §8.2.2).
const RESERVED: &[&str] = &[
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Room for the digits of a body's length.
const LENGTH_ROOM: &[u8] = b"          ";

/// One kind of request, ready to be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    method: String,
    target: Text,
    /// Names in lower case, as HTTP/2 wants them (RFC 9113 §8.2.1); `host` is not among them.
    headers: Arc<[(String, Text)]>,
    body: Text,
    /// Everything of the HTTP/1.1 form up to the body's length or, without a body, its whole.
    http1: Text,
    /// The part of it that does not depend on method, target and body.
    fields1: Text,
    /// The query parameter that carries the token, if one does.
    token_parameter: Option<String>,
    names_user: bool,
    draws_uuid: bool,
}

impl Template {
    /// A request to this host (the `Host` field's value, RFC 9110 §7.2).
    pub fn new(spec: &RequestSpec, host: &str) -> Result<Self, TemplateError> {
        for part in [&spec.method, &spec.path, host] {
            if part.is_empty() || part.bytes().any(|b| b <= b' ' || b == 0x7f) {
                return Err(TemplateError::Unsafe(part.to_owned()));
            }
        }
        let token_parameter = match &spec.token {
            TokenPlace::Query(name) => Some(name.clone()),
            _ => None,
        };
        let target = target(&spec.path, token_parameter.as_deref())?;
        let headers: Arc<[_]> = headers(spec)?.into();
        let body = match &spec.body {
            Some(body) => Text::parse(body, place_of_body(&headers))?,
            None => Text::default(),
        };
        let fields1 = fields1(&headers, host, spec.close);
        let has_body = spec.body.as_ref().is_some_and(|body| !body.is_empty());
        let http1 = http1(&spec.method, &target, &fields1, has_body);
        let texts = || headers.iter().map(|(_, value)| value).chain([&target, &body]);
        let (names_user, draws_uuid) =
            (texts().any(Text::names_user), texts().any(Text::draws_uuid));
        let method = spec.method.clone();
        let token = token_parameter;
        Ok(Self {
            method,
            target,
            headers,
            body,
            http1,
            fields1,
            token_parameter: token,
            names_user,
            draws_uuid,
        })
    }

    /// The same header fields and token for another method, with this path and query and no body.
    /// Of placeholders it may have those of a path.
    pub fn asking(&self, method: &str, path: &str) -> Result<Self, TemplateError> {
        let target = target(path, self.token_parameter.as_deref())?;
        let http1 = http1(method, &target, &self.fields1, false);
        let texts = || self.headers.iter().map(|(_, value)| value).chain([&target]);
        let (names_user, draws_uuid) =
            (texts().any(Text::names_user), texts().any(Text::draws_uuid));
        Ok(Self {
            method: method.to_owned(),
            target,
            headers: Arc::clone(&self.headers),
            body: Text::default(),
            http1,
            fields1: Text::default(),
            token_parameter: None,
            names_user,
            draws_uuid,
        })
    }

    /// Whether [`Values::user`] is needed to write it.
    pub fn names_user(&self) -> bool {
        self.names_user
    }

    /// Whether the token stands in it.
    pub fn names_token(&self) -> bool {
        let mut texts =
            self.headers.iter().map(|(_, value)| value).chain([&self.target, &self.body]);
        texts.any(Text::names_token)
    }

    /// Whether [`Values::uuid`] is needed to write it.
    pub fn draws_uuid(&self) -> bool {
        self.draws_uuid
    }

    /// The method.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Path and query.
    pub fn target(&self) -> &Text {
        &self.target
    }

    /// Header fields without `Host` and `Content-Length`; names in lower case.
    pub fn headers(&self) -> &[(String, Text)] {
        &self.headers
    }

    /// The body; empty for none.
    pub fn body(&self) -> &Text {
        &self.body
    }

    /// Replaces what `out` holds by the request in HTTP/1.1 (RFC 9112 §3).
    pub fn write_http1(&self, values: &Values<'_>, out: &mut Vec<u8>) {
        out.clear();
        self.http1.write(values, out);
        if self.body.is_empty() {
            return;
        }
        // The length stands before the body and is known after it: room is left for its digits,
        // and spaces before a value mean nothing (RFC 9110 §5.5).
        let length_at = out.len();
        out.extend_from_slice(LENGTH_ROOM);
        out.extend_from_slice(b"\r\n\r\n");
        let body_at = out.len();
        self.body.write(values, out);
        let mut left = out.len() - body_at;
        for digit in out[length_at..length_at + LENGTH_ROOM.len()].iter_mut().rev() {
            *digit = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                break;
            }
        }
    }
}

fn target(path: &str, token_parameter: Option<&str>) -> Result<Text, TemplateError> {
    let mut target = Text::parse(path, Place::Target)?;
    if let Some(name) = token_parameter {
        let mark = if path.contains('?') { "&" } else { "?" };
        target.append(&Text::literal(&format!("{mark}{name}=")));
        target.append(&Text::token(Place::Target));
    }
    Ok(target)
}

fn headers(spec: &RequestSpec) -> Result<Vec<(String, Text)>, TemplateError> {
    let agent = concat!("substorm/", env!("CARGO_PKG_VERSION"));
    let mut headers = vec![
        ("user-agent".to_owned(), Text::literal(agent)),
        ("accept".to_owned(), Text::literal("*/*")),
    ];
    for (name, value) in &spec.headers {
        let name = name.to_ascii_lowercase();
        if name.is_empty() || !name.bytes().all(is_token_byte) {
            return Err(TemplateError::HeaderName(name));
        }
        if RESERVED.contains(&name.as_str()) {
            return Err(TemplateError::Reserved(name));
        }
        if value.bytes().any(|b| b < b' ' && b != b'\t' || b == 0x7f) {
            return Err(TemplateError::HeaderValue(name));
        }
        headers.retain(|(other, _)| *other != name);
        let place = if name == "cookie" { Place::Cookie } else { Place::Header };
        headers.push((name, Text::parse(value, place)?));
    }
    match &spec.token {
        TokenPlace::Header { name, prefix } => {
            let name = name.to_ascii_lowercase();
            let mut value = Text::literal(prefix);
            value.append(&Text::token(Place::Header));
            headers.retain(|(other, _)| *other != name);
            headers.push((name, value));
        }
        TokenPlace::Cookie(cookie) => add_cookie(&mut headers, cookie),
        TokenPlace::Query(_) | TokenPlace::Placeholder => {}
    }
    Ok(headers)
}

/// A request has one `Cookie` field at most (RFC 6265 §5.4), so the token joins what is there.
fn add_cookie(headers: &mut Vec<(String, Text)>, cookie: &str) {
    let mut value = Text::default();
    if let Some(at) = headers.iter().position(|(name, _)| name == "cookie") {
        value = headers.remove(at).1;
        value.push_literal(b"; ");
    }
    value.push_literal(format!("{cookie}=").as_bytes());
    value.append(&Text::token(Place::Cookie));
    headers.push(("cookie".to_owned(), value));
}

/// What `Content-Type` says of the body.
fn place_of_body(headers: &[(String, Text)]) -> Place {
    let field = headers.iter().find(|(name, _)| name == "content-type");
    let Some(said) = field.and_then(|(_, value)| value.as_literal()) else { return Place::Body };
    let says = |part: &[u8]| said.windows(part.len()).any(|w| w.eq_ignore_ascii_case(part));
    if says(b"json") {
        Place::Json
    } else if says(b"x-www-form-urlencoded") {
        Place::Form
    } else {
        Place::Body
    }
}

/// What follows the target, up to what depends on method and body.
fn fields1(headers: &[(String, Text)], host: &str, close: bool) -> Text {
    let mut text = Text::literal(&format!(" HTTP/1.1\r\nHost: {host}\r\n"));
    for (name, value) in headers {
        text.push_literal(format!("{}: ", title_case(name)).as_bytes());
        text.append(value);
        text.push_literal(b"\r\n");
    }
    if close {
        text.push_literal(b"Connection: close\r\n");
    }
    text
}

fn http1(method: &str, target: &Text, fields1: &Text, has_body: bool) -> Text {
    let mut text = Text::literal(method);
    text.push_literal(b" ");
    text.append(target);
    text.append(fields1);
    let takes_body = matches!(method, "POST" | "PUT" | "PATCH");
    match has_body {
        true => text.push_literal(b"Content-Length: "),
        false if takes_body => text.push_literal(b"Content-Length: 0\r\n\r\n"),
        false => text.push_literal(b"\r\n"),
    }
    text
}

/// `x-request-id` as `X-Request-Id`: names are the same in any case, but some old servers care.
fn title_case(name: &str) -> String {
    let mut up = true;
    let cased = name.chars().map(|c| {
        let shown = if up { c.to_ascii_uppercase() } else { c };
        up = c == '-';
        shown
    });
    cased.collect()
}

/// Bytes of a token (RFC 9110 §5.6.2).
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str) -> RequestSpec {
        RequestSpec { method: "GET".into(), path: path.into(), ..RequestSpec::default() }
    }

    fn filled(spec: &RequestSpec) -> String {
        let values = Values { user: "a b|é", number: 3, seq: 7, uuid: 0, token: b"x.y.z" };
        let mut out = b"left over".to_vec();
        Template::new(spec, "h:1").unwrap().write_http1(&values, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_bearer_request_is_what_a_parser_reads() {
        let text = filled(&get("/orders/{user}?n={seq}"));
        assert!(
            text.starts_with("GET /orders/a%20b%7C%C3%A9?n=7 HTTP/1.1\r\nHost: h:1\r\n"),
            "{text}"
        );
        assert!(text.ends_with("\r\nAuthorization: Bearer x.y.z\r\n\r\n"), "{text}");
        let mut headers = [httparse::EMPTY_HEADER; 8];
        let mut request = httparse::Request::new(&mut headers);
        assert!(request.parse(text.as_bytes()).unwrap().is_complete());
    }

    #[test]
    fn the_token_goes_where_it_is_wanted() {
        let cookie = RequestSpec {
            headers: vec![("Cookie".into(), "a=b".into())],
            token: TokenPlace::Cookie("session".into()),
            ..get("/")
        };
        assert!(filled(&cookie).contains("\r\nCookie: a=b; session=x.y.z\r\n"));
        let query = RequestSpec { token: TokenPlace::Query("access_token".into()), ..get("/a?b") };
        assert!(filled(&query).starts_with("GET /a?b&access_token=x.y.z HTTP/1.1\r\n"));
        let header = TokenPlace::Header { name: "X-Token".into(), prefix: String::new() };
        assert!(
            filled(&RequestSpec { token: header, ..get("/") }).contains("\r\nX-Token: x.y.z\r\n")
        );
        let own = RequestSpec {
            headers: vec![("X-Auth".into(), "t={token}".into())],
            token: TokenPlace::Placeholder,
            ..get("/")
        };
        let text = filled(&own);
        assert!(
            text.contains("\r\nX-Auth: t=x.y.z\r\n") && !text.contains("Authorization"),
            "{text}"
        );
    }

    #[test]
    fn no_token_breaks_a_request() {
        let body = |content: &str, body: &str| RequestSpec {
            method: "POST".into(),
            headers: vec![("Content-Type".into(), content.into())],
            body: Some(body.into()),
            token: TokenPlace::Placeholder,
            ..get("/")
        };
        let sent = |token| RequestSpec { token, ..get("/a") };
        let own = RequestSpec {
            headers: vec![("Cookie".into(), "t={token}".into())],
            token: TokenPlace::Placeholder,
            ..get("/a")
        };
        let cases = [
            (sent(TokenPlace::Query("t".into())), "GET /a?t=a%22%3B%26%2F HTTP/1.1\r\n"),
            (get("/a/{token}"), "GET /a/a%22%3B%26%2F HTTP/1.1\r\n"),
            (sent(TokenPlace::Cookie("t".into())), "\r\nCookie: t=a%22%3B&/\r\n"),
            (own, "\r\nCookie: t=a%22%3B&/\r\n"),
            (get("/a"), "\r\nAuthorization: Bearer a\";&/\r\n"),
            (body("application/json", "[\"{token}\"]"), "\r\n\r\n[\"a\\\";&/\"]"),
            (
                body("Application/X-WWW-Form-Urlencoded", "t={token}&u=1"),
                "\r\n\r\nt=a%22%3B%26%2F&u=1",
            ),
            (body("text/plain", "{token}"), "\r\n\r\na\";&/"),
        ];
        for (spec, expected) in cases {
            let values = Values { user: "", number: 0, seq: 0, uuid: 0, token: b"a\";&/" };
            let mut out = Vec::new();
            Template::new(&spec, "h").unwrap().write_http1(&values, &mut out);
            let text = String::from_utf8(out).unwrap();
            assert!(text.contains(expected), "{text}");
        }
    }

    #[test]
    fn another_request_goes_with_the_same_fields_and_token() {
        let values = Values { user: "a|b", number: 3, seq: 7, uuid: 0, token: b"x.y.z" };
        let spec = RequestSpec {
            headers: vec![("X-A".into(), "{seq}".into())],
            body: Some("left out".into()),
            method: "POST".into(),
            ..get("/ignored")
        };
        for token in [TokenPlace::default(), TokenPlace::Query("t".into())] {
            let spec = RequestSpec { token, ..spec.clone() };
            let asking = Template::new(&spec, "h").unwrap().asking("PUT", "/u/{user}?n=1").unwrap();
            let mut out = Vec::new();
            asking.write_http1(&values, &mut out);
            let same = RequestSpec {
                method: "PUT".into(),
                path: "/u/{user}?n=1".into(),
                body: None,
                ..spec
            };
            let mut expected = Vec::new();
            Template::new(&same, "h").unwrap().write_http1(&values, &mut expected);
            assert_eq!(String::from_utf8(out).unwrap(), String::from_utf8(expected).unwrap());
            assert!(asking.names_user() && asking.method() == "PUT");
        }
    }

    #[test]
    fn a_body_has_its_length() {
        let spec = RequestSpec {
            method: "POST".into(),
            path: "/".into(),
            headers: vec![("content-type".into(), "application/json".into())],
            body: Some("{\"u\":\"{user}\",\"n\":{seq}}".into()),
            ..RequestSpec::default()
        };
        let text = filled(&spec);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, "{\"u\":\"a b|é\",\"n\":7}");
        let length = head.rsplit("Content-Length: ").next().unwrap();
        assert_eq!(length.trim().parse(), Ok(body.len()));
        let empty = RequestSpec { body: None, ..spec };
        assert!(filled(&empty).ends_with("\r\nContent-Length: 0\r\n\r\n"));
    }

    #[test]
    fn refuses_what_would_break_the_request() {
        let made = |spec: &RequestSpec, host: &str| Template::new(spec, host).map(drop);
        let with = |name: &str, value: &str| RequestSpec {
            headers: vec![(name.into(), value.into())],
            ..get("/")
        };
        let odd = RequestSpec { method: "GE T".into(), ..get("/") };
        assert!(matches!(made(&odd, "h"), Err(TemplateError::Unsafe(_))));
        assert!(matches!(made(&get("/ x"), "h"), Err(TemplateError::Unsafe(_))));
        assert!(matches!(made(&get("/"), "h\r\n"), Err(TemplateError::Unsafe(_))));
        assert!(matches!(made(&with("a b", ""), "h"), Err(TemplateError::HeaderName(_))));
        assert!(matches!(made(&with("A", "b\r\nc"), "h"), Err(TemplateError::HeaderValue(_))));
        assert!(matches!(made(&with("Host", "x"), "h"), Err(TemplateError::Reserved(_))));
        assert!(matches!(made(&with("A", "{who}"), "h"), Err(TemplateError::Placeholder(_))));
    }
}
