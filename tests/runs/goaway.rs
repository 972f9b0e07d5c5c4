//! Gateways that say goodbye or refuse streams in HTTP/2: requests that they did nothing with are
//! sent again, each is processed once, and nothing of that is hidden.

use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::hostile::Server;
use crate::nginx::Nginx;
use crate::support::{Ran, run};

/// Kinds of frames (RFC 9113 §6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
/// Flags.
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// `:status: 200` (RFC 7541 Appendix A).
const OK: &[u8] = &[0x88];
const REFUSED_STREAM: &[u8] = &[0, 0, 0, 7];

/// The server's side of one connection.
struct Peer(TcpStream);

impl Peer {
    /// Has read the client's preface and said which settings it wants: none.
    fn greet(mut stream: TcpStream) -> Option<Self> {
        stream.read_exact(&mut [0; 24]).ok()?;
        let mut peer = Self(stream);
        peer.say(SETTINGS, 0, 0, &[]);
        Some(peer)
    }

    fn say(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let mut frame = vec![0, 0, payload.len() as u8, kind, flags];
        frame.extend_from_slice(&stream.to_be_bytes());
        frame.extend_from_slice(payload);
        // A client that has gone is seen when it is read from.
        let _ = self.0.write_all(&frame);
    }

    /// The stream of the next request that is whole; `None` once the client has gone.
    fn request(&mut self) -> Option<u32> {
        loop {
            let mut head = [0; 9];
            self.0.read_exact(&mut head).ok()?;
            let [a, b, c, kind, flags, stream @ ..] = head;
            let length = u32::from_be_bytes([0, a, b, c]) as usize;
            self.0.read_exact(&mut vec![0; length]).ok()?;
            if matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0 {
                return Some(u32::from_be_bytes(stream));
            }
        }
    }

    fn answer(&mut self, stream: u32) {
        self.say(HEADERS, END_HEADERS | END_STREAM, stream, OK);
    }

    /// Nothing after the stream `last` was processed.
    fn go_away(&mut self, last: u32) {
        let payload = [last.to_be_bytes(), [0; 4]].concat();
        self.say(GOAWAY, 0, 0, &payload);
    }
}

/// A run of requests, half of them with bodies, over HTTP/2 without TLS.
fn ask(url: &str, arrival: &str, load: &str) -> Ran {
    let room = tempfile::tempdir().unwrap();
    let text = format!(
        "name = \"goaway\"\nseed = 5\n[population]\nusers = 20\n[token]\nalgorithm = \"HS256\"\n\
         [[route]]\nrequest = \"GET /got/{{seq}}\"\n\
         [[route]]\nrequest = \"POST /posted/{{seq}}\"\nbody = '{{{{\"for\": \"{{user}}\"}}}}'\n\
         [load]\nworkers = 1\nsend_lag_limit = \"2s\"\n{load}\n\
         [[phase]]\nname = \"only\"\nfor = \"1500ms\"\narrival = {{ {arrival} }}\n\
         [target]\nurl = \"{url}\"\nhttp = \"2\"\nidentity = \"none\"\n"
    );
    let scenario = room.path().join("goaway.toml");
    std::fs::write(&scenario, text).unwrap();
    run(&scenario, &[])
}

fn number(ran: &Ran, pointer: &str) -> u64 {
    ran.run.pointer(pointer).and_then(Value::as_u64).unwrap_or_else(|| {
        panic!("no {pointer}\n{}", ran.output);
    })
}

fn resent(ran: &Ran) -> u64 {
    number(ran, "/connections/resent")
}

fn done(ran: &Ran) -> u64 {
    number(ran, "/requests/done")
}

/// Requests that ended so.
fn class(ran: &Ran, name: &str) -> u64 {
    ran.run["classes"]["total"][name].as_u64().unwrap_or(0)
}

/// The second request on each connection crosses a goodbye that does not cover it.
fn part_after_one(stream: TcpStream) {
    let Some(mut peer) = Peer::greet(stream) else { return };
    let Some(first) = peer.request() else { return };
    peer.answer(first);
    if peer.request().is_some() {
        peer.go_away(first);
    }
}

#[test]
fn what_a_goodbye_does_not_cover_is_sent_again() {
    let server = Server::start(part_after_one);
    let ran =
        ask(&server.url, "poisson = \"100/s\"", "connections = 1\nstreams_per_connection = 1");
    assert_eq!(class(&ran, "accepted"), done(&ran), "{}", ran.output);
    // All but the first on the first connection, and the first after it.
    assert!(
        done(&ran) > 80 && (done(&ran) - 2..done(&ran)).contains(&resent(&ran)),
        "{}",
        ran.output
    );
    assert!(
        ran.output.contains(&format!("{} requests sent again", resent(&ran))),
        "{}",
        ran.output
    );
}

#[test]
fn a_refused_stream_is_tried_again() {
    let server = Server::start(|stream| {
        let Some(mut peer) = Peer::greet(stream) else { return };
        while let Some(stream) = peer.request() {
            if stream % 4 == 1 {
                peer.say(RST_STREAM, 0, stream, REFUSED_STREAM);
            } else {
                peer.answer(stream);
            }
        }
    });
    let ran =
        ask(&server.url, "poisson = \"100/s\"", "connections = 1\nstreams_per_connection = 1");
    assert_eq!(class(&ran, "accepted"), done(&ran), "{}", ran.output);
    assert!(done(&ran) > 80 && resent(&ran) == done(&ran), "{}", ran.output);
}

#[test]
fn a_peer_that_refuses_everything_is_asked_four_times() {
    let server = Server::start(|stream| {
        let Some(mut peer) = Peer::greet(stream) else { return };
        while let Some(stream) = peer.request() {
            peer.say(RST_STREAM, 0, stream, REFUSED_STREAM);
        }
    });
    let ran =
        ask(&server.url, "poisson = \"100/s\"", "connections = 1\nstreams_per_connection = 1");
    assert_eq!(class(&ran, "connection_reset"), done(&ran), "{}", ran.output);
    assert!(done(&ran) > 80 && resent(&ran) == 3 * done(&ran), "{}", ran.output);
}

#[test]
fn what_a_goodbye_covers_may_have_been_processed_and_is_not_sent_again() {
    let server = Server::start(|stream| {
        let Some(mut peer) = Peer::greet(stream) else { return };
        if let Some(first) = peer.request() {
            peer.go_away(first);
        }
    });
    let ran =
        ask(&server.url, "poisson = \"100/s\"", "connections = 1\nstreams_per_connection = 1");
    assert_eq!(class(&ran, "connection_reset"), done(&ran), "{}", ran.output);
    assert!(done(&ran) > 80 && resent(&ran) == 0, "{}", ran.output);
}

#[test]
fn all_tries_together_have_the_time_limit_of_one() {
    let server = Server::start(|stream| {
        let Some(mut peer) = Peer::greet(stream) else { return };
        if peer.request().is_some() {
            std::thread::sleep(Duration::from_millis(300));
            peer.go_away(0);
        }
    });
    let load = "connections = 1\nstreams_per_connection = 1\nrequest_timeout = \"400ms\"";
    let ran = ask(&server.url, "closed = 1", load);
    assert!(class(&ran, "timeout") >= 2 && class(&ran, "timeout") == done(&ran), "{}", ran.output);
    // A second try may find the transport that the request before it gave up on.
    assert!((done(&ran)..=2 * done(&ran)).contains(&resent(&ran)), "{}", ran.output);
    let rows = ran.run["latency"].as_array().unwrap();
    let row =
        rows.iter().find(|row| row["class"] == "timeout" && row["kind"] == "service").unwrap();
    let p50 = row["p50"].as_u64().unwrap();
    assert!((395_000..1_500_000).contains(&p50), "{p50} µs");
}

/// What nginx has answered.
fn paths(log: &Path) -> Vec<String> {
    // It writes a line when it has answered, and the last of them when the client is gone.
    std::thread::sleep(Duration::from_millis(300));
    std::fs::read_to_string(log).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn nginx_closes_its_connections_and_no_request_is_lost_or_processed_twice() {
    let nginx = Nginx::start(|folder, port| {
        format!(
            "log_format path '$request_uri';\n\
             server {{ listen 127.0.0.1:{port} http2; keepalive_requests 10; \
             access_log {folder}/asked.log path; location / {{ return 200 '{{}}'; }} }}"
        )
    });
    let url = format!("http://127.0.0.1:{}", nginx.port);
    let log = nginx.log("asked.log");
    for arrival in ["closed = 50", "poisson = \"500/s\""] {
        std::fs::write(&log, "").unwrap();
        let ran = ask(&url, arrival, "connections = 5\nstreams_per_connection = 10");
        assert_eq!(class(&ran, "accepted"), done(&ran), "{arrival}: {}", ran.output);
        assert!(done(&ran) > 500 && resent(&ran) > 0, "{arrival}: {}", ran.output);
        let paths = paths(&log);
        let distinct: HashSet<&String> = paths.iter().collect();
        assert_eq!(distinct.len(), paths.len(), "{arrival}: some were processed twice");
        assert_eq!(paths.len() as u64, done(&ran), "{arrival}: {}", ran.output);
    }
}
