//! The child's life: be told, start, tell, and run until the parent is gone.

use std::future::Future;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::unix::pipe;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::folder::{Folder, remove_leftovers};
use super::protocol::{LONGEST_LINE, LinkAddresses, StackConfig};
use super::systems::{SystemError, Systems};

/// The name of the hidden subcommand under which the program runs as a child.
pub const SUBCOMMAND: &str = "embedded-stack";

/// How long the systems may take to end.
const STOP: Duration = Duration::from_secs(5);

/// Why a child ended other than by its parent's will.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// Standard input or output failed.
    #[error("standard input and output must be pipes to the parent: {0}")]
    Pipe(#[from] io::Error),
    /// The folder for the stores cannot be made.
    #[error("no folder for the stores under {}: {source}; set TMPDIR to one that can be written to", parent.display())]
    Folder {
        /// Where it should have been.
        parent: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A line of the parent is not what it should be.
    #[error("the parent was to send {expected}: {source}")]
    Line {
        /// What should have come.
        expected: &'static str,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A system failed.
    #[error(transparent)]
    System(#[from] SystemError),
    /// A system did not end.
    #[error("the systems took longer than {} s to end", STOP.as_secs())]
    Late,
}

/// Runs the stack over this process's standard input and output, until the input closes or the
/// process is told to terminate.
pub async fn run() -> Result<(), ChildError> {
    let input = pipe::Receiver::from_owned_fd(io::stdin().as_fd().try_clone_to_owned()?)?;
    let output = pipe::Sender::from_owned_fd(io::stdout().as_fd().try_clone_to_owned()?)?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let told = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let temporary = std::env::temp_dir();
    remove_leftovers(&temporary);
    live(input, output, &temporary, told).await
}

/// Runs the stack until `input` closes or `told` is done.
async fn live(
    input: impl AsyncRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
    temporary: &Path,
    told: impl Future<Output = ()>,
) -> Result<(), ChildError> {
    tokio::pin!(told);
    let mut input = BufReader::new(input);
    let Some(config) = receive::<StackConfig>(&mut input, "the stack's settings").await? else {
        return Ok(());
    };
    let folder = Folder::create(temporary)
        .map_err(|source| ChildError::Folder { parent: temporary.to_owned(), source })?;
    let mut systems = Systems::start(config, folder.path(), CancellationToken::new()).await?;
    send(&mut output, &systems.addresses()).await?;

    let lived = tokio::select! {
        lived = serve_parent(&mut input, &mut output, &mut systems) => lived,
        () = &mut told => Ok(()),
    };
    let ended = tokio::time::timeout(STOP, systems.end()).await;
    drop(folder);
    lived?;
    ended.map_err(|_| ChildError::Late)?.map_err(ChildError::from)
}

/// The rest of the conversation, and then nothing until the parent goes.
async fn serve_parent(
    input: &mut (impl AsyncBufReadExt + Unpin),
    output: &mut (impl AsyncWrite + Unpin),
    systems: &mut Systems,
) -> Result<(), ChildError> {
    let links = tokio::select! {
        links = receive::<LinkAddresses>(input, "the links' addresses") => links?,
        failure = systems.failure() => return Err(failure.into()),
    };
    let Some(links) = links else {
        return Ok(());
    };
    let gateway = systems.start_gateway(&links).await?;
    send(output, &gateway).await?;
    let mut rest = [0; 64];
    loop {
        tokio::select! {
            // Nothing more is agreed on; what comes all the same is passed over.
            read = input.read(&mut rest) => if read? == 0 { return Ok(()) },
            failure = systems.failure() => return Err(failure.into()),
        }
    }
}

/// One line; `None` once the parent is gone.
async fn receive<T: DeserializeOwned>(
    input: &mut (impl AsyncBufReadExt + Unpin),
    expected: &'static str,
) -> Result<Option<T>, ChildError> {
    let mut line = String::new();
    input.take(LONGEST_LINE as u64).read_line(&mut line).await?;
    if line.is_empty() {
        return Ok(None);
    }
    serde_json::from_str(&line).map(Some).map_err(|source| ChildError::Line { expected, source })
}

async fn send(
    output: &mut (impl AsyncWrite + Unpin),
    message: &impl Serialize,
) -> Result<(), ChildError> {
    let mut line = serde_json::to_vec(message).map_err(io::Error::other)?;
    line.push(b'\n');
    output.write_all(&line).await?;
    output.flush().await?;
    Ok(())
}
