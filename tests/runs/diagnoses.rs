//! What the generator says of itself, brought about for real.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;
use substorm::clock::{Clock, Tick};

use crate::hostile::{Server, head};
use crate::support::{Ran, run, run_with_few_files, scenario};

/// Reasons and findings that contain some words.
fn told(ran: &Ran, words: &str) -> Vec<String> {
    let findings = ran.run["findings"].as_array().into_iter().flatten();
    let reasons = ran.run["reasons"].as_array().into_iter().flatten();
    let sentences = findings.map(|finding| &finding["sentence"]).chain(reasons);
    let sentences = sentences.filter_map(Value::as_str).filter(|text| text.contains(words));
    sentences.map(str::to_owned).collect()
}

fn number(ran: &Ran, pointer: &str) -> f64 {
    let found = ran.run.pointer(pointer).and_then(Value::as_f64);
    found.unwrap_or_else(|| panic!("no {pointer}\n{}", ran.output))
}

fn answer(stream: &mut TcpStream) -> bool {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_ok()
}

fn answer_at_once(mut stream: TcpStream) {
    stream.set_nodelay(true).unwrap();
    while head(&mut stream) && answer(&mut stream) {}
}

/// Each request keeps its connection for a while, so that many are needed at once.
fn answer_slowly(mut stream: TcpStream) {
    while head(&mut stream) {
        std::thread::sleep(Duration::from_millis(500));
        if !answer(&mut stream) {
            return;
        }
    }
}

/// Every tenth answer goes out in two small writes, with Nagle's algorithm on, as it is unless it
/// is switched off. The second write waits for the client's acknowledgement, and the client's
/// system takes its time with that.
fn answer_in_pieces(mut stream: TcpStream) {
    for n in 1.. {
        if !head(&mut stream) {
            return;
        }
        let pieces: &[&[u8]] = match n % 10 {
            0 => &[b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"ok"],
            _ => &[b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"],
        };
        if pieces.iter().any(|piece| stream.write_all(piece).is_err()) {
            return;
        }
    }
}

#[test]
fn a_process_without_file_descriptors_proves_nothing_and_says_so() {
    let server = Server::start(answer_slowly);
    let target = ["--target", &server.url];
    // 125 connections would be needed at once.
    let ran = run_with_few_files(80, &scenario("diagnoses.toml"), &target);
    assert!(number(&ran, "/connections/descriptor_exhausted") > 10.0, "{}", ran.output);
    assert_eq!(ran.code, 4, "{}", ran.output);
    let sentences = told(&ran, "no file descriptor left in this process");
    assert_eq!(sentences.len(), 1, "{}", ran.output);
    assert!(sentences[0].contains("ulimit -Hn"), "{sentences:?}");
    // It never left: no answer, no verdict, and no latency.
    let lacking = number(&ran, "/connections/descriptor_exhausted");
    assert!(number(&ran, "/requests/unsent") >= lacking, "{}", ran.output);
    let answered = number(&ran, "/classes/total/unclassified");
    assert!((number(&ran, "/requests/done") - answered).abs() < 0.5, "{}", ran.output);
    assert!(number(&ran, "/classes/total/connect_refused").abs() < 0.5, "{}", ran.output);
    assert!(sentences[0].contains("of 80 (ulimit -Hn, 264 for 200 connections)"), "{sentences:?}");
    assert_eq!(told(&ran, "contradict"), Vec::<String>::new(), "{}", ran.output);
    // It was this side's doing, and is not said to be the target's.
    assert_eq!(told(&ran, "refused while"), Vec::<String>::new(), "{}", ran.output);
}

#[test]
fn with_enough_of_them_the_same_run_is_valid() {
    let server = Server::start(answer_slowly);
    let ran = run(&scenario("diagnoses.toml"), &["--target", &server.url]);
    assert!(number(&ran, "/connections/descriptor_exhausted") < 1.0, "{}", ran.output);
    assert_eq!(told(&ran, "file descriptor"), Vec::<String>::new(), "{}", ran.output);
    assert_eq!(ran.code, 0, "{}", ran.output);
    // 750 requests are too few for the threshold that the scenario has.
    let few = told(&ran, "p99.9(service_time) < 10s rests on");
    assert_eq!(few.len(), 1, "{}", ran.output);
}

/// Lets everybody in, as nobody, and repeats the credentials that it was given.
fn answer_with_the_token(mut stream: TcpStream) {
    let mut seen = vec![0; 8_192];
    while let Ok(length @ 1..) = stream.read(&mut seen) {
        let head = String::from_utf8_lossy(&seen[..length]).into_owned();
        let token =
            head.lines().find(|line| line.to_ascii_lowercase().starts_with("authorization"));
        let body = format!("hello {}", token.unwrap_or_default());
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

#[test]
fn a_run_in_which_nothing_is_right_says_so_and_shows_why_without_a_token() {
    let server = Server::start(answer_with_the_token);
    let ran = run(&scenario("diagnoses.toml"), &["--target", &server.url]);
    let all = ran.run["findings"][0]["sentence"].as_str().unwrap_or_default();
    assert!(all.starts_with("NOT ONE ANSWER WAS RIGHT of 750"), "{}", ran.output);
    let why = told(&ran, "set target.identity");
    assert_eq!(why.len(), 1, "{}", ran.output);
    assert!(
        why[0].contains("status 200 on GET /me with no header X-User-ID, body: hello"),
        "{why:?}"
    );
    assert!(why[0].contains("750 unclassified answers"), "{why:?}");
    // Every token of the run is a JWT, and so begins.
    assert!(!ran.run.to_string().contains("eyJ"), "{}", ran.run["unexpected"]);
    assert!(!ran.output.contains("eyJ"), "{}", ran.output);
}

#[test]
fn nagle_and_delayed_acknowledgements_are_recognised() {
    let server = Server::start(answer_in_pieces);
    let ran = run(&scenario("diagnoses.toml"), &["--target", &server.url]);
    let sentences = told(&ran, "TCP_NODELAY");
    assert_eq!(sentences.len(), 1, "{}\n{}", ran.run["around_40_ms"], ran.output);
    let server = Server::start(answer_at_once);
    let ran = run(&scenario("diagnoses.toml"), &["--target", &server.url]);
    assert_eq!(told(&ran, "TCP_NODELAY"), Vec::<String>::new(), "{}", ran.output);
}

/// Answers at once, but for the second second of its life, in which it answers nothing.
fn freeze_for_a_second(mut stream: TcpStream) {
    static BORN: OnceLock<Clock> = OnceLock::new();
    let second = Duration::from_secs(1);
    stream.set_nodelay(true).unwrap();
    while head(&mut stream) {
        let age = BORN.get_or_init(Clock::start).now().since(Tick::ZERO);
        if (second..second * 2).contains(&age) {
            std::thread::sleep((second * 2).saturating_sub(age));
        }
        if !answer(&mut stream) {
            return;
        }
    }
}

#[test]
fn a_target_that_freezes_does_not_make_the_run_invalid() {
    let server = Server::start(freeze_for_a_second);
    // 250 requests are due while it answers nothing, and 20 have a connection. A quarter of a second
    // is what a busy machine may take from a debug build.
    let limits = ["--set", "load.connections=20", "--set", "load.send_lag_limit=250ms"];
    let ran = run(&scenario("diagnoses.toml"), &[&["--target", &server.url], &limits[..]].concat());
    let (all, own) = (number(&ran, "/send_lag/p99"), number(&ran, "/own_lag/p99"));
    assert!(all > 700_000.0 && own < 250_000.0, "{all} and {own} µs\n{}", ran.output);
    let waited = number(&ran, "/connections/waited_lag/count");
    assert!((150.0..400.0).contains(&waited), "{waited}\n{}", ran.output);
    assert!(number(&ran, "/generator/late/connections_share") > 0.8, "{}", ran.output);
    assert_eq!(told(&ran, "Requests were sent late"), Vec::<String>::new(), "{}", ran.output);
    let sentences = told(&ran, "because all 20 were busy");
    assert!(sentences.len() == 1 && sentences[0].contains("is the send lag"), "{sentences:?}");
    assert_eq!(ran.code, 0, "{}", ran.output);
}

#[test]
fn spinning_is_shown_and_not_taken_for_work() {
    let server = Server::start(answer_at_once);
    let arguments = ["--target", &server.url, "--set", "load.spin=always"];
    let ran = run(&scenario("diagnoses.toml"), &arguments);
    let cpu = number(&ran, "/generator/workers/0/cpu_share");
    let spun = number(&ran, "/generator/workers/0/spin_share");
    let delayed = number(&ran, "/generator/workers/0/run_delay_share");
    // All of its core, but for what others took.
    assert!(cpu + delayed > 0.8 && cpu < 1.01, "{cpu} and {delayed}\n{}", ran.output);
    assert!(spun > cpu * 0.6 && spun <= cpu, "{spun} of {cpu}\n{}", ran.output);
    assert!(ran.output.contains("spinning"), "{}", ran.output);
    assert_eq!(told(&ran, "saturated"), Vec::<String>::new(), "{}", ran.output);
    let asleep =
        run(&scenario("diagnoses.toml"), &["--target", &server.url, "--set", "load.spin=never"]);
    assert!(number(&asleep, "/generator/workers/0/spin_share").abs() < 1e-9, "{}", asleep.output);
}

#[test]
fn a_closed_loop_says_whose_throughput_it_shows() {
    let server = Server::start(answer_at_once);
    let ran = run(&scenario("closed.toml"), &["--target", &server.url]);
    assert_eq!(ran.run["phases"][0]["closed"], true);
    let busy = number(&ran, "/phases/0/busy_share");
    // Flat out: what it did not get of its core, somebody else had, or the server needed.
    assert!(busy > 0.3 && busy < 1.1, "{busy}\n{}", ran.output);
    let sentences = told(&ran, "the generator, not the target, sets this throughput");
    assert_eq!(sentences.len(), usize::from(busy >= 0.85), "{busy}\n{}", ran.output);
    assert_eq!(told(&ran, "The generator was saturated"), Vec::<String>::new(), "{}", ran.output);
}
