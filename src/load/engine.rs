//! All workers of a run: starts them, passes errands on, stops and joins them.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::replay::Intake;
use crate::wire::Connector;

use super::context::Context;
use super::ledger::Report;
use super::probe::Errand;
use super::tap::Tap;
use super::worker::{self, WorkerSetup};

/// Errands that may wait for one worker.
const ERRANDS_MAX: usize = 65_536;

/// A worker that did not end as it should.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The system refused it something.
    #[error("load worker {worker} failed: {source}; check the limits on threads and open files")]
    Io {
        /// Which worker.
        worker: u32,
        /// What the system said.
        source: io::Error,
    },
    /// A bug of ours, which must not pass for a quiet target.
    #[error("load worker {worker} panicked: {message}")]
    Panicked {
        /// Which worker.
        worker: u32,
        /// What it said.
        message: String,
    },
}

/// Passes errands on; clones reach the same workers.
#[derive(Clone, Debug)]
pub struct Errands(Arc<[mpsc::Sender<Errand>]>);

impl Errands {
    /// Asks the worker that is in charge of a user; false if it has too much to do.
    pub fn ask(&self, errand: Errand) -> bool {
        let worker = errand.user().as_usize() % self.0.len().max(1);
        self.0.get(worker).is_some_and(|errands| errands.try_send(errand).is_ok())
    }
}

/// A worker's thread.
type Thread = JoinHandle<io::Result<()>>;

/// The workers of a run.
#[derive(Debug)]
pub struct Engine {
    threads: Vec<Thread>,
    errands: Errands,
    stop: CancellationToken,
    abort: CancellationToken,
}

impl Engine {
    /// Starts the workers; they wait for the context's start instant. Each makes its `connector` on
    /// its own thread. Reports go to `reports`, which closes when the last worker has ended. Where
    /// something is replayed, there are as many `recordings` as workers; where requests are handed on,
    /// as many `taps`. If one cannot be started, those before it have ended when this returns.
    pub fn start<C: Connector>(
        context: &Arc<Context>,
        connector: &(impl Fn() -> C + Clone + Send + 'static),
        workers: u32,
        reports: &mpsc::Sender<Report>,
        recordings: Vec<Intake>,
        taps: Vec<Tap>,
    ) -> Result<Self, LoadError> {
        let (mut recordings, mut taps) = (recordings.into_iter(), taps.into_iter());
        Self::start_each(workers, |number, errands, (stop, abort)| {
            let setup = WorkerSetup {
                number,
                workers,
                context: Arc::clone(context),
                errands,
                reports: reports.clone(),
                stop,
                abort,
                recordings: recordings.next(),
                tap: taps.next(),
            };
            let connector = connector.clone();
            std::thread::Builder::new()
                .name(format!("load-{number}"))
                .spawn(move || worker::run(setup, connector()))
        })
    }

    /// Has each thread started by `start`, which is given the worker's number, what it is asked, and
    /// the two tokens of [`Self::tokens`].
    fn start_each(
        workers: u32,
        mut start: impl FnMut(
            u32,
            mpsc::Receiver<Errand>,
            (CancellationToken, CancellationToken),
        ) -> io::Result<Thread>,
    ) -> Result<Self, LoadError> {
        let (stop, abort) = (CancellationToken::new(), CancellationToken::new());
        let (mut threads, mut senders) = (Vec::new(), Vec::new());
        for number in 0..workers {
            let (errands, receiver) = mpsc::channel(ERRANDS_MAX);
            match start(number, receiver, (stop.clone(), abort.clone())) {
                Ok(thread) => threads.push(thread),
                Err(source) => {
                    // The others would run the whole plan, and whoever takes their reports and
                    // requests would wait for them.
                    let begun = Self { threads, errands: Errands(senders.into()), stop, abort };
                    begun.abort();
                    // The first failure is told; theirs come of it.
                    let _ = begun.join();
                    return Err(LoadError::Io { worker: number, source });
                }
            }
            senders.push(errands);
        }
        Ok(Self { threads, errands: Errands(senders.into()), stop, abort })
    }

    /// Where errands are passed on.
    pub fn errands(&self) -> &Errands {
        &self.errands
    }

    /// Two levels of stopping, for whoever watches for signals: send nothing more, and do not wait
    /// for what is in flight either.
    pub fn tokens(&self) -> (CancellationToken, CancellationToken) {
        (self.stop.clone(), self.abort.clone())
    }

    /// Sends nothing more; what is in flight is waited for.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Does not wait for what is in flight either.
    pub fn abort(&self) {
        self.stop.cancel();
        self.abort.cancel();
    }

    /// Waits until every worker has ended. Blocks; call it where blocking is allowed.
    pub fn join(self) -> Result<(), LoadError> {
        let mut first = Ok(());
        for (worker, thread) in (0..).zip(self.threads) {
            let ended = match thread.join() {
                Ok(Ok(())) => Ok(()),
                Ok(Err(source)) => Err(LoadError::Io { worker, source }),
                Err(panic) => {
                    Err(LoadError::Panicked { worker, message: panic_message(panic.as_ref()) })
                }
            };
            first = first.and(ended);
        }
        first
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    use std::time::Duration;

    use super::*;

    #[test]
    fn workers_that_were_started_end_when_one_cannot_be() {
        let told = Arc::new(AtomicU32::new(0));
        let started = Engine::start_each(4, |number, _, (stop, abort)| {
            if number == 2 {
                return Err(io::Error::other("no more threads"));
            }
            let told = Arc::clone(&told);
            std::thread::Builder::new().spawn(move || {
                // Gives up after ten seconds, so that the test fails and does not hang.
                for _ in 0..1_000 {
                    if stop.is_cancelled() && abort.is_cancelled() {
                        // Whoever does not join it looks before it counts.
                        std::thread::sleep(Duration::from_millis(50));
                        told.fetch_add(1, Relaxed);
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(10));
                }
                Ok(())
            })
        });
        let error = started.unwrap_err();
        assert!(matches!(error, LoadError::Io { worker: 2, .. }), "{error}");
        assert_eq!(told.load(Relaxed), 2, "both have ended");
    }
}
