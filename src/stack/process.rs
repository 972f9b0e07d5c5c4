//! The child process, from the parent's side: its pipes, its end, and what it said last.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::error::StackError;
use super::protocol::LONGEST_LINE;

/// What is kept of the child's standard error, in bytes.
const KEPT: usize = 8 * 1_024;
/// How long an ended child's standard error is still read.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How long the child has for each line that it sends.
const START: Duration = Duration::from_secs(30);
/// How long the child has to end once its standard input is closed.
const STOP: Duration = Duration::from_secs(10);

/// How a child ended.
#[derive(Clone, Debug)]
struct Ended {
    status: ExitStatus,
    stderr: String,
}

/// A running child. Dropping it closes its standard input, upon which it ends by itself.
#[derive(Debug)]
pub(super) struct Process {
    pid: u32,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    ended: watch::Receiver<Option<Ended>>,
    kill: CancellationToken,
    watcher: JoinHandle<()>,
}

impl Process {
    /// Starts `program` with one argument.
    pub(super) fn spawn(program: &Path, argument: &str) -> Result<Self, StackError> {
        let failed = |source| StackError::Program { program: program.to_owned(), source };
        let mut child = Command::new(program)
            .arg(argument)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own, so that Ctrl-C reaches the parent alone, which may still need
            // the stack to undo what it did.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let gone = || failed(std::io::Error::other("its pipes are missing"));
        let pid = child.id().ok_or_else(gone)?;
        let stdin = child.stdin.take().ok_or_else(gone)?;
        let stdout = child.stdout.take().ok_or_else(gone)?;
        let stderr = child.stderr.take().ok_or_else(gone)?;
        let (tell, ended) = watch::channel(None);
        let kill = CancellationToken::new();
        let watcher = tokio::spawn(watch_over(child, stderr, tell, kill.clone()));
        Ok(Self { pid, stdin, stdout: BufReader::new(stdout), ended, kill, watcher })
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// Sends one line.
    pub(super) async fn send(&mut self, message: &impl Serialize) -> Result<(), StackError> {
        let mut line = serde_json::to_vec(message).map_err(std::io::Error::other)?;
        line.push(b'\n');
        match self.stdin.write_all(&line).await {
            Ok(()) => Ok(()),
            // Whoever does not read has ended, or is about to.
            Err(broken) => Err(self.death().await.unwrap_or(broken.into())),
        }
    }

    /// Receives one line.
    pub(super) async fn receive<T: DeserializeOwned>(
        &mut self,
        expected: &'static str,
    ) -> Result<T, StackError> {
        let mut line = String::new();
        let mut limited = (&mut self.stdout).take(LONGEST_LINE as u64);
        match timeout(START, limited.read_line(&mut line)).await {
            Err(_) => return Err(StackError::Late { to_do: "to start", limit: START }),
            Ok(Err(broken)) => return Err(broken.into()),
            Ok(Ok(0)) => {
                let garbled = StackError::Garbled { expected, found: line };
                return Err(self.death().await.unwrap_or(garbled));
            }
            Ok(Ok(_)) => {}
        }
        serde_json::from_str(&line).map_err(|_| StackError::Garbled { expected, found: line })
    }

    /// How the child ended, if it has or does so within a moment.
    async fn death(&mut self) -> Option<StackError> {
        timeout(Duration::from_secs(2), self.died()).await.ok()
    }

    /// Waits for the child to end without having been told to. Cancel-safe.
    pub(super) async fn died(&self) -> StackError {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(ended) => as_error(ended.as_ref()),
            // The watcher cannot end without having told.
            Err(_) => as_error(None),
        }
    }

    /// An error if the child has ended.
    pub(super) fn check(&self) -> Result<(), StackError> {
        match &*self.ended.borrow() {
            None => Ok(()),
            ended => Err(as_error(ended.as_ref())),
        }
    }

    /// Closes the child's standard input and waits for it to end; kills it if it does not.
    pub(super) async fn stop(self) -> Result<(), StackError> {
        let Self { stdin, stdout, ended, kill, watcher, .. } = self;
        let early = ended.borrow().is_some();
        drop(stdin);
        drop(stdout);
        let mut watcher = watcher;
        let late = timeout(STOP, &mut watcher).await.is_err();
        if late {
            kill.cancel();
            drop(watcher.await);
            return Err(StackError::Late { to_do: "to end, and was killed", limit: STOP });
        }
        match &*ended.borrow() {
            Some(ended) if !early && ended.status.success() => Ok(()),
            ended => Err(as_error(ended.as_ref())),
        }
    }
}

fn as_error(ended: Option<&Ended>) -> StackError {
    match ended {
        Some(Ended { status, stderr }) => {
            StackError::Died { status: *status, stderr: stderr.clone() }
        }
        None => StackError::Pipe(std::io::Error::other("it is no longer watched over")),
    }
}

/// Reads what the child says and waits for its end.
async fn watch_over(
    mut child: Child,
    mut stderr: ChildStderr,
    tell: watch::Sender<Option<Ended>>,
    kill: CancellationToken,
) {
    let mut kept = Vec::new();
    let waited = {
        let read = read_tail(&mut stderr, &mut kept);
        tokio::pin!(read);
        let mut reading = true;
        loop {
            tokio::select! {
                waited = child.wait() => {
                    if reading {
                        drop(timeout(LAST_WORDS, read).await);
                    }
                    break waited;
                }
                () = &mut read, if reading => reading = false,
                () = kill.cancelled() => {
                    drop(child.start_kill());
                    break child.wait().await;
                }
            }
        }
    };
    // A wait fails only where there is no such child any more.
    let status = waited.unwrap_or_default();
    let stderr = String::from_utf8_lossy(&kept).into_owned();
    tell.send_replace(Some(Ended { status, stderr }));
}

/// Reads to the end, and keeps the tail.
async fn read_tail(from: &mut ChildStderr, kept: &mut Vec<u8>) {
    let mut piece = [0; 2_048];
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        kept.extend_from_slice(&piece[..count]);
        if kept.len() > KEPT {
            kept.drain(..kept.len() - KEPT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_child_that_ends_early_is_quoted() {
        let error = async {
            let mut child = Process::spawn(Path::new("/bin/ls"), "/nowhere/to/be/found")?;
            child.receive::<u32>("a number").await
        }
        .await
        .unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, StackError::Died { .. }), "{text}");
        assert!(text.contains("/nowhere/to/be/found"), "{text}");
    }

    #[tokio::test]
    async fn lines_go_both_ways_and_the_child_ends_with_its_input() {
        let mut child = Process::spawn(Path::new("/bin/cat"), "-").unwrap();
        child.send(&7).await.unwrap();
        assert_eq!(child.receive::<u32>("a number").await.unwrap(), 7);
        child.check().unwrap();
        child.send(&"x").await.unwrap();
        let error = child.receive::<u32>("a number").await.unwrap_err().to_string();
        assert!(error.contains("a number"), "{error}");
        child.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_death_is_noticed() {
        let child = Process::spawn(Path::new("/bin/cat"), "-").unwrap();
        child.kill.cancel();
        let error = timeout(Duration::from_secs(10), child.died()).await.unwrap();
        assert!(matches!(error, StackError::Died { .. }), "{error}");
        assert!(child.check().is_err());
        assert!(child.stop().await.is_err());
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _guard = runtime.enter();
        let error = Process::spawn(Path::new("/nowhere/substorm"), "-").unwrap_err().to_string();
        assert!(error.contains("/nowhere/substorm"), "{error}");
    }
}
