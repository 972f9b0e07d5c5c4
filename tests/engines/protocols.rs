//! Ways to a target, and how connections are kept and lost.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use substorm::clock::Clock;
use substorm::outcome::Failure;
use substorm::wire::full::FullConnector;
use substorm::wire::http1::Limits;
use substorm::wire::http2::Keep;
use substorm::wire::transport::{Approach, Endpoint, Reach, Version, Via};
use substorm::wire::{Connection, Connector, RawConnector, RequestSpec, Template, Values};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::LocalSet;

use super::front::{self, Options};
use super::world::World;

async fn ask<C: Connector>(connector: &C) -> Result<u16, Failure> {
    let mut connection = connector.connect().await?.connection;
    let spec = RequestSpec { method: "GET".into(), path: "/".into(), ..RequestSpec::default() };
    let values = Values { user: "", number: 0, seq: 0, uuid: 0, token: b"t" };
    connection.stage(&Template::new(&spec, "target.test").unwrap(), &values);
    connection.send().await?;
    connection.receive(|seen| seen.status).await.map(|received| received.value)
}

fn raw(approach: Approach) -> RawConnector {
    RawConnector::new(Clock::start(), Arc::new(Reach::new(approach).unwrap()), Limits::default())
}

fn full(approach: Approach) -> FullConnector {
    FullConnector::new(Arc::new(Reach::new(approach).unwrap()), Limits::default())
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_told_from_a_port_where_nobody_listens() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let plain = Approach::plain(nobody);
    // RFC 6761 §6.4: such names never resolve.
    let endpoint = Endpoint { host: "gateway.invalid".to_owned(), port: 80 };
    let unknown = Approach { endpoint, ..plain.clone() };
    assert_eq!(ask(&raw(unknown.clone())).await, Err(Failure::Dns));
    assert_eq!(ask(&full(unknown)).await, Err(Failure::Dns));
    assert_eq!(ask(&raw(plain.clone())).await, Err(Failure::Refused));
    assert_eq!(ask(&full(plain.clone())).await, Err(Failure::Refused));
    let via = Via::Unix("/nowhere/at/all.sock".into());
    let absent = Approach { via, ..plain };
    assert_eq!(ask(&raw(absent.clone())).await, Err(Failure::Refused));
    assert_eq!(ask(&full(absent)).await, Err(Failure::Refused));
}

/// A server that answers each connection with these bytes, once something was asked, and closes it.
async fn saying(bytes: Vec<u8>) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let mut asked = [0; 1024];
            let _ = tcp.read(&mut asked).await;
            let _ = tcp.write_all(&bytes).await;
            let _ = tcp.shutdown().await;
            // Whatever else comes is read, or the bytes above may be lost to a reset.
            while matches!(tcp.read(&mut asked).await, Ok(1..)) {}
        }
    });
    address
}

/// HTTP/2 works on one thread, as a worker does.
async fn on_one_thread(test: impl Future<Output = ()>) {
    LocalSet::new().run_until(test).await;
}

#[tokio::test]
async fn hostile_bytes_are_failures_in_http2_too() {
    on_one_thread(hostile()).await;
}

async fn hostile() {
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        let mut bytes = vec![0, 0, payload.len() as u8, kind, flags, 0, 0, 0, stream];
        bytes.extend_from_slice(payload);
        bytes
    };
    let settings = frame(4, 0, 0, &[]);
    let head = |block: &[u8]| [settings.clone(), frame(1, 4 | 1, 1, block)].concat();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("HTTP/1.1", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
        ("zeros", vec![0; 64]),
        ("ones", vec![0xff; 64]),
        ("a head cut short", frame(1, 4, 1, &[0x88])[..9].to_vec()),
        ("HPACK beyond the table", head(&[0xff, 0xff, 0x7f])),
        ("no status", head(&[])),
        ("data before a head", [settings.clone(), frame(0, 1, 1, b"x")].concat()),
        ("a stream that nobody opened", [settings.clone(), frame(1, 5, 9, &[0x88])].concat()),
        ("a push", [settings.clone(), frame(5, 4, 1, &[0, 0, 0, 2, 0x82])].concat()),
        (
            "a window beyond its bounds",
            [settings.clone(), frame(8, 0, 0, &[0x7f, 255, 255, 255])].concat(),
        ),
        ("a broken stream", [settings.clone(), frame(3, 0, 1, &[0, 0, 0, 2])].concat()),
        ("away", [settings.clone(), frame(7, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0])].concat()),
    ];
    for (what, bytes) in cases {
        let address = saying(bytes).await;
        let approach = Approach { version: Version::Http2, ..Approach::plain(address) };
        let failure = ask(&raw(approach)).await.unwrap_err();
        assert!(matches!(failure, Failure::Protocol | Failure::Reset), "{what}: {failure:?}");
    }
    for unprocessed in [frame(3, 0, 1, &[0, 0, 0, 7]), frame(7, 0, 0, &[0; 8])] {
        let address = saying([settings.clone(), unprocessed].concat()).await;
        let approach = Approach { version: Version::Http2, ..Approach::plain(address) };
        assert_eq!(ask(&raw(approach)).await, Err(Failure::NotProcessed));
    }
    let address = saying(head(&[0x88])).await;
    let approach = Approach { version: Version::Http2, ..Approach::plain(address) };
    assert_eq!(ask(&raw(approach)).await, Ok(200), "these frames are as they should be");
}

/// A proxy that opens a tunnel wherever it is asked to, for who knows the password.
async fn proxy() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(tcp.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                // mary:s3cret
                if !head
                    .to_ascii_lowercase()
                    .contains("proxy-authorization: basic bwfyetpzm2nyzxq=")
                {
                    tcp.write_all(b"HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n").await.unwrap();
                    return;
                }
                let target = head.split(' ').nth(1).unwrap();
                let mut up = tokio::net::TcpStream::connect(target).await.unwrap();
                tcp.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut tcp, &mut up).await;
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_is_gone_through_and_its_password_stays_secret() {
    let world = World::start().await;
    let proxy = proxy().await;
    let url = format!("url = \"http://{}\"", world.stack.gateway());
    let ran = world.run(&format!("{url}\nproxy = \"http://mary:wrong@{proxy}\""), "").await;
    assert_eq!(ran.code, 3, "{}", ran.output);
    assert!(ran.output.contains("answers 407 to CONNECT"), "{}", ran.output);
    assert!(!ran.output.contains("wrong"), "{}", ran.output);
    let ran = world.run(&format!("{url}\nproxy = \"http://mary:s3cret@{proxy}\""), "").await;
    world.stop().await;
    assert_eq!(ran.code, 0, "{}", ran.output);
    assert!(ran.class("accepted") > 100, "{}", ran.output);
    assert!(ran.output.contains(&format!("through the proxy {proxy}")), "{}", ran.output);
    assert!(!ran.output.contains("s3cret"), "{}", ran.output);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_address_can_stand_in_for_the_targets() {
    let world = World::start().await;
    let instead = format!("connect_to = \"{}\"", world.stack.gateway());
    let ran = world.run(&format!("url = \"http://gateway.test:81\"\n{instead}"), "").await;
    world.stop().await;
    assert_eq!(ran.code, 0, "{}", ran.output);
    assert!(ran.class("accepted") > 100, "{}", ran.output);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_live_as_long_as_they_are_told_to() {
    let world = World::start().await;
    let gateway = world.stack.gateway();
    let opened = |ran: &super::world::Ran| ran.run["connections"]["opened"].as_u64().unwrap();
    let sent = |ran: &super::world::Ran| ran.run["requests"]["sent"].as_u64().unwrap();
    let first = |ran: &super::world::Ran| {
        ran.run["connections"]["first_request"]["count"].as_u64().unwrap()
    };

    let plain = format!("url = \"http://{gateway}\"");
    let ran = world.run(&plain, "requests_per_connection = 1").await;
    assert_eq!((ran.code, opened(&ran)), (0, sent(&ran)), "{}", ran.output);
    assert_eq!(first(&ran), sent(&ran), "each is the first on its connection");
    // Between the two spells of load everything is idle for longer.
    let kept = world.run(&plain, "connections = 1").await;
    assert_eq!((kept.code, opened(&kept)), (0, 1), "{}", kept.output);
    let idle = world.run(&plain, "connections = 1\nidle_timeout = \"500ms\"").await;
    assert!(idle.code == 0 && (2..=4).contains(&opened(&idle)), "{}", idle.output);

    let front = front::on_tcp(gateway, Options::default()).await;
    let http2 = format!("url = \"http://{}\"\nhttp = \"2\"", front.address);
    let ran = world.run(&http2, "streams_per_connection = 20\nconnections = 2").await;
    assert!(ran.code == 0 && opened(&ran) <= 2, "{}", ran.output);
    assert!((1..=2).contains(&first(&ran)), "{} are first of {}", first(&ran), opened(&ran));
    // One for reaching the target first.
    assert_eq!(front.connections.load(Ordering::Relaxed) as u64, opened(&ran) + 1);
    let ran = world.run(&http2, "requests_per_connection = 50\nstreams_per_connection = 4").await;
    let least = sent(&ran) / 50;
    assert!(ran.code == 0 && (least..least + 12).contains(&opened(&ran)), "{}", ran.output);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_away_in_order_costs_next_to_nothing() {
    let world = World::start().await;
    let options = Options { requests_per_connection: Some(40), ..Options::default() };
    let front = front::on_tcp(world.stack.gateway(), options).await;
    for http in ["1.1", "2"] {
        let target = format!("url = \"http://{}\"\nhttp = \"{http}\"", front.address);
        let ran = world.run(&target, "connections = 4\nstreams_per_connection = 4").await;
        let opened = ran.run["connections"]["opened"].as_u64().unwrap();
        let sent = ran.run["requests"]["sent"].as_u64().unwrap();
        assert!(opened >= sent / 60, "HTTP/{http}: {opened} for {sent}");
        // A request may cross the goodbye on its way; each connection says it once. In HTTP/2 it says
        // too that the request was not processed.
        let lost = ran.class("connection_reset");
        let most = if http == "2" { 0 } else { opened };
        assert!(lost <= most, "HTTP/{http}: {lost} lost\n{}", ran.output);
        assert_eq!(ran.class("protocol_error"), 0, "{}", ran.output);
        assert!(ran.class("accepted") > sent / 2, "{}", ran.output);
    }
    world.stop().await;
}

#[tokio::test]
async fn streams_share_a_transport_up_to_their_number() {
    on_one_thread(shared()).await;
}

async fn shared() {
    let nobody = ([127, 0, 0, 1], 1).into();
    let front = front::on_tcp(nobody, Options::default()).await;
    let approach = Approach { version: Version::Http2, ..Approach::plain(front.address) };
    let reach = Arc::new(Reach::new(approach).unwrap());
    let connector =
        RawConnector::with_streams(Clock::start(), reach, Limits::default(), 3, Keep::default());
    let mut kept = Vec::new();
    for made in [true, false, false, true, false] {
        let connected = connector.connect().await.unwrap();
        assert_eq!(connected.set_up.is_some(), made, "number {}", kept.len());
        assert_eq!(connected.shares, !made, "number {}", kept.len());
        kept.push(connected.connection);
    }
    // A seat that is given back is taken again.
    kept.remove(0);
    assert!(connector.connect().await.unwrap().set_up.is_none());
    assert!(kept.iter_mut().all(|connection| !connection.is_closed()));
    assert_eq!(front.connections.load(Ordering::Relaxed), 2);
}
