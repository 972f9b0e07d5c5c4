//! The thread that writes the recording, and the queue before it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::counts::{Counters, add};
use crate::replay::{Line, first_line};

/// Requests that wait to be written.
const WAITING: usize = 16_384;

/// How long what was written may wait to reach the file while nothing comes.
const FLUSH: Duration = Duration::from_millis(200);

/// Where lines are handed over; clones feed the same file.
#[derive(Clone)]
pub(super) struct Pen {
    queue: SyncSender<Line<'static>>,
    counters: Arc<Counters>,
}

impl Pen {
    /// Has a line written, unless there is no room.
    pub fn write(&self, line: Line<'static>) {
        match self.queue.try_send(line) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                add(&self.counters.dropped);
            }
        }
    }
}

/// The writing thread.
pub(super) struct Writer {
    thread: JoinHandle<io::Result<()>>,
    failed: Arc<AtomicBool>,
}

impl Writer {
    /// Creates the file, readable by its owner alone, and starts to write. A file that is there
    /// already is left as it is.
    pub fn create(path: &Path, counters: &Arc<Counters>) -> io::Result<(Pen, Self)> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let mut file = BufWriter::new(file);
        writeln!(file, "{}", first_line())?;
        file.flush()?;
        let (queue, lines) = sync_channel(WAITING);
        let failed = Arc::new(AtomicBool::new(false));
        let (told, counted) = (Arc::clone(&failed), Arc::clone(counters));
        let thread =
            std::thread::Builder::new().name("record-writer".to_owned()).spawn(move || {
                let written = write_all(&mut file, &lines, &counted);
                if written.is_err() {
                    told.store(true, Relaxed);
                    // Whoever hands lines over must not find the queue full of what nobody takes.
                    for _ in &lines {
                        add(&counted.dropped);
                    }
                }
                written
            })?;
        Ok((Pen { queue, counters: Arc::clone(counters) }, Self { thread, failed }))
    }

    /// Whether the file can no longer be written.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Relaxed)
    }

    /// Waits until everything is in the file; every [`Pen`] must be gone.
    pub fn join(self) -> io::Result<()> {
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the writer panicked")))
    }
}

fn write_all(
    file: &mut BufWriter<File>,
    lines: &Receiver<Line<'static>>,
    counters: &Counters,
) -> io::Result<()> {
    loop {
        match lines.recv_timeout(FLUSH) {
            Ok(line) => {
                serde_json::to_writer(&mut *file, &line)?;
                file.write_all(b"\n")?;
                add(&counters.recorded);
            }
            Err(RecvTimeoutError::Timeout) => file.flush()?,
            Err(RecvTimeoutError::Disconnected) => {
                file.flush()?;
                return file.get_ref().sync_all();
            }
        }
    }
}
