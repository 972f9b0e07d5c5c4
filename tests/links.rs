//! Links from the outside: what clients and upstreams see in each mode.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use proptest::prelude::*;
use substorm::clock::Clock;
use substorm::proxy::{Link, Mode};
use substorm::seed::Seed;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Longer than anything here takes on a machine that is busy with other things.
const SOON: Duration = Duration::from_secs(10);

/// An upstream that sends back what it gets. Its tasks end with the set.
async fn echo(tasks: &mut JoinSet<()>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            connections.spawn(async move {
                let (mut reader, mut writer) = stream.split();
                let _ = tokio::io::copy(&mut reader, &mut writer).await;
                let _ = writer.shutdown().await;
            });
        }
    });
    address
}

struct Rig {
    link: Link,
    clock: Clock,
    _tasks: JoinSet<()>,
}

async fn rig() -> Rig {
    let (mut tasks, clock) = (JoinSet::new(), Clock::start());
    let any = "127.0.0.1:0".parse().unwrap();
    let link = Link::bind("test", any, clock, Seed(7).stream("links")).await.unwrap();
    link.set_upstream(echo(&mut tasks).await);
    Rig { link, clock, _tasks: tasks }
}

impl Rig {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.link.address()).await.unwrap()
    }

    /// A connection that has carried something both ways.
    async fn warm(&self) -> TcpStream {
        let mut stream = self.connect().await;
        ping(&mut stream).await;
        stream
    }

    /// Waits until connections are refused.
    async fn refusing(&self) {
        let refused = async {
            while !matches!(TcpStream::connect(self.link.address()).await,
                Err(error) if error.kind() == ErrorKind::ConnectionRefused)
            {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(SOON, refused).await.expect("still accepts");
    }

    async fn close(self) {
        let counts = timeout(SOON, self.link.close()).await.expect("close waits for traffic");
        assert_eq!((counts.open, counts.panics), (0, 0));
    }
}

async fn ping(stream: &mut TcpStream) {
    stream.write_all(b"ping").await.unwrap();
    let mut back = [0; 4];
    timeout(SOON, stream.read_exact(&mut back)).await.expect("no answer").unwrap();
    assert_eq!(&back, b"ping");
}

/// How the next read ends.
async fn ending(stream: &mut TcpStream) -> Result<usize, ErrorKind> {
    let mut byte = [0];
    timeout(SOON, stream.read(&mut byte)).await.expect("still open").map_err(|e| e.kind())
}

async fn silent(stream: &mut TcpStream) {
    let read = timeout(Duration::from_millis(150), stream.read_u8()).await;
    assert!(read.is_err(), "something came: {read:?}");
}

#[tokio::test]
async fn bytes_pass_and_ends_are_passed_on() {
    let rig = rig().await;
    let mut stream = rig.warm().await;
    stream.shutdown().await.unwrap();
    assert_eq!(ending(&mut stream).await, Ok(0), "the echo closes after the client");
    let counts = rig.link.counts();
    assert_eq!((counts.connections, counts.bytes_up, counts.bytes_down), (1, 4, 4));
    assert_eq!((counts.hits, counts.requests, counts.dial_failures), (0, 0, 0));
    rig.close().await;
}

#[tokio::test]
async fn requests_are_counted_also_when_kept_alive() {
    let rig = rig().await;
    let mut stream = rig.connect().await;
    for n in 1..=3 {
        let request = b"GET /users/a HTTP/1.1\r\nHost: x\r\n\r\n";
        stream.write_all(request).await.unwrap();
        timeout(SOON, stream.read_exact(&mut vec![0; request.len()])).await.unwrap().unwrap();
        assert_eq!(rig.link.counts().requests, n);
    }
    rig.close().await;
}

#[tokio::test]
async fn an_upstream_that_is_down_is_no_hit() {
    let rig = rig().await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    rig.link.set_upstream(nobody);
    let mut stream = rig.connect().await;
    assert_eq!(ending(&mut stream).await, Err(ErrorKind::ConnectionReset));
    let counts = rig.link.counts();
    assert_eq!((counts.dial_failures, counts.hits), (1, 0));
    rig.close().await;
}

#[tokio::test]
async fn refuse_refuses_cuts_and_gives_the_same_port_back() {
    let rig = rig().await;
    for _ in 0..3 {
        let mut open = [rig.warm().await, rig.warm().await];
        rig.link.set(Mode::Refuse, None);
        for stream in &mut open {
            assert_eq!(ending(stream).await, Err(ErrorKind::ConnectionReset));
        }
        rig.refusing().await;
        let during = rig.link.counts();
        assert!(during.hits >= 2 && during.refused >= 1, "{during:?}");
        rig.link.clear();
        assert!(rig.link.counts().refused >= during.refused, "forgotten when it ended");
        assert_eq!(rig.link.mode(), Mode::Pass);
        timeout(SOON, async {
            while TcpStream::connect(rig.link.address()).await.is_err() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await
        .expect("still refuses");
    }
    rig.close().await;
}

#[tokio::test]
async fn reset_resets_open_connections_and_new_ones_on_data() {
    let rig = rig().await;
    let mut open = rig.warm().await;
    rig.link.set(Mode::Reset, None);
    assert_eq!(ending(&mut open).await, Err(ErrorKind::ConnectionReset));
    let mut quiet = rig.connect().await;
    let mut talking = rig.connect().await;
    silent(&mut quiet).await;
    talking.write_all(b"x").await.unwrap();
    assert_eq!(ending(&mut talking).await, Err(ErrorKind::ConnectionReset));
    assert_eq!(rig.link.counts().hits, 2);
    rig.link.clear();
    ping(&mut quiet).await;
    rig.close().await;
}

#[tokio::test]
async fn a_cut_that_is_over_at_once_is_not_missed() {
    let rig = rig().await;
    let mut open = rig.warm().await;
    rig.link.set(Mode::Reset, None);
    rig.link.clear();
    assert_eq!(ending(&mut open).await, Err(ErrorKind::ConnectionReset));
    assert_eq!(rig.link.counts().hits, 1);
    ping(&mut rig.connect().await).await;
    rig.close().await;
}

#[tokio::test]
async fn a_black_hole_swallows_and_heals_by_closing() {
    let rig = rig().await;
    let (mut talked, mut quiet) = (rig.warm().await, rig.warm().await);
    rig.link.set(Mode::BlackHole, None);
    let mut fresh = rig.connect().await;
    for stream in [&mut talked, &mut fresh] {
        stream.write_all(b"lost").await.unwrap();
        silent(stream).await;
    }
    assert_eq!(rig.link.counts().hits, 2);
    rig.link.clear();
    for stream in [&mut talked, &mut fresh] {
        // Closed, not reset, so that a client sees an end and not a second fault.
        assert_eq!(ending(stream).await, Ok(0));
    }
    ping(&mut quiet).await;
    rig.close().await;
}

#[tokio::test]
async fn a_client_that_gives_up_in_a_black_hole_is_let_go() {
    let rig = rig().await;
    let warm = rig.warm().await;
    rig.link.set(Mode::BlackHole, None);
    let fresh = rig.connect().await;
    drop((warm, fresh));
    timeout(SOON, async {
        while rig.link.counts().connections < 2 || rig.link.counts().open > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("connections are kept for nobody");
    rig.close().await;
}

#[tokio::test]
async fn delay_is_late_once_and_in_order() {
    let rig = rig().await;
    let mut stream = rig.warm().await;
    let latency = Duration::from_millis(200);
    rig.link.set(Mode::Delay { latency, jitter: Duration::from_millis(20) }, None);
    let begin = rig.clock.now();
    // Ten pieces, apart in time so that they are pieces on the wire too.
    for i in 0..10_u8 {
        stream.write_all(&[i]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let sent = rig.clock.now();
    let mut back = [0; 10];
    timeout(SOON, stream.read_exact(&mut back[..1])).await.unwrap().unwrap();
    let first = rig.clock.now() - begin;
    timeout(SOON, stream.read_exact(&mut back[1..])).await.unwrap().unwrap();
    let last = rig.clock.now() - sent;
    assert_eq!(back, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert!(first >= Duration::from_millis(180), "{first:?}");
    // One delay of each piece after the other would take two seconds.
    assert!(last < Duration::from_millis(900), "{last:?}");
    let hits = rig.link.counts().hits;
    assert!((1..=10).contains(&hits), "{hits}");

    stream.write_all(b"x").await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let cleared = rig.clock.now();
    rig.link.clear();
    timeout(SOON, stream.read_u8()).await.unwrap().unwrap();
    assert!(rig.clock.now() - cleared < Duration::from_millis(150), "what is under way goes on");
    rig.close().await;
}

#[tokio::test]
async fn a_lease_ends_by_itself() {
    let rig = rig().await;
    for mode in [Mode::Refuse, Mode::BlackHole, Mode::Reset] {
        let begin = rig.clock.now();
        let span = Duration::from_millis(300);
        rig.link.set(mode, Some(begin + span));
        if mode == Mode::Refuse {
            rig.refusing().await;
        }
        let healed = timeout(SOON, async {
            loop {
                if let Ok(mut stream) = TcpStream::connect(rig.link.address()).await {
                    let _ = stream.write_all(b"ping").await;
                    let read =
                        timeout(SOON, stream.read_u8()).await.expect("neither fed nor closed");
                    if read.is_ok() {
                        return rig.clock.now();
                    }
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await
        .expect("the lease has not ended");
        assert!(healed - begin >= span, "{mode:?} ended early: {:?}", healed - begin);
        assert!(healed - begin < span * 4, "{mode:?} ended late: {:?}", healed - begin);
        assert_eq!(rig.link.mode(), Mode::Pass);
    }
    rig.close().await;
}

#[tokio::test]
async fn a_later_mode_outlives_the_lease_of_an_earlier_one() {
    let rig = rig().await;
    rig.link.set(Mode::Reset, Some(rig.clock.now() + Duration::from_millis(100)));
    rig.link.set(Mode::BlackHole, None);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(rig.link.mode(), Mode::BlackHole);
    rig.close().await;
}

/// An upstream that accepts, sends without end and never reads.
async fn stalled_upstream(tasks: &mut JoinSet<()>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            connections.spawn(async move { while stream.write_all(&[0; 8192]).await.is_ok() {} });
        }
    });
    address
}

/// Connections that have written until nothing more goes, and do not read.
async fn stall(address: SocketAddr) -> Vec<TcpStream> {
    let mut stalled = Vec::new();
    for _ in 0..5 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let fill = async { while stream.write_all(&[0; 8192]).await.is_ok() {} };
        assert!(timeout(Duration::from_millis(30), fill).await.is_err(), "not stalled");
        stalled.push(stream);
    }
    stalled
}

/// Talks as fast as it can, for good.
async fn talk(address: SocketAddr) {
    loop {
        if let Ok(mut stream) = TcpStream::connect(address).await {
            let mut block = [7; 16 * 1024];
            while stream.write_all(&block).await.is_ok()
                && stream.read_exact(&mut block).await.is_ok()
            {}
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn modes_change_under_load_with_stalled_peers() {
    let Rig { link, clock, _tasks: mut tasks } = rig().await;
    for _ in 0..10 {
        tasks.spawn(talk(link.address()));
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    link.set_upstream(stalled_upstream(&mut tasks).await);
    let mut spans = Vec::new();
    for _ in 0..5 {
        let _stalled = stall(link.address()).await;
        for mode in [
            Mode::Delay { latency: Duration::from_secs(30), jitter: Duration::ZERO },
            Mode::Pass,
            Mode::Delay { latency: Duration::ZERO, jitter: Duration::ZERO },
        ] {
            link.set(mode, None);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let asked = clock.now();
        link.set(Mode::Refuse, None);
        timeout(SOON, async {
            while link.counts().open > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await
        .expect("a stalled connection outlives a cut");
        spans.push(clock.now() - asked);
        let hits = link.counts().hits;
        assert!(hits >= 5, "{hits}");
        link.clear();
        timeout(SOON, async { while TcpStream::connect(link.address()).await.is_err() {} })
            .await
            .expect("still refuses");
    }
    // The median, since the machine may do other things too.
    spans.sort_unstable();
    assert!(spans[2] < Duration::from_millis(100), "{spans:?}");
    let asked = clock.now();
    let counts = timeout(SOON, link.close()).await.expect("close waits for traffic");
    assert!(clock.now() - asked < Duration::from_secs(1));
    assert_eq!((counts.open, counts.panics), (0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn bytes_out_are_bytes_in(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..5_000), 1..40),
        repeat in 1_usize..20,
        delays in prop::collection::vec(0_u64..4, 0..4),
    ) {
        let sent: Vec<u8> = pieces.concat().repeat(repeat);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let received = runtime.block_on(async {
            let rig = rig().await;
            let (mut reader, mut writer) = rig.connect().await.into_split();
            let write = async {
                for piece in std::iter::repeat_n(&pieces, repeat).flatten() {
                    writer.write_all(piece).await.unwrap();
                }
                writer.shutdown().await.unwrap();
            };
            let mut received = Vec::new();
            let read = async { reader.read_to_end(&mut received).await.unwrap() };
            let disturb = async {
                for ms in &delays {
                    let latency = Duration::from_millis(*ms);
                    rig.link.set(Mode::Delay { latency, jitter: latency * 2 }, None);
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    rig.link.clear();
                }
            };
            timeout(SOON, async { tokio::join!(write, read, disturb) }).await.expect("stuck");
            let counts = rig.link.counts();
            assert_eq!((counts.bytes_up, counts.bytes_down), (sent.len() as u64, sent.len() as u64));
            rig.close().await;
            received
        });
        prop_assert!(received == sent, "{} bytes of {} came back", received.len(), sent.len());
    }
}
