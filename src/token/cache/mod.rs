//! Tokens kept in files between runs, and read from there without taking memory.
//!
//! A cache is a folder. A file in it holds the tokens of one population, and is named by a digest
//! of everything that determines them ([`identity`]). Who finds such a file whose tokens have at
//! least half of their lifetime before them maps it and mints nothing; who does not, mints into
//! a new one. Tokens that are renewed while a run goes stay in that run's memory.
//!
//! Files that are merely of no use (cut, changed, from another version, too old) are replaced, and
//! the caller hears why. What looks like somebody else's doing (another owner, permissions for
//! others, a symbolic link) is an error, and nothing is touched.
//!
//! A cache has a key of its own for each algorithm, for scenarios that name none.

mod file;
mod folder;
mod format;
mod identity;
mod mapping;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::key::KeyError;
use super::plan::{KeySource, TokenPlan};
use super::signer::Signer;
use super::store::{MintError, Minting, TokenStore};
use file::{Found, Wanted};
use folder::Folder;
pub(super) use mapping::Mapping;

/// What the name of a file of tokens ends in.
const TOKENS: &str = ".tokens";

/// A folder in which tokens are kept.
#[derive(Debug)]
pub struct TokenCache {
    folder: Folder,
}

/// Whether tokens were minted, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// They were in the cache, and are so old, in seconds.
    Kept {
        /// Since they were minted.
        age: u64,
    },
    /// None were there.
    Minted,
    /// The file that was there was of no use.
    Replaced {
        /// Which, and why.
        because: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept { age } => write!(f, "taken from the cache, {age} s old"),
            Self::Minted => f.write_str("minted and kept in the cache"),
            Self::Replaced { because } => {
                write!(f, "minted anew and kept in the cache, because {because}")
            }
        }
    }
}

/// A cache that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Something about the folder or a file is not safe.
    #[error("token cache: {} {found}; {help}", path.display())]
    Refused {
        /// What was found.
        path: PathBuf,
        /// What is wrong with it: a verb phrase.
        found: String,
        /// What to do.
        help: String,
    },
    /// The system refused.
    #[error("token cache: {} {doing}: {source}", path.display())]
    Io {
        /// What was being worked on.
        path: PathBuf,
        /// What could not be done: a verb phrase.
        doing: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Minting failed, or was stopped.
    #[error(transparent)]
    Mint(#[from] MintError),
}

impl CacheError {
    fn io(path: &Path, doing: &'static str, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), doing, source }
    }

    fn refused(path: &Path, found: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Refused { path: path.to_owned(), found: found.into(), help: help.into() }
    }
}

/// Hears how many tokens are ready, and says whether to go on.
type Progress<'a> = &'a mut dyn FnMut(u64) -> ControlFlow<()>;

impl TokenCache {
    /// Opens the folder; makes it, for this user alone, if it is not there.
    pub fn open(path: &Path) -> Result<Self, CacheError> {
        Ok(Self { folder: Folder::open(path)? })
    }

    /// The signer of a plan. A plan that names no key gets the cache's own for its algorithm,
    /// which is made (mode 0600) if there is none yet.
    pub fn signer(&self, plan: &TokenPlan) -> Result<Signer, CacheError> {
        if let KeySource::File(_) = plan.key {
            return Ok(Signer::from_plan(plan)?);
        }
        if let Some(signer) = self.kept_signer(plan)? {
            return Ok(signer);
        }
        let fresh = Signer::from_plan(plan)?;
        let text =
            fresh.private_key().ok_or(KeyError::NotGenerated { algorithm: plan.algorithm })?;
        self.folder.write(&key_name(plan), &text)?;
        // Somebody may have been quicker: what lies there counts.
        Ok(self.kept_signer(plan)?.unwrap_or(fresh))
    }

    /// The signer with the cache's own key for the plan's algorithm, if the cache has one.
    pub fn kept_signer(&self, plan: &TokenPlan) -> Result<Option<Signer>, CacheError> {
        let name = key_name(plan);
        let Some(file) = self.folder.file(&name)? else { return Ok(None) };
        let path = self.folder.path_of(&name);
        let text = file.read().map_err(|error| CacheError::io(&path, "cannot be read", error))?;
        let signer = Signer::from_key_text(plan.algorithm, &text, &path, plan.key_id.as_deref())?;
        Ok(Some(signer))
    }

    /// The tokens of `users` users: the kept ones if they have at least half of their lifetime
    /// before them at `now` (seconds since 1970), otherwise new ones, which are kept. `progress`
    /// hears how many are ready, at least ten times a second, and may stop it.
    pub fn store(
        &self,
        minting: Minting,
        users: u32,
        now: u64,
        mut progress: impl FnMut(u64) -> ControlFlow<()>,
    ) -> Result<(TokenStore, Origin), CacheError> {
        let lifetime = minting.claims().lifetime();
        let wanted = Wanted { identity: identity::of(&minting, users), users, now, lifetime };
        let name = format!("{}{TOKENS}", identity::hex(&wanted.identity));
        if let Found::Ready(shards, age) = file::find(&self.folder, &name, &wanted, &mut progress)?
        {
            return Ok((TokenStore::of(minting, users, shards), Origin::Kept { age }));
        }
        let part = self.folder.part(&name, || progress(0).is_continue())?;
        let part = part.ok_or(MintError::Stopped { minted: 0, users })?;
        // Whoever held the lock may have minted what is wanted.
        let origin = match file::find(&self.folder, &name, &wanted, &mut progress)? {
            Found::Ready(shards, age) => {
                return Ok((TokenStore::of(minting, users, shards), Origin::Kept { age }));
            }
            Found::Nothing => Origin::Minted,
            Found::Unfit(found) => {
                let path = self.folder.path_of(&name);
                Origin::Replaced { because: format!("{} {found}", path.display()) }
            }
        };
        file::clear(&self.folder, now);
        file::fill(part, &name, &minting, &wanted, &mut progress)?;
        match file::find(&self.folder, &name, &wanted, &mut progress)? {
            Found::Ready(shards, _) => Ok((TokenStore::of(minting, users, shards), origin)),
            Found::Nothing => Err(self.spoilt(&name, "was removed by somebody")),
            Found::Unfit(found) => Err(self.spoilt(&name, &found)),
        }
    }

    /// A file that was made a moment ago is not what was written.
    fn spoilt(&self, name: &str, found: &str) -> CacheError {
        let found = format!("{found} right after it was written");
        CacheError::refused(&self.folder.path_of(name), found, "check the disk, or do without")
    }
}

/// The file of the cache's own key.
fn key_name(plan: &TokenPlan) -> String {
    format!("{}.key", plan.algorithm)
}
