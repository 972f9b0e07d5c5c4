//! The tokens of [`SHARD`] users in one block of bytes, in memory or in a mapped file.
//!
//! A block begins with the ends of its tokens, counted from the first token's start, four bytes
//! each with the lowest first; after them come the tokens. It is the same in memory and in a file.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::super::cache::Mapping;

/// Users a shard. Large enough that a shard's own record and its allocations weigh little, small
/// enough that one renewal is short: 25 ms with ES256, a second with RSA.
pub(in super::super) const SHARD: u32 = 1024;

/// Bytes of one token's end.
pub(in super::super) const END: usize = size_of::<u32>();

/// The tokens of one shard.
pub(in super::super) struct Shard {
    block: Block,
    tokens: usize,
    /// `iat`, in seconds since 1970.
    pub issued: u64,
    /// How often the shard has been renewed.
    pub renewal: u32,
}

/// Where a shard's block lies.
enum Block {
    Owned(Box<[u8]>),
    Mapped { file: Arc<Mapping>, range: Range<usize> },
}

impl fmt::Debug for Shard {
    /// Shows how many tokens there are, never a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shard")
            .field("tokens", &self.tokens)
            .field("issued", &self.issued)
            .field("renewal", &self.renewal)
            .finish_non_exhaustive()
    }
}

impl Shard {
    /// A shard in memory, of exactly the right size: tokens that lie one after the other, and
    /// where each ends.
    pub fn owned(ends: &[u32], tokens: &[u8], issued: u64, renewal: u32) -> Self {
        let mut block = Vec::with_capacity(ends.len() * END + tokens.len());
        for end in ends {
            block.extend_from_slice(&end.to_le_bytes());
        }
        block.extend_from_slice(tokens);
        Self { block: Block::Owned(block.into()), tokens: ends.len(), issued, renewal }
    }

    /// A shard of so many tokens in a mapped file; `None` if what lies there is no such block.
    pub fn mapped(
        file: &Arc<Mapping>,
        range: Range<usize>,
        tokens: usize,
        issued: u64,
    ) -> Option<Self> {
        let bytes = file.bytes().get(range.clone())?;
        let room = bytes.len().checked_sub(tokens.checked_mul(END)?)?;
        let block = Block::Mapped { file: Arc::clone(file), range };
        let shard = Self { block, tokens, issued, renewal: 0 };
        let mut last = 0;
        for position in 0..tokens {
            let end = shard.end(position);
            if end < last {
                return None;
            }
            last = end;
        }
        (last == room).then_some(shard)
    }

    /// The token at this position of the shard.
    pub fn token(&self, position: usize) -> &[u8] {
        let start = position.checked_sub(1).map_or(0, |before| self.end(before));
        &self.block()[self.tokens * END..][start..self.end(position)]
    }

    /// How many tokens it has.
    pub fn len(&self) -> usize {
        self.tokens
    }

    /// Bytes of its tokens.
    pub fn token_bytes(&self) -> usize {
        self.block().len() - self.tokens * END
    }

    /// The block as it lies in memory or in a file.
    pub fn block(&self) -> &[u8] {
        match &self.block {
            Block::Owned(bytes) => bytes,
            Block::Mapped { file, range } => &file.bytes()[range.clone()],
        }
    }

    /// Whether its block lies in a file.
    pub fn is_mapped(&self) -> bool {
        matches!(self.block, Block::Mapped { .. })
    }

    fn end(&self, position: usize) -> usize {
        let at = position * END;
        let mut end = [0; END];
        end.copy_from_slice(&self.block()[at..at + END]);
        u32::from_le_bytes(end) as usize
    }
}
