//! What a link costs: one lookup there and back, without a link and with one that passes.
//!
//! Both run on one thread, so the difference is the link's CPU time: two more reads and writes, and
//! what it thinks in between.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::net::SocketAddr;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use substorm::clock::Clock;
use substorm::proxy::Link;
use substorm::seed::Seed;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

const REQUEST: &[u8] = b"GET /users/0190f3c4-7a31-7cc4-9d3e-3f0a2c1b4d5e HTTP/1.1\r\n\
    Host: 127.0.0.1\r\nAccept: application/json\r\n\r\n";
const BLOCK: usize = 256 * 1024;

/// Sends back what it gets.
async fn echo(tasks: &mut JoinSet<()>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            connections.spawn(async move {
                let _ = stream.set_nodelay(true);
                let (mut reader, mut writer) = stream.split();
                let _ = tokio::io::copy(&mut reader, &mut writer).await;
            });
        }
    });
    address
}

async fn round_trip(stream: &mut TcpStream, sent: &[u8], received: &mut [u8]) {
    let (mut reader, mut writer) = stream.split();
    let (write, read) = tokio::join!(writer.write_all(sent), reader.read_exact(received));
    write.unwrap();
    read.unwrap();
}

fn lookups(c: &mut Criterion) {
    let runtime: Runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut tasks = JoinSet::new();
    let (link, mut direct, mut linked) = runtime.block_on(async {
        let upstream = echo(&mut tasks).await;
        let any = "127.0.0.1:0".parse().unwrap();
        let draws = Seed(7).stream("bench");
        let link = Link::bind("bench", any, Clock::start(), draws).await.unwrap();
        link.set_upstream(upstream);
        let direct = TcpStream::connect(upstream).await.unwrap();
        let linked = TcpStream::connect(link.address()).await.unwrap();
        direct.set_nodelay(true).unwrap();
        linked.set_nodelay(true).unwrap();
        (link, direct, linked)
    });
    for (size, sent) in [("lookup", REQUEST.to_vec()), ("block", vec![7; BLOCK])] {
        let mut group = c.benchmark_group(size);
        group.throughput(Throughput::Bytes(sent.len() as u64));
        let mut received = vec![0; sent.len()];
        for (way, stream) in [("direct", &mut direct), ("link", &mut linked)] {
            group.bench_function(way, |b| {
                b.iter(|| runtime.block_on(round_trip(stream, &sent, &mut received)));
            });
        }
        group.finish();
    }
    runtime.block_on(link.close());
}

criterion_group!(benches, lookups);
criterion_main!(benches);
