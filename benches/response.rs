//! Reading an answer's head: one that was seen before, one that was not, one that comes in two
//! pieces. Beside them, a plainer way: parse into a map of owned strings.

use std::collections::HashMap;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use substorm::outcome::Observation;
use substorm::wire::http1::{Limits, ResponseReader, SharedHead};

fn answer(id: u32) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Tue, 24 Nov 2026 05:56:51 GMT\r\n\
         Content-Type: application/json\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\
         X-User-ID: 3f0c7a52-9d1b-4e7e-8a55-{id:012x}\r\n\r\nok"
    )
    .into_bytes()
}

fn status(seen: &Observation<'_>) -> usize {
    usize::from(seen.status) + seen.header("x-user-id").map_or(0, <[u8]>::len)
}

fn read(reader: &mut ResponseReader, known: &mut SharedHead, pieces: &[&[u8]]) -> usize {
    let mut show = Some(status);
    let mut found = 0;
    for piece in pieces {
        if let Ok(Some((value, _))) = reader.take(black_box(piece), known, &mut show) {
            found = value;
        }
    }
    found
}

fn heads(c: &mut Criterion) {
    let mut group = c.benchmark_group("response");
    group.throughput(Throughput::Elements(1));
    let answers: Vec<_> = (0..64).map(answer).collect();
    let (mut reader, mut known) = (ResponseReader::new(Limits::default()), SharedHead::default());
    group.bench_function("the same head again", |b| {
        b.iter(|| read(&mut reader, &mut known, &[&answers[0]]));
    });
    let mut n = 0;
    group.bench_function("a head of its own", |b| {
        b.iter(|| {
            n = (n + 1) % answers.len();
            read(&mut reader, &mut known, &[&answers[n]])
        });
    });
    let (head, body) = answers[0].split_at(answers[0].len() - 2);
    group.bench_function("in two pieces", |b| {
        b.iter(|| read(&mut reader, &mut known, &[head, body]));
    });
    group.bench_function("twin: a map of owned strings", |b| {
        b.iter(|| {
            n = (n + 1) % answers.len();
            let mut room = [httparse::EMPTY_HEADER; 64];
            let mut response = httparse::Response::new(&mut room);
            let _ = response.parse(black_box(&answers[n]));
            let fields: HashMap<String, Vec<u8>> = response
                .headers
                .iter()
                .map(|field| (field.name.to_ascii_lowercase(), field.value.to_vec()))
                .collect();
            fields.get("x-user-id").map_or(0, Vec::len)
        });
    });
    group.finish();
}

criterion_group!(benches, heads);
criterion_main!(benches);
