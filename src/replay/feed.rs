//! The thread that reads recordings ahead of the workers that send.
//!
//! One thread goes through the replayed phases of a run in their order and deals requests out: the
//! n-th of a phase goes to worker n mod k, through a queue of its own. A queue is wait-free on both
//! sides, so that a worker is never held up by the reader; where it finds nothing although the
//! recording goes on, it says so and looks again. How much waits in all queues together is bounded
//! in number and in bytes, and does not depend on the recording's size.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use rtrb::{Consumer, Producer, PushError, RingBuffer};

use super::plan::{ReplayError, ReplayPlan};
use super::playback::{Due, Ended, Playback};
use super::tally::{Counts, Tally, add};

/// Requests that wait for one worker: a second's worth at a high rate.
const AHEAD: usize = 16_384;

/// Bytes of requests that wait for all workers.
const WEIGHT_MAX: usize = 32 << 20;

/// How long the reader sleeps where nothing more fits.
const PAUSE: Duration = Duration::from_micros(500);

/// A phase that is replayed.
#[derive(Clone, Debug)]
pub struct Play {
    /// Its position among the phases of the run.
    pub phase: usize,
    /// What is replayed in it.
    pub plan: Arc<ReplayPlan>,
    /// How long it lasts.
    pub length: Duration,
}

/// What a replayed phase came to.
#[derive(Debug)]
pub struct Played {
    /// Its position among the phases of the run.
    pub phase: usize,
    /// What became of the recording's lines.
    pub counts: Counts,
    /// From the first request to the last that was due, as recorded.
    pub span: Duration,
    /// How reading ended; `None` if the run ended before its turn came.
    pub ended: Option<Result<Ended, ReplayError>>,
}

/// The next thing for a worker.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// A request of the phase.
    Due {
        /// Its number in the phase, from 0.
        number: u64,
        /// What is due when.
        due: Due,
    },
    /// It goes on, but is not read that far yet.
    Behind,
    /// Nothing more is due.
    End {
        /// Requests of the phase, over all workers.
        count: u64,
    },
}

#[derive(Debug)]
enum Item {
    Due { number: u64, due: Due },
    End { count: u64 },
}

/// Where one worker takes its requests from.
#[derive(Debug)]
pub struct Intake {
    queue: Consumer<Item>,
    weight: Arc<AtomicUsize>,
    tallies: Arc<[Arc<Tally>]>,
    /// Which of the replayed phases is under way.
    play: usize,
}

impl Intake {
    /// The next thing of the phase under way. After [`Next::End`] the next phase is.
    pub fn take(&mut self) -> Next {
        // Before the queue is looked at: what came before the reader left must not be missed.
        let is_abandoned = self.queue.is_abandoned();
        let Ok(item) = self.queue.pop() else {
            // The reader gave up, or there never was anything to replay.
            if is_abandoned {
                return Next::End { count: 0 };
            }
            if let Some(tally) = self.tallies.get(self.play) {
                add(&tally.behind, 1);
            }
            return Next::Behind;
        };
        self.weight.fetch_sub(weight(&item), Relaxed);
        match item {
            Item::Due { number, due } => Next::Due { number, due },
            Item::End { count } => {
                self.play += 1;
                Next::End { count }
            }
        }
    }
}

impl Drop for Intake {
    /// What a worker leaves behind must not keep the others from getting theirs.
    fn drop(&mut self) {
        while let Ok(item) = self.queue.pop() {
            self.weight.fetch_sub(weight(&item), Relaxed);
        }
    }
}

fn weight(item: &Item) -> usize {
    size_of::<Item>()
        + match item {
            Item::Due { due, .. } => due.asked.request.weight(),
            Item::End { .. } => 0,
        }
}

/// The reading thread.
#[derive(Debug)]
pub struct Feed {
    thread: Option<JoinHandle<Vec<Played>>>,
    stop: Arc<AtomicBool>,
    primed: Arc<AtomicBool>,
    tallies: Arc<[Arc<Tally>]>,
}

/// The thread ended as it should not.
#[derive(Debug, thiserror::Error)]
#[error("the reader of recordings panicked; please report this")]
pub struct Panicked;

impl Feed {
    /// Starts to read for so many workers and users; gives each worker its intake.
    pub fn start(plays: Vec<Play>, workers: u32, users: u32) -> io::Result<(Self, Vec<Intake>)> {
        let tallies: Arc<[_]> = plays.iter().map(|_| Arc::new(Tally::default())).collect();
        let (stop, primed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let weight = Arc::new(AtomicUsize::new(0));
        let (mut queues, mut intakes) = (Vec::new(), Vec::new());
        for _ in 0..workers {
            let (producer, queue) = RingBuffer::new(AHEAD);
            queues.push(producer);
            let (weight, tallies) = (Arc::clone(&weight), Arc::clone(&tallies));
            intakes.push(Intake { queue, weight, tallies, play: 0 });
        }
        let reader = Reader {
            queues,
            weight,
            stop: Arc::clone(&stop),
            primed: Arc::clone(&primed),
            users,
            tallies: Arc::clone(&tallies),
        };
        let thread = std::thread::Builder::new()
            .name("replay-reader".to_owned())
            .spawn(move || reader.run(plays))?;
        Ok((Self { thread: Some(thread), stop, primed, tallies }, intakes))
    }

    /// Whether as much is read as fits, or all there is.
    pub fn is_primed(&self) -> bool {
        self.primed.load(Relaxed)
    }

    /// The counts by now, one for each replayed phase.
    pub fn counts(&self) -> Vec<Counts> {
        self.tallies.iter().map(|tally| tally.counts()).collect()
    }

    /// Ends the reading and waits for the thread.
    pub fn join(mut self) -> Result<Vec<Played>, Panicked> {
        self.stop.store(true, Relaxed);
        let thread = self.thread.take();
        thread.map_or(Ok(Vec::new()), |thread| thread.join().map_err(|_| Panicked))
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            // Whoever drops it without joining has an error of its own to tell.
            let _ = thread.join();
        }
    }
}

struct Reader {
    queues: Vec<Producer<Item>>,
    weight: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    primed: Arc<AtomicBool>,
    users: u32,
    tallies: Arc<[Arc<Tally>]>,
}

impl Reader {
    fn run(mut self, plays: Vec<Play>) -> Vec<Played> {
        let tallies = Arc::clone(&self.tallies);
        let played = plays.into_iter().zip(tallies.iter()).map(|(play, tally)| {
            let mut played = Played {
                phase: play.phase,
                counts: Counts::default(),
                span: Duration::ZERO,
                ended: None,
            };
            if !self.stop.load(Relaxed) {
                played.ended = Some(self.play(&play, tally, &mut played.span));
            }
            played
        });
        let mut played: Vec<Played> = played.collect();
        self.primed.store(true, Relaxed);
        // A worker that finds nothing is counted until the end, so the counts are read last.
        while !self.stop.load(Relaxed) && self.queues.iter().any(|queue| !queue.is_abandoned()) {
            std::thread::park_timeout(PAUSE * 20);
        }
        for (played, tally) in played.iter_mut().zip(tallies.iter()) {
            played.counts = tally.counts();
        }
        played
    }

    fn play(
        &mut self,
        play: &Play,
        tally: &Tally,
        span: &mut Duration,
    ) -> Result<Ended, ReplayError> {
        let mut number = 0;
        let stop = Arc::clone(&self.stop);
        let ended =
            Playback::open(&play.plan, play.length, self.users, tally).and_then(|playback| {
                let mut playback = playback.until(&stop);
                let ended = playback.run(|due| {
                    let flow = self.push(number, Item::Due { number, due });
                    number += 1;
                    flow
                });
                *span = playback.span;
                ended
            });
        for worker in 0..self.queues.len() as u64 {
            if self.push(worker, Item::End { count: number }).is_break() {
                break;
            }
        }
        ended
    }

    /// Puts something into the queue of the worker whose turn it is, as soon as it has room.
    fn push(&mut self, turn: u64, mut item: Item) -> ControlFlow<()> {
        let worker = (turn % self.queues.len().max(1) as u64) as usize;
        loop {
            if self.stop.load(Relaxed) {
                return ControlFlow::Break(());
            }
            let Some(queue) = self.queues.get_mut(worker) else { return ControlFlow::Break(()) };
            if queue.is_abandoned() {
                // Its worker has ended; the others go on.
                return ControlFlow::Continue(());
            }
            if self.weight.load(Relaxed) <= WEIGHT_MAX {
                let weight = weight(&item);
                // Before the worker can take it out and subtract.
                self.weight.fetch_add(weight, Relaxed);
                match queue.push(item) {
                    Ok(()) => return ControlFlow::Continue(()),
                    Err(PushError::Full(back)) => item = back,
                }
                self.weight.fetch_sub(weight, Relaxed);
            }
            self.primed.store(true, Relaxed);
            std::thread::park_timeout(PAUSE);
        }
    }
}
