//! Watchers that stand still: a run does not notice them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{ChildStderr, Stdio};
use std::time::{Duration, Instant};

use super::{scenario, substorm, turn};

/// What a pipe holds before its writer has to wait (pipe(7)).
const PIPE_BYTES: usize = 65_536;

fn run_json(out: &std::path::Path) -> serde_json::Value {
    let folder = std::fs::read_dir(out).unwrap().next().unwrap().unwrap().path();
    serde_json::from_slice(&std::fs::read(folder.join("run.json")).unwrap()).unwrap()
}

/// All seconds of the timeline are there, in their order.
fn assert_complete(out: &std::path::Path) {
    let folder = std::fs::read_dir(out).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(folder.join("timeline.csv")).unwrap();
    let seconds: Vec<usize> =
        text.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
    assert_eq!(seconds, (0..seconds.len()).collect::<Vec<_>>());
    assert!(seconds.len() >= 5, "{seconds:?}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test's own clock")]
fn a_pipe_that_nobody_reads_does_not_hold_a_run() {
    let _turn = turn();
    let out = tempfile::tempdir().unwrap();
    let (unread, mut full) = std::io::pipe().unwrap();
    full.write_all(&vec![b'.'; PIPE_BYTES]).unwrap();
    let began = Instant::now();
    let run = substorm()
        .args(["run", "--duration-scale", "2", "--out"])
        .arg(out.path())
        .arg(scenario("short.toml"))
        .stdout(Stdio::piped())
        .stderr(full)
        .output()
        .unwrap();
    let took = began.elapsed();
    drop(unread);
    let report = run_json(out.path());
    assert_eq!(i64::from(run.status.code().unwrap()), report["exit_code"].as_i64().unwrap());
    assert!(!run.stdout.is_empty(), "the summary was printed");
    assert_complete(out.path());
    // Five seconds of load, two in which the view is waited for, and the stack's start and end.
    let limits = Duration::from_secs(5)..Duration::from_secs(40);
    assert!(limits.contains(&took), "{took:?}");
    let wall = report["wall_s"].as_f64().unwrap();
    assert!((5.0..25.0).contains(&wall), "{wall}");
}

/// The address that the run says its page or its metrics are at.
fn address(said: &mut BufReader<ChildStderr>, what: &str) -> String {
    let mut line = String::new();
    while said.read_line(&mut line).unwrap() > 0 {
        if let Some(at) = line.find("http://").filter(|_| line.contains(what)) {
            return line[at + 7..].split('/').next().unwrap().to_owned();
        }
        line.clear();
    }
    panic!("no address of {what}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test's own clock")]
fn browsers_that_do_not_read_do_not_hold_a_run() {
    let _turn = turn();
    let out = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let mut run = substorm()
        .args(["run", "--duration-scale", "2", "--serve", "0", "--metrics", "0", "--out"])
        .arg(out.path())
        .arg(scenario("short.toml"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(run.stderr.take().unwrap());
    let page = address(&mut said, "watched");
    let metrics = address(&mut said, "metrics");
    let mut held = Vec::new();
    for n in 0..40 {
        let (at, path) = if n % 2 == 0 { (&page, "/events") } else { (&metrics, "/metrics") };
        let mut idle = TcpStream::connect(at).unwrap();
        write!(idle, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        held.push(idle);
    }
    // Two that are read, to see that what is served goes on beside them.
    let mut watched = TcpStream::connect(&page).unwrap();
    write!(watched, "GET /events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    let watching = std::thread::spawn(move || {
        let mut events = String::new();
        watched.read_to_string(&mut events).unwrap();
        events
    });
    let mut asked = TcpStream::connect(&metrics).unwrap();
    write!(asked, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    asked.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("substorm_build_info{"), "{answer}");
    std::io::copy(&mut said, &mut std::io::sink()).unwrap();
    let ended = run.wait_with_output().unwrap();
    let took = began.elapsed();
    drop(held);
    let events = watching.join().unwrap();
    let count = events.matches("\"spoken\":").count();
    assert!(count >= 4, "{count} events in five seconds");
    assert!(events.contains("\"over\":true"), "the end was told");
    let report = run_json(out.path());
    assert_eq!(i64::from(ended.status.code().unwrap()), report["exit_code"].as_i64().unwrap());
    assert_complete(out.path());
    let limits = Duration::from_secs(5)..Duration::from_secs(40);
    assert!(limits.contains(&took), "{took:?}");
}
