//! Assembling a request, which happens once for each. Beside it, a plainer way to do the same.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use substorm::wire::{RequestSpec, Template, TokenPlace, Values};

const HOST: &str = "gateway.example.test:8080";
const USER: &str = "3f0c7a52-9d1b-4e7e-8a55-1f2f3c4d5e6f";

fn spec(body: Option<&str>) -> RequestSpec {
    RequestSpec {
        method: if body.is_some() { "POST" } else { "GET" }.to_owned(),
        path: "/orders/{user}?page={seq}".to_owned(),
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: body.map(str::to_owned),
        ..RequestSpec::default()
    }
}

fn assembly(c: &mut Criterion) {
    let token = "x".repeat(600);
    let mut group = c.benchmark_group("request");
    group.throughput(Throughput::Elements(1));
    let cases = [("get", None), ("post", Some("{\"user\":\"{user}\",\"n\":{seq}}"))];
    for (name, body) in cases {
        let template = Template::new(&spec(body), HOST).expect("the spec is right");
        let (mut out, mut seq) = (Vec::with_capacity(2048), 0);
        group.bench_function(name, |b| {
            b.iter(|| {
                seq += 1;
                let token = token.as_bytes();
                let values = Values { user: USER, number: 7, seq, uuid: 0, token };
                template.write_http1(black_box(&values), &mut out);
                out.len()
            });
        });
    }
    let in_query = RequestSpec { token: TokenPlace::Query("t".to_owned()), ..spec(None) };
    let template = Template::new(&in_query, HOST).expect("the spec is right");
    let foreign = "a/+=".repeat(150);
    for (name, token) in [("get, jwt in the query", &token), ("get, base64 in the query", &foreign)]
    {
        let mut out = Vec::with_capacity(4096);
        group.bench_function(name, |b| {
            b.iter(|| {
                let token = token.as_bytes();
                let values = Values { user: USER, number: 7, seq: 7, uuid: 0, token };
                template.write_http1(black_box(&values), &mut out);
                out.len()
            });
        });
    }
    let mut seq = 0_u64;
    group.bench_function("twin: format! a get", |b| {
        b.iter(|| {
            seq += 1;
            let user = percent_encoding::utf8_percent_encode(
                black_box(USER),
                percent_encoding::NON_ALPHANUMERIC,
            );
            format!(
                "GET /orders/{user}?page={seq} HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: bench\r\n\
                 Accept: */*\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}\r\n\r\n"
            )
        });
    });
    group.finish();
}

criterion_group!(benches, assembly);
criterion_main!(benches);
