//! A worker in bursts of answers, with lines that answer nobody until they are told to, and then
//! all at once: what falls due meanwhile is sent before they are all read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;

use super::{Options, load_setup, prepare};
use crate::clock::Clock;
use crate::load::Engine;
use crate::measure::PhaseRecord;
use crate::outcome::{Failure, Observation};
use crate::report::{Beat, Observer, RunReport, Step};
use crate::wire::{Connected, Connection, Connector, Received, Template, Values};

/// From one request to the next: longer than a burst takes to be read.
const GAP: Duration = Duration::from_millis(50);
/// How long an answer takes to be read.
const READ: Duration = Duration::from_millis(3);
/// Answers of a burst.
const ANSWERS: u32 = 10;
const BURSTS: u32 = 6;
/// From the start of a burst until a request is due: less than one answer takes.
const BEFORE_DUE: Duration = Duration::from_millis(2);

struct Nobody;

impl Observer for Nobody {
    fn step(&self, _: &Step) {}
    fn remark(&self, _: &str) {}
    fn beat(&self, _: &Beat<'_>) {}
    fn finished(&self, _: &Arc<RunReport>, _: &[PhaseRecord], _: &Path) {}
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Burst,
    Read,
    Sent,
}

/// Makes lines; each is one.
#[derive(Clone)]
struct Lines {
    clock: Clock,
    bursts: watch::Receiver<u32>,
    log: Arc<Mutex<Vec<Event>>>,
}

impl Connector for Lines {
    type Connection = Self;

    async fn connect(&self) -> Result<Connected<Self>, Failure> {
        Ok(Connected { connection: self.clone(), set_up: None, shares: false })
    }
}

impl Connection for Lines {
    fn stage(&mut self, _: &Template, _: &Values<'_>) {}

    async fn send(&mut self) -> Result<(), Failure> {
        self.log.lock().unwrap().push(Event::Sent);
        self.bursts.mark_unchanged();
        Ok(())
    }

    async fn receive<R>(
        &mut self,
        read: impl FnOnce(&Observation<'_>) -> R,
    ) -> Result<Received<R>, Failure> {
        // After the last burst there are no more, and all is answered.
        let _ = self.bursts.changed().await;
        let until = self.clock.now() + READ;
        while self.clock.now() < until {}
        self.log.lock().unwrap().push(Event::Read);
        let answer = Observation { status: 200, headers: &[], body: b"", arrival: None };
        Ok(Received { value: read(&answer), reusable: true })
    }

    fn is_closed(&mut self) -> bool {
        false
    }
}

/// Everything that one worker did.
async fn events() -> Vec<Event> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, rate) = (listener.local_addr().unwrap().port(), 1_000 / GAP.as_millis());
    let text = format!(
        "name = \"burst\"\n\
         [population]\nusers = 10\n\
         [target]\nurl = \"http://127.0.0.1:{port}\"\nidentity = \"none\"\n\
         [load]\nworkers = 1\nconnections = 64\nopen_connections = 64\n\
         [[phase]]\nname = \"all\"\nfor = \"3100ms\"\narrival = {{ constant = \"{rate}/s\" }}\n"
    );
    let plan = Arc::new(crate::scenario::parse(&text).unwrap());
    let options = Options {
        out: PathBuf::new(),
        program: PathBuf::new(),
        token_cache: None,
        samples: None,
        formats: Vec::new(),
    };
    let observer: Arc<dyn Observer> = Arc::new(Nobody);
    let never = CancellationToken::new();
    let prepared = prepare::prepare(&plan, &options, &observer, &never).await.unwrap();
    let clock = Clock::start();
    let system = prepare::start_system(&plan, &prepared, Path::new(""), clock).await.unwrap();
    let start = clock.now() + Duration::from_millis(200);
    let shape = load_setup::shape(&plan, &[]);
    let context = load_setup::context(&plan, &prepared, &system, (clock, start), shape).unwrap();
    let (burst, bursts) = watch::channel(0);
    let lines = Lines { clock, bursts, log: Arc::default() };
    let (reports, _reports) = mpsc::channel(64);
    let (log, made) = (Arc::clone(&lines.log), move || lines.clone());
    let engine =
        Engine::start(&Arc::new(context), &made, 1, &reports, Vec::new(), Vec::new()).unwrap();
    drop(made);
    for n in 1..=BURSTS {
        let at = (start + GAP * ANSWERS * n).saturating_sub(BEFORE_DUE);
        sleep_until(clock.deadline(at.saturating_sub(Duration::from_millis(5)))).await;
        while clock.now() < at {}
        log.lock().unwrap().push(Event::Burst);
        burst.send_replace(n);
    }
    drop(burst);
    tokio::task::spawn_blocking(move || engine.join()).await.unwrap().unwrap();
    log.lock().unwrap().clone()
}

/// Answers that were read before what fell due in each burst was sent. Bursts that this thread came
/// too late for are left out: what they are about has gone before them.
fn reads(events: &[Event]) -> Vec<usize> {
    let mut sent = 0;
    let mut reads = Vec::new();
    for (n, between) in events.split(|event| *event == Event::Burst).enumerate() {
        if n > 0 && sent == n * ANSWERS as usize {
            reads.push(between.iter().take_while(|event| **event == Event::Read).count());
        }
        sent += between.iter().filter(|event| **event == Event::Sent).count();
    }
    reads
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_falls_due_in_a_burst_of_answers_does_not_wait_for_all_of_them() {
    // On a machine that others use too it may take several runs until a burst comes in time.
    let mut found = Vec::new();
    for _ in 0..5 {
        found = reads(&events().await);
        if !found.is_empty() {
            break;
        }
    }
    assert!(!found.is_empty(), "no burst came in time");
    // The one that was being read when it fell due, and one that had come to its turn.
    assert!(found.iter().all(|reads| *reads <= 2), "{found:?} of {ANSWERS} were read before");
}
