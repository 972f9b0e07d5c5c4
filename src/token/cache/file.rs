//! One file of tokens: filling it, and checking one before it is used.

use std::io::{BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;

use super::super::store::{HEARTBEAT, MintError, Minting, SHARD, Shard};
use super::folder::{Folder, PART, Part};
use super::format::{self, Digest, Entry, HEAD, Head, sha256};
use super::mapping::Mapping;
use super::{CacheError, Progress};

/// Room in which blocks are gathered before they are written, in bytes.
const GATHERED: usize = 1 << 20;

/// What tokens are looked for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// What determines them.
    pub identity: Digest,
    /// How many.
    pub users: u32,
    /// The present, in seconds since 1970.
    pub now: u64,
    /// From `iat` to `exp`, in seconds.
    pub lifetime: u64,
}

/// What a look for tokens comes to.
pub(super) enum Found {
    /// They are there, and so old, in seconds.
    Ready(Vec<Shard>, u64),
    /// There is no such file.
    Nothing,
    /// There is a file, and this is wrong with it: a verb phrase.
    Unfit(String),
}

/// Looks for a file and checks all of it, on all cores.
pub(super) fn find(
    folder: &Folder,
    name: &str,
    wanted: &Wanted,
    progress: Progress<'_>,
) -> Result<Found, CacheError> {
    let Some(file) = folder.file(name)? else { return Ok(Found::Nothing) };
    let map = Mapping::of(file)
        .map_err(|error| CacheError::io(&folder.path_of(name), "cannot be mapped", error))?;
    let (head, index) = match format::decode(map.bytes()) {
        Ok(decoded) => decoded,
        Err(error) => return Ok(Found::Unfit(format!("is damaged: {error}"))),
    };
    match age(&head, wanted) {
        Ok(age) => match shards(&Arc::new(map), &head, &index, progress)? {
            Some(shards) => Ok(Found::Ready(shards, age)),
            None => Ok(Found::Unfit("is damaged: its tokens do not match their digests".into())),
        },
        Err(unfit) => Ok(Found::Unfit(unfit)),
    }
}

/// How old the tokens are, if they are wanted and young enough.
fn age(head: &Head, wanted: &Wanted) -> Result<u64, String> {
    let told = Head {
        identity: wanted.identity,
        users: wanted.users,
        issued: head.issued,
        lifetime: wanted.lifetime,
    };
    if *head != told {
        return Err("holds other tokens than its name says".into());
    }
    match wanted.now.checked_sub(head.issued) {
        None => Err("holds tokens from the future: the clock went back".into()),
        // The first renewals fall due at half of the lifetime, as in a run that minted them.
        Some(age) if age > head.lifetime / 2 => {
            Err(format!("holds tokens that have less than half of their {} s left", head.lifetime))
        }
        Some(age) => Ok(age),
    }
}

/// The shards of a file; `None` if one is not what the index says.
fn shards(
    map: &Arc<Mapping>,
    head: &Head,
    index: &[Entry],
    progress: Progress<'_>,
) -> Result<Option<Vec<Shard>>, CacheError> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let workers = cores.clamp(1, index.len().max(1));
    let slots: Vec<OnceLock<Shard>> = index.iter().map(|_| OnceLock::new()).collect();
    let (stop, checked) = (AtomicBool::new(false), AtomicU64::new(0));
    let check = |number: usize| {
        let range = index[number].range.start as usize..index[number].range.end as usize;
        let tokens = (head.users - number as u32 * SHARD).min(SHARD) as usize;
        checked.fetch_add(tokens as u64, Ordering::Relaxed);
        let block = map.bytes().get(range.clone())?;
        let right = sha256(block) == index[number].digest;
        right.then(|| Shard::mapped(map, range, tokens, head.issued)).flatten()
    };
    let check_every_nth = |first: usize, _working: SyncSender<()>| {
        for number in (first..index.len()).step_by(workers) {
            match check(number).map(|shard| slots[number].set(shard)) {
                Some(_) if !stop.load(Ordering::Relaxed) => {}
                // One that is wrong spares everybody the rest.
                _ => return stop.store(true, Ordering::Relaxed),
            }
        }
    };
    let stopped = thread::scope(|scope| {
        // Nobody sends; the channel closes when the last worker has ended.
        let (working, ended) = sync_channel(1);
        for first in 0..workers {
            let working = working.clone();
            scope.spawn(move || check_every_nth(first, working));
        }
        drop(working);
        let mut stopped = false;
        while ended.recv_timeout(HEARTBEAT) == Err(RecvTimeoutError::Timeout) {
            if progress(checked.load(Ordering::Relaxed)).is_break() {
                stopped = true;
                stop.store(true, Ordering::Relaxed);
            }
        }
        stopped
    });
    if stopped {
        return Err(MintError::Stopped { minted: 0, users: head.users }.into());
    }
    Ok(slots.into_iter().map(OnceLock::into_inner).collect())
}

/// Mints into a file that was begun, and gives it its name.
pub(super) fn fill(
    part: Part<'_>,
    name: &str,
    minting: &Minting,
    wanted: &Wanted,
    progress: Progress<'_>,
) -> Result<(), CacheError> {
    let path = part.path();
    let failed = |error| CacheError::io(&path, "cannot be written", error);
    let head = Head {
        identity: wanted.identity,
        users: wanted.users,
        issued: wanted.now,
        lifetime: wanted.lifetime,
    };
    let mut at = format::preamble(wanted.users);
    let mut index = Vec::with_capacity(wanted.users.div_ceil(SHARD) as usize);
    let mut file = BufWriter::with_capacity(GATHERED, &part.file);
    // Head and index come last, into the room that is left for them here.
    file.seek(SeekFrom::Start(at)).map_err(failed)?;
    minting.shards(wanted.users, wanted.now, progress, |shard: Shard| {
        let block = shard.block();
        let range = at..at + block.len() as u64;
        at = range.end;
        index.push(Entry { range, digest: sha256(block) });
        file.write_all(block).map_err(failed)
    })?;
    file.seek(SeekFrom::Start(0))
        .and_then(|_| file.write_all(&format::encode(&head, &index)))
        .and_then(|()| file.flush())
        .map_err(failed)?;
    drop(file);
    part.keep(name)
}

/// Removes files whose tokens have all expired, and what killed runs left unfinished. What cannot
/// be removed stays.
pub(super) fn clear(folder: &Folder, now: u64) {
    for name in folder.names().unwrap_or_default() {
        if name.ends_with(PART) {
            folder.remove_abandoned(&name);
        } else if name.ends_with(super::TOKENS) && expired(folder, &name, now) == Some(true) {
            let _ = folder.remove(&name);
        }
    }
}

fn expired(folder: &Folder, name: &str, now: u64) -> Option<bool> {
    let mut head = [0; HEAD];
    folder.file(name).ok()??.into_file().read_exact(&mut head).ok()?;
    let head = format::head(&head).ok()?;
    Some(head.issued.saturating_add(head.lifetime) <= now)
}
