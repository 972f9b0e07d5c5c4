//! What can go wrong with the embedded stack, as the parent sees it.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use crate::directory::scim::ScimError;

/// The stack did not start, did not do as told, or ended.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The program for the child cannot be run.
    #[error("the embedded stack cannot be started: {}: {source}", program.display())]
    Program {
        /// The program.
        program: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A link cannot listen.
    #[error("the link {name} of the embedded stack cannot listen on 127.0.0.1: {source}")]
    Link {
        /// The link.
        name: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// The child ended before it was told to.
    #[error("the embedded stack ended by itself ({status}){}", said(stderr))]
    Died {
        /// How it ended.
        status: ExitStatus,
        /// The last it wrote to its standard error.
        stderr: String,
    },
    /// The child took too long.
    #[error("the embedded stack took longer than {} s {to_do}", limit.as_secs())]
    Late {
        /// What it should have done.
        to_do: &'static str,
        /// How long it had.
        limit: Duration,
    },
    /// The child said something that makes no sense, or stopped talking.
    #[error("the embedded stack was to send {expected}, and sent {found:?}")]
    Garbled {
        /// What should have come.
        expected: &'static str,
        /// What came.
        found: String,
    },
    /// The pipe to the child broke.
    #[error("the embedded stack cannot be talked to: {0}")]
    Pipe(#[from] io::Error),
    /// A control request failed.
    #[error("the embedded stack's control at {url} {problem}")]
    Control {
        /// What was asked.
        url: String,
        /// What went wrong.
        problem: String,
    },
    /// The primary directory failed.
    #[error(transparent)]
    Scim(#[from] ScimError),
}

fn said(stderr: &str) -> String {
    let stderr = stderr.trim();
    if stderr.is_empty() {
        ", and said nothing".to_owned()
    } else {
        format!("; the last it said:\n{stderr}")
    }
}
