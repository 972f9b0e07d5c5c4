//! The combined log format of nginx and Apache, and the common one that it extends.
//!
//! `ADDRESS - USER [TIME] "REQUEST" STATUS BYTES "REFERRER" "AGENT"`, where the last two, and
//! whatever follows them, may be missing; Apache's `vhost_combined` puts a host and port first. Both
//! servers write a line when the request has ended, with its time in whole seconds.

use std::borrow::Cow;
use std::io::{self, BufRead};
use std::net::IpAddr;

use super::{Fields, Format, first_lines};
use crate::replay::lines;
use crate::replay::raw::{Flaw, Found, Raw, Signs, Sink, When, request_line};
use crate::replay::stamp;

/// See the module.
pub static FORMAT: Format = Format {
    name: "combined",
    about: "The combined or common log format of nginx and Apache, whose times are whole seconds.",
    roles: &[],
    takes: |_| false,
    recognises: |head| first_lines(head).any(|line| !matches!(read(line), Found::Flawed(_))),
    read: read_all,
};

fn read_all(reader: &mut dyn BufRead, _: &Fields, sink: &mut Sink<'_>) -> io::Result<()> {
    lines::each(reader, |number, line| match line {
        Some(line) => sink(number, read(line)),
        None => sink(number, Found::Flawed(Flaw::TooLong(lines::LONGEST))),
    })
}

fn read(line: &[u8]) -> Found<'_> {
    match parts(line) {
        Ok(found) => found,
        Err(flaw) => Found::Flawed(flaw),
    }
}

fn parts(line: &[u8]) -> Result<Found<'_>, Flaw> {
    let open = find(line, b" [").ok_or(Flaw::Missing("a time in brackets"))?;
    let (address, user) = client(&line[..open]).ok_or(Flaw::Missing("the client"))?;
    let rest = &line[open + 2..];
    let close = find(rest, b"]").ok_or(Flaw::Missing("a time in brackets"))?;
    let time = std::str::from_utf8(&rest[..close]).ok().and_then(stamp::ncsa);
    let time = time.ok_or(Flaw::Time)?;
    let quoted = rest[close + 1..].trim_ascii_start().strip_prefix(b"\"");
    let quoted = quoted.ok_or(Flaw::Missing("a request in quotes"))?;
    let end = closing_quote(quoted).ok_or(Flaw::Missing("a request in quotes"))?;
    let status = quoted[end + 1..].trim_ascii_start();
    let has_status = status.first_chunk::<3>().is_some_and(|s| s.iter().all(u8::is_ascii_digit))
        && status.get(3).is_none_or(|byte| *byte == b' ');
    if !has_status {
        return Err(Flaw::Missing("the status"));
    }
    let request = unescaped(&quoted[..end]);
    let Some((method, target)) = request_line(&request) else { return Ok(Found::Without) };
    let (method, target) = (method.to_owned(), target.to_owned());
    Ok(Found::Request(Raw {
        at: When::Ended(time, 0),
        method: Cow::Owned(method),
        target: Cow::Owned(target),
        has_placeholders: false,
        signs: Signs {
            remote_user: Some(text(user)),
            address: Some(text(address)),
            ..Signs::default()
        },
    }))
}

/// Address and user. A user's name may hold spaces.
fn client(text: &[u8]) -> Option<(&[u8], Cow<'_, [u8]>)> {
    let (first, rest) = word(text)?;
    let (address, rest) = if is_virtual_host(first) { word(rest)? } else { (first, rest) };
    // What identd says of the client; nobody runs it.
    let (_, user) = word(rest)?;
    Some((address, unescaped(user)))
}

fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let gap = text.iter().position(|byte| *byte == b' ')?;
    Some((&text[..gap], text[gap + 1..].trim_ascii_start()))
}

/// `host:port`, and not an IPv6 address.
fn is_virtual_host(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let port = text.rsplit_once(':').map(|(_, port)| port);
    port.is_some_and(|port| port.parse::<u16>().is_ok()) && text.parse::<IpAddr>().is_err()
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|found| found == part)
}

/// The first quote without a backslash before it.
fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    text.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    })
}

/// The text without the escapes of nginx (`\x22`) and Apache (`\"`, `\\`, `\n`, `\x0b`).
fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'\\') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let Some((escape, after)) = after.split_first().filter(|_| *first == b'\\') else {
            out.push(*first);
            continue;
        };
        let hex = after.first_chunk::<2>().and_then(|hex| std::str::from_utf8(hex).ok());
        let code = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (escape, code) {
            (b'x', Some(code)) => {
                out.push(code);
                rest = &after[2..];
                continue;
            }
            (b'n', _) => out.push(b'\n'),
            (b'r', _) => out.push(b'\r'),
            (b't', _) => out.push(b'\t'),
            (b'b', _) => out.push(8),
            (b'v', _) => out.push(11),
            (b'f', _) => out.push(12),
            (b'"' | b'\\', _) => out.push(*escape),
            _ => out.extend([*first, *escape]),
        }
        rest = after;
    }
    Cow::Owned(out)
}

fn text<'a>(bytes: impl Into<Cow<'a, [u8]>>) -> Cow<'a, str> {
    match bytes.into() {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(line: &str) -> Option<(String, String, String, String)> {
        match read(line.as_bytes()) {
            Found::Request(raw) => Some((
                raw.method.into_owned(),
                String::from_utf8_lossy(&raw.target).into_owned(),
                raw.signs.remote_user.unwrap_or_default().into_owned(),
                raw.signs.address.unwrap_or_default().into_owned(),
            )),
            _ => None,
        }
    }

    fn parts(
        method: &str,
        target: &str,
        user: &str,
        address: &str,
    ) -> (String, String, String, String) {
        (method.into(), target.into(), user.into(), address.into())
    }

    const WHEN: &str = "[10/Oct/2000:13:55:36 -0700]";

    #[test]
    fn the_variants_of_the_format_are_read() {
        let tail = "\"GET /a?b HTTP/1.1\" 200 5 \"http://r/\" \"curl/8\"";
        assert_eq!(
            request(&format!("192.0.2.1 - - {WHEN} {tail}")),
            Some(parts("GET", "/a?b", "-", "192.0.2.1"))
        );
        assert_eq!(
            request(&format!("::1 - ada l {WHEN} {tail} 0.012 \"x\"")),
            Some(parts("GET", "/a?b", "ada l", "::1"))
        );
        assert_eq!(
            request(&format!("h.test:443 ::1 - ada {WHEN} {tail}")),
            Some(parts("GET", "/a?b", "ada", "::1"))
        );
        assert_eq!(
            request(&format!("1.1.1.1 - - {WHEN} \"POST /x HTTP/2.0\" 404 -")),
            Some(parts("POST", "/x", "-", "1.1.1.1"))
        );
    }

    #[test]
    fn escapes_of_both_servers_are_undone() {
        let line =
            format!(r#"1.1.1.1 - a\x22b {WHEN} "GET /a\x22b\xC3\xA9\"c\\d\q HTTP/1.1" 200 5"#);
        assert_eq!(request(&line), Some(parts("GET", "/a\"bé\"c\\d\\q", "a\"b", "1.1.1.1")));
    }

    #[test]
    fn a_line_without_a_request_is_no_flaw() {
        for request in ["", "-", r"\x16\x03\x01\x02", "CONNECT h:443 HTTP/1.1"] {
            let line = format!("192.0.2.1 - - {WHEN} \"{request}\" 400 0 \"-\" \"-\"");
            assert!(matches!(read(line.as_bytes()), Found::Without), "{request}");
        }
    }

    #[test]
    fn what_is_no_line_of_the_format_is_flawed() {
        let cases = [
            ("", Flaw::Missing("a time in brackets")),
            ("192.0.2.1 - - 10/Oct/2000", Flaw::Missing("a time in brackets")),
            (
                "192.0.2.1 [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.1\" 200",
                Flaw::Missing("the client"),
            ),
            ("192.0.2.1 - - [yesterday] \"GET / HTTP/1.1\" 200 1", Flaw::Time),
            (
                "192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] GET /",
                Flaw::Missing("a request in quotes"),
            ),
            (
                "192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /",
                Flaw::Missing("a request in quotes"),
            ),
            (
                "192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.1\" 20",
                Flaw::Missing("the status"),
            ),
        ];
        for (line, expected) in cases {
            match read(line.as_bytes()) {
                Found::Flawed(flaw) => assert_eq!(flaw, expected, "{line}"),
                _ => panic!("{line} was read"),
            }
        }
    }
}
