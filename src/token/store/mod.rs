//! The good tokens of all users, in memory.
//!
//! Users are cut into shards of [`SHARD`] each. A shard is one buffer of exactly the right size
//! and one `u32` a token that says where the token ends; it is replaced whole when its tokens are
//! renewed. Readers take the shard of the moment without a lock and keep it while they copy.
//!
//! Beside its bytes a token costs four bytes for its end and its part of the shard's own record:
//! [`TokenStore::memory`] counts it.

mod mint;
mod renew;

use std::sync::Mutex;

use arc_swap::ArcSwap;

pub use mint::{MintError, Minting, Subjects};
pub use renew::Renewal;

use crate::identity::UserIndex;

/// Users a shard. Large enough that a shard's own record and its allocations weigh little, small
/// enough that one renewal is short: 25 ms with ES256, a second with RSA.
pub(super) const SHARD: u32 = 1024;

/// The tokens of one shard.
#[derive(Debug)]
pub(super) struct Shard {
    /// The tokens, one after the other.
    bytes: Box<[u8]>,
    /// Where each token ends.
    ends: Box<[u32]>,
    /// `iat`, in seconds since 1970.
    issued: u64,
    /// How often the shard has been renewed.
    renewal: u32,
}

impl Shard {
    /// The token at this position of the shard.
    pub(super) fn token(&self, position: usize) -> &[u8] {
        let start = position.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start as usize..self.ends[position] as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}

/// One good token for each user, renewed shard by shard.
#[derive(Debug)]
pub struct TokenStore {
    minting: Minting,
    users: u32,
    shards: Box<[ArcSwap<Shard>]>,
    /// The shard to be renewed next, held while it is. Readers do not come here.
    next: Mutex<usize>,
}

/// What a store weighs, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The tokens themselves.
    pub tokens: u64,
    /// Everything else.
    pub beside: u64,
}

impl TokenStore {
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

    /// The `jti` of the user's present token.
    ///
    /// # Panics
    ///
    /// If the store has no such user.
    pub fn token_id(&self, user: UserIndex) -> String {
        let renewal = self.shards[(user.0 / SHARD) as usize].load().renewal;
        self.minting.claims().token_id(user, renewal)
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
        let mut memory = Memory { tokens: 0, beside: size_of::<Self>() as u64 };
        for shard in &self.shards {
            let shard = shard.load();
            // The slot, the shard with its two counts, and a word that each of its three
            // allocations costs.
            let record = size_of::<ArcSwap<Shard>>() + size_of::<Shard>() + 5 * size_of::<usize>();
            memory.tokens += shard.bytes.len() as u64;
            memory.beside += (size_of_val(&*shard.ends) + record) as u64;
        }
        memory
    }
}

#[cfg(test)]
mod tests;
