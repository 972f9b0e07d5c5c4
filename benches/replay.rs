//! What a line of a recording costs to read, secrets taken out, in each format; and a recorded
//! request to put together, beside one of a route.

use std::fmt::Write as _;
use std::hint::black_box;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use substorm::replay::formats::{Fields, REGISTRY};
use substorm::replay::{Cleaning, each_request};
use substorm::wire::{RequestSpec, Template, Values};

const LINES: u64 = 10_000;

/// One line or record by a user, of a token where the format has header fields.
fn line(format: &str, n: u64) -> String {
    let claims =
        URL_SAFE_NO_PAD.encode(format!("{{\"sub\":\"user-{n}\",\"iss\":\"i\",\"exp\":1}}"));
    let token = format!("eyJhbGciOiJFUzI1NiJ9.{claims}.{}", "s".repeat(86));
    let path = format!("/orders/user-{n}?page=2&sort=date");
    match format {
        "requests" => {
            format!("{{\"at_ns\":{n},\"method\":\"GET\",\"path\":\"{path}\",\"user\":\"u{n}\"}}\n")
        }
        "goreplay" => format!(
            "1 a7b3c9d2e1f0a7b3c9d2e1f0 {} 0\nGET {path} HTTP/1.1\r\nHost: h.test\r\nUser-Agent: x\r\n\
             Accept: */*\r\nAuthorization: Bearer {token}\r\n\r\n\n🐵🙈🙉\n",
            1_709_294_400_000_000_000 + n
        ),
        "vegeta" => format!(
            "{{\"method\":\"GET\",\"url\":\"http://h{path}\",\"header\":{{\"Authorization\":[\"Bearer {token}\"]}},\
             \"timestamp\":\"2024-03-01T12:00:00Z\"}}\n"
        ),
        "nginx-json" => format!(
            "{{\"msec\":\"1709294400.500\",\"request_time\":\"0.012\",\"request\":\"GET {path} HTTP/1.1\",\
             \"status\":\"200\",\"remote_user\":\"user-{n}\",\"remote_addr\":\"192.0.2.1\",\"agent\":\"x\"}}\n"
        ),
        "envoy-json" => format!(
            "{{\"start_time\":\"2024-03-01T12:00:00.000Z\",\"method\":\"GET\",\"path\":\"{path}\",\"duration\":9,\
             \"authority\":\"h\",\"response_code\":200,\"x_forwarded_for\":\"192.0.2.{}\"}}\n",
            n % 250
        ),
        "combined" => format!(
            "192.0.2.1 - user-{n} [01/Mar/2024:12:00:00 +0000] \"GET {path} HTTP/1.1\" 200 512 \
             \"http://h.test/\" \"Mozilla/5.0 (X11; Linux x86_64)\"\n"
        ),
        _ => format!(
            "{{\"startedDateTime\":\"2024-03-01T12:00:00.000Z\",\"request\":{{\"method\":\"GET\",\"url\":\
             \"http://h{path}\",\"headers\":[{{\"name\":\"Authorization\",\"value\":\"Bearer {token}\"}}]}},\
             \"response\":{{\"content\":{{\"text\":\"{}\"}}}}}}",
            "x".repeat(500)
        ),
    }
}

fn recording(format: &str) -> String {
    let mut text = String::new();
    if format == "har" {
        let entries: Vec<String> = (0..LINES).map(|n| line(format, n)).collect();
        let _ = write!(text, "{{\"log\":{{\"entries\":[{}]}}}}", entries.join(","));
    } else {
        (0..LINES).for_each(|n| text += &line(format, n));
    }
    text
}

fn readers(c: &mut Criterion) {
    let mut group = c.benchmark_group("recording");
    group.throughput(Throughput::Elements(LINES)).sample_size(20);
    let (fields, cleaning) = (Fields::new(), Cleaning::default());
    for format in REGISTRY {
        let text = recording(format.name);
        group.bench_function(format.name, |b| {
            b.iter(|| {
                let (mut reader, mut found) = (text.as_bytes(), 0);
                let read = each_request(format, &mut reader, &fields, &cleaning, |_, request| {
                    found += u64::from(request.is_ok_and(|request| request.is_some()));
                });
                assert!(read.is_ok() && found == LINES, "{found} requests");
            });
        });
    }
    group.finish();
}

fn requests(c: &mut Criterion) {
    let mut group = c.benchmark_group("recorded request");
    let path = "/orders/{user}?page=2&sort=date";
    let spec = RequestSpec { method: "GET".into(), path: path.into(), ..RequestSpec::default() };
    let common = Template::new(&spec, "h.test:8080").expect("a request");
    let token = "t".repeat(600);
    let values = Values { user: "usr_1", number: 1, seq: 2, uuid: 0, token: token.as_bytes() };
    let mut out = Vec::with_capacity(2_048);
    group.bench_function("made of the recorded one", |b| {
        b.iter(|| {
            let template = common.asking("GET", black_box(path)).expect("a request");
            template.write_http1(&values, &mut out);
        });
    });
    group.bench_function("twin: of a route", |b| b.iter(|| common.write_http1(&values, &mut out)));
    group.finish();
}

criterion_group!(benches, readers, requests);
criterion_main!(benches);
