//! The good tokens of all users, in memory or in a mapped file.
//!
//! Users are cut into shards of [`SHARD`] each. A shard is one block of exactly the right size,
//! which holds the tokens and four bytes each that say where they end; it is replaced whole when
//! its tokens are renewed. Readers take the shard of the moment without a lock and keep it while
//! they copy.
//!
//! In memory a token costs, beside its bytes, those four and its part of the shard's own record;
//! in a file only the latter. [`TokenStore::memory`] counts it.

mod mint;
mod renew;
mod shard;

use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;

pub(super) use mint::HEARTBEAT;
pub use mint::{MintError, Minting, Subjects};
pub use renew::Renewal;
pub(super) use shard::{SHARD, Shard};

use super::brought::BroughtTokens;
use crate::identity::UserIndex;
use shard::END;

/// One good token for each user, renewed shard by shard.
#[derive(Debug)]
pub struct TokenStore {
    /// `None` for tokens that stay as they are.
    minting: Option<Minting>,
    users: u32,
    shards: Box<[ArcSwap<Shard>]>,
    /// The shard to be renewed next, held while it is. Readers do not come here.
    next: Mutex<usize>,
}

/// What a store weighs, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The tokens themselves, as far as they are in memory.
    pub tokens: u64,
    /// The tokens in files, which take memory only as long as the system has some to spare.
    pub mapped: u64,
    /// Everything else.
    pub beside: u64,
}

impl TokenStore {
    /// A store of these shards.
    pub(super) fn of(minting: Minting, users: u32, shards: Vec<Shard>) -> Self {
        let shards = shards.into_iter().map(ArcSwap::from_pointee).collect();
        Self { minting: Some(minting), users, shards, next: Mutex::new(0) }
    }

    /// The tokens that people bring, which are never renewed. They are not copied.
    pub fn brought(tokens: &BroughtTokens) -> Self {
        let shards = tokens.shards().iter().map(|shard| ArcSwap::new(Arc::clone(shard))).collect();
        Self { minting: None, users: tokens.len(), shards, next: Mutex::new(0) }
    }

    /// Shows the user's token to `f`, without a lock. What `f` sees stays as it is even if the
    /// shard is renewed meanwhile.
    ///
    /// # Panics
    ///
    /// If the store has no such user.
    pub fn with_token<R>(&self, user: UserIndex, f: impl FnOnce(&[u8]) -> R) -> R {
        let shard = self.shards[(user.0 / SHARD) as usize].load();
        f(shard.token((user.0 % SHARD) as usize))
    }

    /// The `jti` of the user's present token, if it was minted.
    ///
    /// # Panics
    ///
    /// If the store has no such user.
    pub fn token_id(&self, user: UserIndex) -> Option<String> {
        let renewal = self.shards[(user.0 / SHARD) as usize].load().renewal;
        Some(self.minting.as_ref()?.claims().token_id(user, renewal))
    }

    /// How many users it has tokens for.
    pub fn len(&self) -> u32 {
        self.users
    }

    /// Whether it has no tokens.
    pub fn is_empty(&self) -> bool {
        self.users == 0
    }

    /// What it weighs now. While a shard is renewed there are two of it.
    pub fn memory(&self) -> Memory {
        let mut memory = Memory { tokens: 0, mapped: 0, beside: size_of::<Self>() as u64 };
        for shard in &self.shards {
            let shard = shard.load();
            let (ends, tokens) = (shard.len() * END, shard.token_bytes() as u64);
            // The slot, the shard with its two counts, and a word that each of its two
            // allocations costs.
            let record = size_of::<ArcSwap<Shard>>() + size_of::<Shard>() + 4 * size_of::<usize>();
            if shard.is_mapped() {
                memory.mapped += tokens;
                memory.beside += record as u64;
            } else {
                memory.tokens += tokens;
                memory.beside += (ends + record) as u64;
            }
        }
        memory
    }
}

#[cfg(test)]
mod tests;
