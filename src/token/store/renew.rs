//! Renewing tokens before they expire, one shard at a time, by whoever has a thread to spare.

use std::sync::{Arc, PoisonError};

use super::mint::{MintError, Minting, Room};
use super::{Shard, TokenStore};

/// One shard was renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// How many tokens.
    pub tokens: u32,
    /// Whether their users had expired tokens until now. If that happens in a run, expected
    /// answers were wrong meanwhile: the run is invalid.
    pub late: bool,
}

impl TokenStore {
    /// Renews the shard that is due next, if it is due at `now` (seconds since 1970); `None` if
    /// not. Meant to be called in a loop by a thread of its own: one call takes as long as 1,024
    /// signatures. Readers see the old tokens until the new ones are whole.
    ///
    /// A shard is due between half and three quarters of its tokens' lifetime, spread over the
    /// shards, so that the work never comes all at once and is done long before `exp`.
    pub fn renew_due(&self, now: u64) -> Result<Option<Renewal>, MintError> {
        // A panic of an earlier renewal leaves the number as it was, which is right.
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(slot), Some(minting)) = (self.shards.get(*next), &self.minting) else {
            return Ok(None);
        };
        let old = slot.load_full();
        if now < self.due(minting, *next, &old) {
            return Ok(None);
        }
        let mut room = Room::default();
        let renewal = old.renewal.wrapping_add(1);
        let made = minting.shard(*next as u32, self.users, renewal, now, &mut room, || true)?;
        if let Some(shard) = made {
            slot.store(Arc::new(shard));
        }
        *next = (*next + 1) % self.shards.len();
        let late = now >= old.issued.saturating_add(minting.claims().lifetime());
        Ok(Some(Renewal { tokens: old.len() as u32, late }))
    }

    /// When [`renew_due`](Self::renew_due) has something to do next, in seconds since 1970. Waits
    /// for a renewal that is under way. `None` for an empty store, and for tokens that stay as they
    /// are.
    pub fn next_renewal(&self) -> Option<u64> {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        Some(self.due(self.minting.as_ref()?, *next, &self.shards.get(*next)?.load()))
    }

    fn due(&self, minting: &Minting, number: usize, shard: &Shard) -> u64 {
        let lifetime = minting.claims().lifetime();
        let spread = u128::from(lifetime / 4) * number as u128 / self.shards.len() as u128;
        shard.issued.saturating_add((lifetime / 2).max(1)).saturating_add(spread as u64)
    }
}
