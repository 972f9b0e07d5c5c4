//! What one worker counts between two hand-overs.
//!
//! Books travel in a circle: a worker hands over those it has filled and goes on in others that
//! were emptied, and whoever has read the filled ones drops them, which sends them back. So a
//! worker takes no memory while it sends, and none a second either once it has had its share.

use std::mem::{swap, take};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use super::context::Job;
use super::examine::Examined;
use super::gather::Gather;
use super::probe::ProbeQueue;
use crate::clock::Tick;
use crate::measure::{Recorder, Shape};
use crate::oracle::Sighting;
use crate::outcome::{Failure, Observation};
use crate::wire::SetUp;

/// Sightings kept for one hand-over; more are counted as lost. At one hand-over a second this is
/// above what a core can send.
const SIGHTINGS_MAX: usize = 200_000;

/// Emptied books that may wait for their worker; more are let go.
const SPARE_BOOKS: usize = 2;

/// The books of one worker.
#[derive(Debug)]
pub struct Ledger {
    shape: Shape,
    books: Books,
    sightings_lost: u64,
    /// Books that come back.
    spare: Receiver<Books>,
    home: SyncSender<Books>,
    waited: u64,
    /// Probes to come; told of each sighting.
    pub probes: ProbeQueue,
    /// Requests sent and not yet done.
    pub in_flight: u32,
    /// Told of what is sent and answered.
    gather: Arc<Gather>,
}

#[derive(Debug, Default)]
struct Books {
    recorder: Recorder,
    sightings: Vec<Sighting>,
}

/// What a worker hands over. When it is dropped, its memory goes back to the worker.
#[derive(Debug)]
pub struct Entries {
    /// Counts and histograms since the last hand-over.
    pub recorder: Recorder,
    /// Answers about changed users.
    pub sightings: Vec<Sighting>,
    /// Answers about changed users that found no room.
    pub sightings_lost: u64,
    /// Requests that were due while every connection was busy, and had to wait for one.
    pub waited: u64,
    /// Requests sent and not yet done.
    pub in_flight: u32,
    home: SyncSender<Books>,
}

/// What a worker reports, once a second and at its end.
#[derive(Debug)]
pub struct Report {
    /// Which worker.
    pub worker: u32,
    /// When it was made.
    pub at: Tick,
    /// What happened since the last one.
    pub entries: Entries,
    /// CPU time of the worker's thread since load began.
    pub cpu: Duration,
    /// Of that, time spent waiting for due instants without sleeping, since the last report.
    pub spun: Duration,
    /// Time since then in which it was ready and did not run; `None` where the system does not tell.
    pub run_delay: Option<Duration>,
}

impl Drop for Entries {
    fn drop(&mut self) {
        let mut books =
            Books { recorder: take(&mut self.recorder), sightings: take(&mut self.sightings) };
        books.recorder.clear();
        books.sightings.clear();
        // Where the worker has ended, or has enough of them, they are let go.
        let _ = self.home.try_send(books);
    }
}

impl Ledger {
    /// Empty books.
    pub fn new(shape: Shape, probes: ProbeQueue, gather: Arc<Gather>) -> Self {
        let (home, spare) = sync_channel(SPARE_BOOKS);
        Self {
            books: Books { recorder: Recorder::new(&shape), sightings: Vec::new() },
            shape,
            sightings_lost: 0,
            waited: 0,
            spare,
            home,
            probes,
            in_flight: 0,
            gather,
        }
    }

    /// A request is due.
    pub fn due(&mut self, job: &Job, is_probe: bool) {
        let record = self.books.recorder.phase(job.phase);
        record.due += 1;
        record.probes += u64::from(is_probe);
        record.retries += u64::from(job.attempt > 0);
        if let Some(route) = record.by_route.get_mut(job.own_route()) {
            route.due += 1;
        }
    }

    /// A request has to wait for a connection.
    pub fn waits(&mut self) {
        self.waited += 1;
    }

    /// A request found neither a connection nor room to wait for one.
    pub fn unsent(&mut self, job: &Job) {
        self.books.recorder.phase(job.phase).unsent += 1;
    }

    /// A request goes out.
    pub fn sent(&mut self, job: &Job, sent: Tick) {
        let record = self.books.recorder.phase(job.phase);
        record.sent += 1;
        record.send_lag.record(sent - job.due);
        self.in_flight += 1;
        self.gather.under_way(self.in_flight);
    }

    /// A request that goes out had to wait for a connection; `own` is what of its lag was not that.
    pub fn had_waited(&mut self, job: &Job, sent: Tick, own: Duration) {
        let record = self.books.recorder.phase(job.phase);
        record.waited_lag.record(sent - job.due);
        record.waited_own.record(own);
    }

    /// A connection was made.
    pub fn connected(&mut self, phase: usize, set_up: &SetUp) {
        let record = self.books.recorder.phase(phase);
        record.connect.record(set_up.connect);
        if let Some(tls) = set_up.tls {
            record.tls.record(tls);
        }
    }

    /// A request that was to go out could not, for want of something that this machine or process
    /// has too little of. That says nothing about the target, so it is no answer.
    pub fn lacked(&mut self, phase: usize, failure: Failure) {
        let record = self.books.recorder.phase(phase);
        match failure {
            Failure::NoPort => record.port_exhausted += 1,
            _ => record.descriptor_exhausted += 1,
        }
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// A request goes out anew because nothing was done with it.
    pub fn resent(&mut self, phase: usize) {
        self.books.recorder.phase(phase).resent += 1;
    }

    /// A retry was let in, or a request is not asked again although it was turned away.
    pub fn retried(&mut self, phase: usize, recovered: bool) {
        let record = self.books.recorder.phase(phase);
        record.retries_recovered += u64::from(recovered);
        record.retries_exhausted += u64::from(!recovered);
    }

    /// A retry that was meant is not sent any more, because its phase or the run is at its end.
    pub fn retry_unsent(&mut self, phase: usize) {
        self.books.recorder.phase(phase).retries_unsent += 1;
    }

    /// A request was answered so: adds what the answer tells of stages.
    #[inline]
    pub fn saw(&mut self, job: &Job, seen: &Observation<'_>) {
        self.books.recorder.stages_told(job.phase, seen);
    }

    /// A request is done.
    pub fn answered(&mut self, job: &Job, examined: &Examined) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.gather.answered(self.in_flight);
        self.books.recorder.answer(&examined.sample);
        let Some(sighting) = examined.sighting else { return };
        self.probes.saw(job.user, sighting.sent, sighting.accepted);
        if self.books.sightings.len() < SIGHTINGS_MAX {
            self.books.sightings.push(sighting);
        } else {
            self.sightings_lost += 1;
        }
    }

    /// A request was given up at `now`, still in flight.
    pub fn censored(&mut self, job: &Job, now: Tick) {
        let record = self.books.recorder.phase(job.phase);
        record.censored += 1;
        record.censored_age.record(now - job.due);
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Everything since the last hand-over.
    pub fn hand_over(&mut self) -> Entries {
        let mut books = self.spare.try_recv().unwrap_or_else(|_| Books {
            recorder: Recorder::new(&self.shape),
            sightings: Vec::new(),
        });
        swap(&mut self.books, &mut books);
        Entries {
            recorder: books.recorder,
            sightings: books.sightings,
            sightings_lost: take(&mut self.sightings_lost),
            waited: take(&mut self.waited),
            in_flight: self.in_flight,
            home: self.home.clone(),
        }
    }
}
