//! Why a run could not be carried out.

use std::io;
use std::path::PathBuf;

use crate::load::LoadError;
use crate::stack::StackError;
use crate::token::mutation::PoolError;
use crate::token::{BroughtError, CacheError, KeyError, MintError};
use crate::wire::TemplateError;

use super::exit::Exit;
use super::system::SystemError;

/// Why a run could not be carried out. What was recorded until then stays in its folder.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The system refused threads or signals.
    #[error("the run cannot be started: {0}; check the limits on threads and open files")]
    Runtime(io::Error),
    /// The run folder.
    #[error("{0}")]
    Folder(io::Error),
    /// The file of single requests.
    #[error("cannot write samples to {}: {source}; name another file with --samples", file.display())]
    Samples {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An earlier run was killed and its changes are still there.
    #[error("an earlier run left users in {scim}; undo them first: substorm heal {}", folder.display())]
    Unhealed {
        /// Its folder.
        folder: PathBuf,
        /// The directory.
        scim: String,
    },
    /// The signing key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Tokens with defects.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// Minting.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// The cache of tokens.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The tokens that the scenario brings.
    #[error(transparent)]
    Brought(#[from] BroughtError),
    /// A route that cannot be asked for.
    #[error("route: {0}")]
    Route(#[from] TemplateError),
    /// The system under test.
    #[error(transparent)]
    System(#[from] SystemError),
    /// Seeding.
    #[error("users cannot be made in the directory: {0}")]
    Seeding(String),
    /// The load engine.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The record of the run cannot be written; most often the disk is full.
    #[error(
        "the run was ended because its record cannot be written: {0}; what was written until then can be read"
    )]
    Record(io::Error),
    /// The run failed, and what it had changed could not be undone.
    #[error("{cause}; {} changes could not be undone, the first: {}; run substorm heal", left.len(), left.first().map_or("", String::as_str))]
    NotUndone {
        /// Why the run failed.
        cause: String,
        /// What could not be undone.
        left: Vec<String>,
    },
    /// A signal came before the load.
    #[error("interrupted before the load began; nothing is left behind")]
    Interrupted,
    /// A bug of ours.
    #[error("{part} failed: {message}; please report this")]
    Bug {
        /// Which part.
        part: &'static str,
        /// What it said.
        message: String,
    },
}

impl RunError {
    /// How the process ends.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Interrupted => Exit::Interrupted,
            Self::NotUndone { .. } => Exit::NotUndone,
            _ => Exit::NotCarriedOut,
        }
    }

    /// A task that should have ended has not.
    pub fn bug(part: &'static str, error: &tokio::task::JoinError) -> Self {
        Self::Bug { part, message: error.to_string() }
    }
}

impl From<StackError> for RunError {
    fn from(error: StackError) -> Self {
        Self::System(error.into())
    }
}
