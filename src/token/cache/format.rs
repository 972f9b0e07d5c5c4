//! The file of a cache: a head, an index with an entry a shard, and the shards' blocks.
//!
//! All numbers have their lowest byte first. The head's last 32 bytes are the SHA-256 of the rest
//! of the head and of the index; each entry has the SHA-256 of its block. So a file that was cut,
//! or of which any bit is wrong, is found out before anything in it is used.

use std::io;
use std::ops::Range;

use aws_lc_rs::digest::{SHA256, digest};

use super::super::store::SHARD;

/// What a file begins with: the name, and the version of this layout and of the claims'.
pub(super) const MAGIC: [u8; 16] = *b"substorm tokens1";
/// Bytes of the head.
pub(super) const HEAD: usize = 16 + DIGEST + 4 + 4 + 8 + 8 + DIGEST;
/// Bytes of an entry of the index: where the block starts, how long it is, and its digest.
const ENTRY: usize = 8 + 8 + DIGEST;
/// Bytes of a SHA-256.
const DIGEST: usize = 32;

/// What tells tokens of one kind from all others.
pub(super) type Digest = [u8; DIGEST];

/// What a file says of its tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// What determines the tokens.
    pub identity: Digest,
    /// How many there are.
    pub users: u32,
    /// `iat`, in seconds since 1970.
    pub issued: u64,
    /// From `iat` to `exp`, in seconds.
    pub lifetime: u64,
}

/// One shard of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Where its block lies.
    pub range: Range<u64>,
    /// SHA-256 of the block.
    pub digest: Digest,
}

/// SHA-256.
pub(super) fn sha256(bytes: &[u8]) -> Digest {
    let mut out = [0; DIGEST];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

/// Bytes before the first block of a file with so many tokens.
pub(super) fn preamble(users: u32) -> u64 {
    (HEAD + users.div_ceil(SHARD) as usize * ENTRY) as u64
}

/// Head and index as they stand in a file.
pub(super) fn encode(head: &Head, index: &[Entry]) -> Vec<u8> {
    let mut fields = Vec::with_capacity(HEAD + index.len() * ENTRY);
    fields.extend_from_slice(&MAGIC);
    fields.extend_from_slice(&head.identity);
    fields.extend_from_slice(&head.users.to_le_bytes());
    fields.extend_from_slice(&SHARD.to_le_bytes());
    fields.extend_from_slice(&head.issued.to_le_bytes());
    fields.extend_from_slice(&head.lifetime.to_le_bytes());
    let at = fields.len();
    for entry in index {
        fields.extend_from_slice(&entry.range.start.to_le_bytes());
        fields.extend_from_slice(&(entry.range.end - entry.range.start).to_le_bytes());
        fields.extend_from_slice(&entry.digest);
    }
    let digest = sha256(&fields);
    fields.splice(at..at, digest);
    fields
}

/// Reads head and index; the error says what is wrong with them.
pub(super) fn decode(bytes: &[u8]) -> io::Result<(Head, Vec<Entry>)> {
    let head = head(bytes)?;
    let index_end = preamble(head.users) as usize;
    let Some(index) = bytes.get(HEAD..index_end) else { return Err(wrong("it was cut short")) };
    let (fields, digest) = bytes[..HEAD].split_at(HEAD - DIGEST);
    if sha256(&[fields, index].concat()) != digest {
        return Err(wrong("its index does not match its digest"));
    }
    let mut entries = Vec::with_capacity(index.len() / ENTRY);
    let mut start = index_end as u64;
    for entry in index.chunks_exact(ENTRY) {
        let mut fields = Fields(entry);
        let (at, length) = (fields.number(), fields.number());
        let end = at.checked_add(length).filter(|end| at == start && *end <= bytes.len() as u64);
        let Some(end) = end else { return Err(wrong("it was cut short")) };
        entries.push(Entry { range: at..end, digest: fields.digest() });
        start = end;
    }
    if start != bytes.len() as u64 {
        return Err(wrong("it is longer than its index says"));
    }
    Ok((head, entries))
}

/// Reads the head alone, without comparing its digest.
pub(super) fn head(bytes: &[u8]) -> io::Result<Head> {
    let Some(bytes) = bytes.get(..HEAD) else { return Err(wrong("it was cut short")) };
    let Some(fields) = bytes.strip_prefix(&MAGIC) else {
        return Err(wrong("another version made it, or it is no file of tokens"));
    };
    let mut fields = Fields(fields);
    let identity = fields.digest();
    let (users, shard) = (fields.half(), fields.half());
    if shard != SHARD {
        return Err(wrong("another version made it"));
    }
    Ok(Head { identity, users, issued: fields.number(), lifetime: fields.number() })
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Takes fields off the front of bytes that are known to be long enough.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        let (field, rest) = self.0.split_at(N);
        out.copy_from_slice(field);
        self.0 = rest;
        out
    }

    fn half(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn number(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }

    fn digest(&mut self) -> Digest {
        self.take()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file() -> Vec<u8> {
        let users = SHARD + 5;
        let head = Head { identity: [7; DIGEST], users, issued: 1_800_000_000, lifetime: 900 };
        let blocks: [&[u8]; 2] = [b"first block", b"second"];
        let mut at = preamble(users);
        let index: Vec<Entry> = blocks
            .iter()
            .map(|block| {
                let range = at..at + block.len() as u64;
                at = range.end;
                Entry { range, digest: sha256(block) }
            })
            .collect();
        let mut file = encode(&head, &index);
        assert_eq!(file.len() as u64, preamble(users));
        let decoded = decode(&[&*file, &blocks.concat()].concat()).unwrap();
        assert_eq!(decoded, (head, index));
        file.extend_from_slice(&blocks.concat());
        file
    }

    #[test]
    fn what_is_written_is_read_back_and_nothing_else_is() {
        let whole = file();
        for cut in [0, 1, HEAD - 1, HEAD, HEAD + ENTRY, whole.len() - 1] {
            assert!(decode(&whole[..cut]).is_err(), "{cut} bytes of {}", whole.len());
        }
        assert!(decode(&[&*whole, b"x"].concat()).is_err());
        for at in 0..HEAD + 2 * ENTRY {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(decode(&changed).is_err(), "byte {at} may be anything");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes: Vec<u8>) {
            prop_assert!(decode(&bytes).is_err());
            let _ = decode(&[&MAGIC[..], &bytes].concat());
        }
    }
}
