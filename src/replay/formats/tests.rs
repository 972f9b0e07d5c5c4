//! What each format's reader finds, and what holds for all of them.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::time::Duration;

use base64::Engine as _;
use proptest::prelude::*;
use proptest::sample::Index;

use super::{Fields, NAMES, REGISTRY, ROLES, named, recognise};
use crate::replay::ReplayPlan;
use crate::replay::playback::{Due, Playback};
use crate::replay::raw::Found;
use crate::replay::tally::{Counts, Tally};
use crate::replay::tests::plan;
use crate::units::Rate;

/// A bearer token of this subject, whose signature is marked.
fn token(subject: &str) -> String {
    let base64 = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let claims = base64(&format!(r#"{{"sub":"{subject}"}}"#));
    format!("{}.{claims}.mark-signature", base64(r#"{"alg":"ES256"}"#))
}

/// One recording in a format: two users, `mark-ada` and `mark-ben`, of whom the second asks 250 ms
/// after the first. Whatever is secret is marked.
fn sample(format: &str) -> String {
    let (ada, ben) = (token("mark-ada"), token("mark-ben"));
    match format {
        "requests" => r#"{"format":"substorm-requests","version":1}
{"at_ns":1000000000,"method":"GET","path":"/orders/{user}?page=2","user":"mark-ada"}
{"at_ns":1250000000,"method":"DELETE","path":"/orders/{user}","user":"mark-ben"}
"#
        .to_owned(),
        "har" => format!(
            r#"{{"log":{{"version":"1.2","creator":{{"name":"x"}},"pages":[{{"id":"mark-page"}}],
"entries":[{{"startedDateTime":"2024-03-01T12:00:00.000Z","time":12,"request":{{"method":"GET",
"url":"https://mark-user:mark-pass@h.test/orders/mark-ada?page=2","cookies":[{{"name":"s","value":"mark-cookie"}}],
"headers":[{{"name":"Authorization","value":"Bearer {ada}"}},{{"name":"Cookie","value":"s=mark-cookie"}}],
"postData":{{"text":"mark-body"}}}},"response":{{"content":{{"text":"mark-answer"}}}}}},
{{"startedDateTime":"2024-03-01T13:00:00.250+01:00","request":{{"method":"DELETE",
"url":"https://h.test/orders/mark-ben?code=mark-code","headers":[{{"name":"authorization","value":"Bearer {ben}"}}]}}}}],
"comment":"mark-comment"}}}}"#
        ),
        "goreplay" => format!(
            "1 a7b3c9d2e1f0a7b3c9d2e1f0 1709294400000000000 0\nGET /orders/mark-ada?page=2 HTTP/1.1\r\n\
             Host: mark-host\r\nAuthorization: Bearer {ada}\r\nCookie: s=mark-cookie\r\n\r\n\n🐵🙈🙉\n\
             2 a7b3c9d2e1f0a7b3c9d2e1f0 1709294400100000000 9\nHTTP/1.1 200 OK\r\n\r\nmark-answer\n🐵🙈🙉\n\
             1 b7b3c9d2e1f0a7b3c9d2e1f0 1709294400250000000 0\nDELETE /orders/mark-ben HTTP/1.1\r\n\
             Authorization: Bearer {ben}\r\nContent-Length: 9\r\n\r\nmark-body\n🐵🙈🙉\n"
        ),
        "vegeta" => format!(
            r#"{{"method":"GET","url":"http://h/orders/mark-ada?page=2","header":{{"Authorization":["Bearer {ada}"],"Cookie":["s=mark-cookie"]}},"timestamp":"2024-03-01T12:00:00Z"}}
{{"method":"DELETE","url":"http://h/orders/mark-ben","body":"bWFyay1ib2R5","header":{{"Authorization":["Bearer {ben}"]}},"timestamp":"2024-03-01T12:00:00.25Z"}}
"#
        ),
        "nginx-json" => format!(
            r#"{{"msec":"1709294400.500","request_time":"0.500","request":"GET /orders/mark-ada?page=2&token=mark-token HTTP/1.1","remote_user":"","remote_addr":"mark-address","http_authorization":"Bearer {ada}"}}
{{"msec":"1709294400.300","request_time":"0.050","request":"DELETE /orders/mark-ben HTTP/1.1","remote_user":"","remote_addr":"mark-address","http_authorization":"Bearer {ben}"}}
"#
        ),
        "envoy-json" => format!(
            r#"{{"start_time":"2024-03-01T12:00:00.000Z","method":"GET","path":"/orders/mark-ada?page=2","duration":9,"authority":"mark-host","authorization":"Bearer {ada}"}}
{{"start_time":"2024-03-01T12:00:00.250Z","method":"DELETE","path":"/orders/mark-ben","x_forwarded_for":"mark-address","authorization":"Bearer {ben}"}}
"#
        ),
        // Two lines of one second, and half of it is between them: the only one that cannot tell.
        _ => "mark-address - mark-ada [01/Mar/2024:12:00:00 +0000] \"GET /orders/mark-ada?page=2&password=mark-pass HTTP/1.1\" 200 5 \"http://mark-referrer/\" \"x\"\n\
              mark-address - mark-ben [01/Mar/2024:12:00:00 +0000] \"DELETE /orders/mark-ben HTTP/1.1\" 204 0 \"-\" \"mark-agent\"\n"
            .to_owned(),
    }
}

fn play(text: &[u8], change: impl FnOnce(&mut ReplayPlan)) -> (Vec<Due>, Counts) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text).unwrap();
    let mut plan = plan(file.path());
    change(&mut plan);
    let tally = Tally::default();
    let mut due = Vec::new();
    let mut playback = Playback::open(&plan, Duration::from_secs(3600), 10, &tally).unwrap();
    let played = playback.run(|one| {
        due.push(one);
        ControlFlow::Continue(())
    });
    played.unwrap();
    (due, tally.counts())
}

fn field(role: &str, name: &str) -> Fields {
    Fields::from([(role.to_owned(), name.to_owned())])
}

#[test]
fn the_registry_is_in_order() {
    let names: Vec<_> = REGISTRY.iter().map(|format| format.name).collect();
    assert_eq!(names, NAMES);
    for format in REGISTRY {
        assert!(std::ptr::eq(named(format.name).unwrap(), *format));
        assert!(format.about.ends_with('.'), "{}", format.about);
        assert!(format.roles.iter().all(|role| ROLES.contains(role)), "{}", format.name);
    }
    assert!(named("").is_none());
}

#[test]
fn every_format_is_recognised_and_read_alike() {
    for name in NAMES {
        let text = sample(name);
        assert_eq!(recognise(text.as_bytes()).map(|format| format.name), Some(*name));
        let (due, counts) = play(text.as_bytes(), |_| ());
        let gap = Duration::from_millis(if *name == "combined" { 500 } else { 250 });
        let found: Vec<_> = due
            .iter()
            .map(|one| {
                (one.at, one.asked.user.0, &*one.asked.request.method, &*one.asked.request.target)
            })
            .collect();
        let expected = [
            (Duration::ZERO, 0, "GET", "/orders/{user}?page=2"),
            (gap, 1, "DELETE", "/orders/{user}"),
        ];
        assert_eq!(found, expected, "{name}");
        let others = u64::from(*name == "goreplay");
        assert_eq!(
            (counts.lines - others, counts.without, counts.malformed),
            (2, others, 0),
            "{name}"
        );
    }
}

#[test]
fn no_secret_is_left_of_any_format() {
    for name in NAMES {
        let text = sample(name);
        assert!(text.matches("mark").count() >= 2, "{name} has nothing to hide");
        let (due, counts) = play(text.as_bytes(), |_| ());
        let kept = format!("{due:?} {counts:?}");
        assert!(!kept.contains("mark"), "{name}: {kept}");
        // Flawed lines are told of without being quoted.
        let cut: String =
            text.lines().flat_map(|line| line.chars().take(line.len() / 2).chain(['\n'])).collect();
        if recognise(cut.as_bytes()).is_none() && *name != "har" {
            let (due, counts) = play(cut.as_bytes(), |plan| plan.format = named(name));
            let kept = format!("{due:?} {counts:?}");
            assert!(counts.malformed > 0 && !kept.contains("mark"), "{name}: {kept}");
        }
    }
}

#[test]
fn json_logs_take_names_from_the_scenario() {
    let text = r#"{"ts":1709294400123,"ms":"23","req":{"verb":"GET","path":"/a"},"who":{"id":42},"x":[1]}
{"ts":1709294400200,"ms":"50","req":{"verb":"GET","path":"/b"},"who":{"id":42},"x":{"y":null}}
{"ts":1709294400300,"ms":"50","req":{"verb":"GET"},"who":{"id":42}}
{"ts":true,"req":{"verb":"GET","path":"/b"}}
[1]
"#;
    let (due, counts) = play(text.as_bytes(), |plan| {
        plan.format = named("nginx-json");
        plan.fields = [
            ("end", "ts"),
            ("took_ms", "ms"),
            ("method", "/req/verb"),
            ("path", "/req/path"),
            ("user", "/who/id"),
        ]
        .map(|(role, name)| (role.to_owned(), name.to_owned()))
        .into();
    });
    let found: Vec<_> =
        due.iter().map(|one| (one.at.as_millis(), &*one.asked.request.target)).collect();
    assert_eq!(found, [(0, "/a"), (50, "/b")]);
    assert_eq!((counts.malformed, counts.users), (3, 1));
    let told: Vec<_> =
        counts.first_malformed.iter().map(|(line, flaw)| (*line, flaw.as_str())).collect();
    assert_eq!(
        told,
        [(3, "the path is missing"), (4, "the time is missing"), (5, "not a JSON object")]
    );
}

#[test]
fn a_request_line_counts_where_the_scenario_names_it() {
    let text = "{\"time_iso8601\":\"2024-03-01T12:00:00+00:00\",\"request_method\":\"PUT\",\"uri\":\"/rewritten\",\"r\":\"GET /asked HTTP/1.1\"}\n";
    let target = |fields: Fields| {
        let (due, _) = play(text.as_bytes(), |plan| {
            plan.format = named("nginx-json");
            plan.fields = fields;
        });
        format!("{} {}", due[0].asked.request.method, due[0].asked.request.target)
    };
    assert_eq!(target(Fields::new()), "PUT /rewritten");
    assert_eq!(target(field("request", "r")), "GET /asked");
}

#[test]
fn requests_without_an_http_request_are_passed_over() {
    let text = r#"{"msec":1.5,"request":""}
{"msec":1.5,"request":"-"}
{"msec":1.5,"request_method":"","request_uri":""}
{"msec":1.5,"request":"\u0016\u0003\u0001"}
{"msec":1.5,"request":"OPTIONS * HTTP/1.1"}
"#;
    let (due, counts) = play(text.as_bytes(), |plan| plan.format = named("nginx-json"));
    assert_eq!((due.len(), counts.without, counts.malformed), (0, 5, 0));
}

#[test]
fn targets_without_times_follow_one_another_at_a_rate() {
    let line = |n: u32| format!("{{\"method\":\"GET\",\"url\":\"http://h/{n}\"}}\n");
    let text: String = (0..5).map(line).collect();
    let (due, _) = play(text.as_bytes(), |plan| plan.rate = Rate::per_second(8.0));
    let at: Vec<_> = due.iter().map(|one| one.at.as_millis()).collect();
    assert_eq!(at, [0, 125, 250, 375, 500]);
}

#[test]
fn a_header_or_cookie_may_tell_the_user() {
    let line = |n: u32, user: u32| {
        format!(
            "{{\"method\":\"GET\",\"url\":\"http://h/{n}\",\"header\":{{\"X-Uid\":[\"u{user}\"],\"Cookie\":[\"a=1; sid=s{user}\"]}}}}\n"
        )
    };
    let text = [line(0, 1), line(1, 2), line(2, 1)].concat();
    for selector in ["header:x-uid", "cookie:sid"] {
        let (due, _) = play(text.as_bytes(), |plan| {
            plan.rate = Rate::per_second(8.0);
            plan.fields = field("user", selector);
        });
        let users: Vec<_> = due.iter().map(|one| one.asked.user.0).collect();
        assert_eq!(users, [0, 1, 0], "{selector}");
    }
}

#[test]
fn odd_entries_of_a_har_do_not_end_it() {
    let good = r#"{"startedDateTime":"2024-03-01T12:00:00Z","request":{"method":"GET","url":"http://h/a"}}"#;
    let odd = [
        "1",
        "null",
        "[]",
        r#""x""#,
        "{}",
        r#"{"request":[]}"#,
        r#"{"startedDateTime":5,"request":{"method":"GET","url":"http://h/a"}}"#,
        r#"{"startedDateTime":"2024-03-01T12:00:00Z","request":{"method":{},"url":"http://h/a","headers":{"a":1}}}"#,
    ];
    let entries = odd.iter().flat_map(|odd| [*odd, good]).collect::<Vec<_>>().join(",");
    let (due, counts) = play(format!("{{\"log\":{{\"entries\":[{entries}]}}}}").as_bytes(), |_| ());
    assert_eq!((due.len(), counts.malformed), (odd.len(), odd.len() as u64));
    let passed = r#"{"startedDateTime":"2024-03-01T12:00:00Z","request":{"method":"GET","url":"data:image/png;base64,x"}}"#;
    let (due, counts) = play(format!("{{\"log\":{{\"entries\":[{passed}]}}}}").as_bytes(), |_| ());
    assert_eq!((due.len(), counts.without), (0, 1));
}

#[test]
fn a_version_that_is_not_known_is_refused() {
    let mut text: &[u8] = b"{\"format\":\"substorm-requests\",\"version\":2}\n";
    assert!(recognise(text).is_some());
    let read = (named("requests").unwrap().read)(&mut text, &Fields::new(), &mut |_, _| {
        ControlFlow::Continue(())
    });
    assert!(read.unwrap_err().to_string().contains("version 2"));
}

#[test]
fn records_of_any_length_are_read() {
    let body = "x".repeat(1 << 20);
    let record = |path: &str| {
        format!(
            "1 a7b3c9d2e1f0 1709294400000000000\nPOST {path} HTTP/1.1\r\nHost: h\r\n\r\n{body}\n🐵🙈🙉\n"
        )
    };
    let (due, counts) =
        play([record("/a"), record("/b"), "1 x\n🐵🙈🙉\n".into()].concat().as_bytes(), |_| ());
    let targets: Vec<_> = due.iter().map(|one| &*one.asked.request.target).collect();
    assert_eq!((targets, counts.malformed), (vec!["/a", "/b"], 1));
}

/// Everything that a reader finds in these bytes.
fn read(format: usize, mut bytes: &[u8], fields: &Fields) -> usize {
    let mut found = 0;
    let _ = (REGISTRY[format].read)(&mut bytes, fields, &mut |_, what| {
        found += usize::from(matches!(what, Found::Request(_)));
        ControlFlow::Continue(())
    });
    found
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), which: Index) {
        let which = which.index(REGISTRY.len());
        let _ = recognise(&bytes);
        read(which, &bytes, &Fields::new());
        read(which, &bytes, &field("user", "/a/b"));
    }

    #[test]
    fn damaged_recordings_are_read_without_panic(
        which: Index, cut: Index, at: Index, with in prop::collection::vec(any::<u8>(), 0..12),
    ) {
        let which = which.index(REGISTRY.len());
        let mut bytes = sample(NAMES[which]).into_bytes();
        let at = at.index(bytes.len());
        bytes.splice(at..(at + with.len()).min(bytes.len()), with);
        bytes.truncate(cut.index(bytes.len()) + bytes.len() / 2);
        let _ = recognise(&bytes);
        prop_assert!(read(which, &bytes, &field("user", "cookie:s")) <= 3);
    }
}
