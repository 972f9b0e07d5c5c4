//! A gateway that answers with script tags everywhere it can, and a scenario whose texts hold markup: in no format do they become anything but text.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use pulldown_cmark::{Event, Options, Parser};
use substorm::report::visible::is_hidden;

use crate::page;
use crate::world::{carry_out, scratch};

const SCRIPT: &str = "<script>globalThis.evil=1</script><img src=x onerror=evil=1>";

/// Quotation marks, backticks, a pipe, a line break, a colour of the terminal, a turn of the direction of
/// writing.
const SIGNS: &str = "{\"error\":\"`no|way`\"}\n\u{1b}[31m\u{202e}";
/// As people read them.
const SHOWN: &str = "{\"error\":\"`no|way`\"}␊␛[31m<U+202E>";

/// Answers every request on a connection: reason phrase, fields, `Server-Timing`, the identity that
/// was asked for, and the body all hold markup. Some answers are errors, each seventh is no HTTP.
fn treat(mut stream: TcpStream) {
    stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    let (mut seen, mut piece) = (Vec::new(), [0; 1024]);
    for n in 0_u32.. {
        while !seen.windows(4).any(|end| end == b"\r\n\r\n") {
            match stream.read(&mut piece) {
                Ok(0) | Err(_) => return,
                Ok(n) => seen.extend_from_slice(&piece[..n]),
            }
        }
        seen.clear();
        let status = ["200", "403", "500", "418", "200"][(n % 5) as usize];
        let body = match status {
            "500" => format!("{SIGNS}{SCRIPT}"),
            _ => format!("{SCRIPT}</pre></code></bdi>\"'>{{\"error\":\"{SCRIPT}\"}}"),
        };
        let answer = format!(
            "HTTP/1.1 {status} {SCRIPT}\r\nX-User-ID: {SCRIPT}\r\nWWW-Authenticate: Bearer \
             error=\"{SCRIPT}\"\r\nServer-Timing: lookup;dur=1;desc=\"{SCRIPT}\", evil;dur=2\r\n\
             Content-Type: text/html\r\nX-Evil: {SCRIPT}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let garbage = format!("{SCRIPT}\r\n\r\n");
        let bytes = if n % 7 == 6 { garbage.as_bytes() } else { answer.as_bytes() };
        if stream.write_all(bytes).is_err() {
            return;
        }
    }
}

/// Serves until the process ends; gives the address.
fn gateway() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || treat(stream));
        }
    });
    url
}

fn scenario(room: &Path) -> PathBuf {
    let text = format!(
        r#"name = "hostile"
about = '{SCRIPT} @nobody #1 | [x](javascript:evil) http://evil.test'

[population]
users = 50

[load]
request_timeout = "500ms"

[target]
url = "{}"
identity = {{ header = "X-User-ID" }}

[[route]]
request = "GET /x?q=%3Cscript%3E"
expect = {{ status = 200, body = '</script>{SCRIPT}!' }}

[[route]]
request = 'GET /me'

[[phase]]
name = "steady"
for = "2s"
arrival = {{ constant = "60/s" }}

[thresholds]
false_reject = "== 0"
"#,
        gateway()
    );
    let path = room.join("hostile.toml");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn scripts_of_a_gateway_and_of_a_scenario_are_inert() {
    let room = scratch("hostile");
    let folder = carry_out(&scenario(&room), &room, &[], &[]);
    let html = std::fs::read_to_string(folder.join("report.html")).unwrap();
    // It is there, as text, and nowhere as a tag.
    assert!(html.contains("&lt;script&gt;globalThis.evil=1&lt;/script&gt;"), "{html}");
    assert!(!html.contains("<script>globalThis") && !html.contains("<img"), "{html}");
    page::check(&folder.join("report.html"), "hostile");

    let markdown = std::fs::read_to_string(folder.join("summary.md")).unwrap();
    for forbidden in ["@nobody", "#1", "http://evil"] {
        assert!(!markdown.contains(forbidden), "{forbidden}\n{markdown}");
    }
    // Where a tag stands in the text, it is within code.
    for event in Parser::new_ext(&markdown, Options::all()) {
        if let Event::Html(tag) | Event::InlineHtml(tag) = &event {
            assert!(!tag.contains("script") && !tag.contains("img"), "{tag}\n{markdown}");
        }
    }
    let junit = std::fs::read_to_string(folder.join("junit.xml")).unwrap();
    assert!(junit.contains("&lt;script&gt;") && !junit.contains("<script"), "{junit}");
    let text = std::fs::read_to_string(folder.join("summary.txt")).unwrap();
    for (form, escaped) in [
        (&html, SHOWN.replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")),
        (&markdown, format!("``{SHOWN}")),
        (&junit, SHOWN.replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")),
        (&text, SHOWN.to_owned()),
    ] {
        assert!(form.contains(&escaped), "{escaped}\n{form}");
        let hidden = |c: char| is_hidden(c) && c != '\n';
        assert!(!form.contains(hidden), "{:?}\n{form}", form.find(hidden));
    }
    for entry in std::fs::read_dir(folder.join("charts")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "svg") {
            let svg = std::fs::read_to_string(&path).unwrap();
            assert!(!svg.contains("<script") && !svg.contains("<img"), "{}", path.display());
        }
    }
}
