//! Ctrl-C and SIGTERM: once to stop, twice to stop waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Watches for signals while a run is under way.
pub struct Signals {
    /// The first signal: send nothing more, end the faults, drain.
    pub stop: CancellationToken,
    /// The second one: give up draining. Faults are still ended.
    pub abort: CancellationToken,
    seen: Arc<AtomicU8>,
    task: JoinHandle<()>,
}

impl Signals {
    /// Starts to watch. Must be called within a runtime.
    pub fn watch() -> std::io::Result<Self> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let (stop, abort) = (CancellationToken::new(), CancellationToken::new());
        let seen = Arc::new(AtomicU8::new(0));
        let (stopper, aborter, counter) = (stop.clone(), abort.clone(), Arc::clone(&seen));
        let task = tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if counter.fetch_add(1, Ordering::Relaxed) == 0 {
                    stopper.cancel();
                } else {
                    aborter.cancel();
                }
            }
        });
        Ok(Self { stop, abort, seen, task })
    }

    /// Whether a signal came.
    pub fn interrupted(&self) -> bool {
        self.seen.load(Ordering::Relaxed) > 0
    }

    /// Stops watching.
    pub async fn close(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}
