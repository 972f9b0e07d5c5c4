//! A run that goes takes no memory for a request: neither schedule, lanes, wire nor judgement.
//!
//! A whole run in this process, against a server on loopback; what its worker thread takes is
//! counted between two instants of its middle. A hand-over, once a second, may take some.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use substorm::clock::{Clock, Tick};
use substorm::harness::{self, Options, SampleOptions};
use substorm::measure::PhaseRecord;
use substorm::report::formats::FORMATS;
use substorm::report::{Beat, Observer, RunReport, Step};
use substorm::scenario::{self, Overrides};
use substorm::units::Share;

use super::counting::{Counts, of_threads_named};

/// Requests a second.
const RATE: u64 = 2_000;

/// What a worker may take in [`WATCHED`] besides: two hand-overs, and times of a length that had
/// not come before.
const FEW: u64 = 200;

/// From the start of the load to the first count: connections and books are there by then.
const SETTLED: Duration = Duration::from_millis(1_500);

/// From the first count to the second.
const WATCHED: Duration = Duration::from_secs(2);

/// Workers are told apart by their threads' names, which are the same in each run.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

struct Unwatched;

impl Observer for Unwatched {
    fn step(&self, _: &Step) {}
    fn remark(&self, _: &str) {}
    fn beat(&self, _: &Beat<'_>) {}
    fn finished(&self, _: &Arc<RunReport>, _: &[PhaseRecord], _: &Path) {}
}

/// A server that answers who was asked for: `{"user":"NAME","of":[1]}` for `GET /NAME`. It tells of
/// stages, a little longer ones with each answer, so that no two heads are the same.
fn serve() -> (u16, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answered = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&answered);
    // Lives as long as the test, as its connections do.
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let count = Arc::clone(&count);
            thread::spawn(move || answer(client, &count));
        }
    });
    (port, answered)
}

fn answer(mut client: TcpStream, count: &AtomicU64) -> Option<()> {
    client.set_nodelay(true).ok()?;
    let mut requests = BufReader::new(client.try_clone().ok()?);
    let (mut line, mut user, mut n) = (String::new(), String::new(), 0_u64);
    loop {
        line.clear();
        requests.read_line(&mut line).ok().filter(|read| *read > 0)?;
        if let Some(rest) = line.strip_prefix("GET /") {
            rest.split(' ').next()?.clone_into(&mut user);
        } else if line == "\r\n" {
            let body = format!("{{\"user\":\"{user}\",\"of\":[1]}}");
            let length = body.len();
            n += 1;
            write!(
                client,
                "HTTP/1.1 200 OK\r\nServer-Timing: cache;desc=hit;dur=0.05{n:06}, lookup;dur=1.5\r\n\
                 Content-Length: {length}\r\n\r\n{body}"
            )
            .ok()?;
            count.fetch_add(1, Relaxed);
        }
    }
}

/// What the worker took in the middle of a run, and the requests that were answered meanwhile.
fn watch(identity: &str, expect: &str, keep_samples: bool) -> (u64, u64) {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let (port, answered) = serve();
    let text = format!(
        "name = \"still\"\n\
         [population]\nusers = 1000\n\
         [target]\nurl = \"http://127.0.0.1:{port}\"\nidentity = {identity}\n\
         [[route]]\nrequest = \"GET /{{user}}\"\n{expect}\n\
         [load]\nworkers = 1\nconnections = 4\nopen_connections = 4\n\
         [[phase]]\nname = \"all\"\nfor = \"5s\"\narrival = {{ constant = \"{RATE}/s\" }}\n"
    );
    let plan = scenario::read("still", &text, &Overrides::default(), &|_| None).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        out: folder.path().to_owned(),
        program: PathBuf::from(env!("CARGO_BIN_EXE_substorm")),
        token_cache: None,
        samples: keep_samples.then(|| SampleOptions {
            file: folder.path().join("samples.parquet"),
            only_wrong: false,
            share: Share::ALL,
        }),
        formats: FORMATS.iter().collect(),
    };
    let run = thread::spawn(move || {
        let observer: Arc<dyn Observer> = Arc::new(Unwatched);
        harness::run(plan, &options, &observer).unwrap()
    });

    let worker = || match of_threads_named("load-")[..] {
        [] => None,
        [(_, Counts { taken, .. })] => Some(taken),
        ref others => panic!("one worker: {others:?}"),
    };
    let clock = Clock::start();
    while worker().is_none() || answered.load(Relaxed) == 0 {
        assert!(clock.now() < Tick::ZERO + Duration::from_secs(20), "the load has not begun");
        thread::sleep(Duration::from_millis(5));
    }
    thread::sleep(SETTLED);
    let before = (worker().unwrap(), answered.load(Relaxed));
    thread::sleep(WATCHED);
    let after = (worker().unwrap(), answered.load(Relaxed));

    let report = run.join().unwrap().report;
    let right = report.verdicts.of("correct_accept");
    assert!(right > 0 && report.requests.done == right, "{:?}", report.verdicts);
    let all = report.stages.iter().filter(|row| row.phase == "*");
    let told: Vec<_> = all.map(|row| (row.stage.as_str(), row.percentiles.count)).collect();
    assert_eq!(told, [("cache", right), ("lookup", right)]);
    let samples = report.samples.clone().unwrap_or_default();
    assert_eq!((samples.written, samples.lost), (if keep_samples { right } else { 0 }, 0));
    let requests = after.1 - before.1;
    assert!(requests > RATE, "{requests} in {WATCHED:?}");
    (after.0 - before.0, requests)
}

#[test]
fn a_bearer_request_takes_no_memory() {
    let (taken, requests) = watch("\"none\"", "", false);
    assert!(taken <= FEW, "took memory {taken} times for {requests} requests");
}

#[test]
fn an_answer_whose_body_is_looked_into_takes_no_memory() {
    let expect = "expect = { status = 200, body = \"user\", json = { \"/of/0\" = 1 } }";
    let (taken, requests) = watch("{ json = \"/user\" }", expect, false);
    assert!(taken <= FEW, "took memory {taken} times for {requests} requests");
}

#[test]
fn a_request_that_is_kept_as_a_sample_takes_no_memory_of_its_worker() {
    let (taken, requests) = watch("\"none\"", "", true);
    assert!(taken <= FEW, "took memory {taken} times for {requests} requests");
}

#[test]
fn what_takes_memory_for_each_answer_shows() {
    // A list that is expected is compared whole, as a tree.
    let (taken, requests) = watch("\"none\"", "expect = { json = { \"/of\" = [1] } }", false);
    assert!(taken > requests, "took memory {taken} times for {requests} requests");
}
