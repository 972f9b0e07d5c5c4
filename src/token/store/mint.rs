//! Making many tokens on all cores.
//!
//! Each worker mints every n-th shard and hands it over through a queue of one; the caller takes
//! them in turn, so that shards come in order and no more than two a worker lie about unclaimed.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::super::claims::Claims;
use super::super::plan::TokenPlan;
use super::super::signer::{SignError, Signer};
use super::{SHARD, Shard, TokenStore};
use crate::identity::UserIndex;
use crate::seed::Seed;

/// Appends the subject of a user.
pub type Subjects = Arc<dyn Fn(UserIndex, &mut String) + Send + Sync>;

/// How often the caller hears of progress and may stop.
pub(in super::super) const HEARTBEAT: Duration = Duration::from_millis(100);

/// Why tokens were not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// A signature failed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The caller wanted no more.
    #[error("minting was stopped after {minted} of {users} tokens")]
    Stopped {
        /// Made so far.
        minted: u64,
        /// Wanted.
        users: u32,
    },
    /// Tokens of a shard together pass 4 GiB.
    #[error("tokens are too large: 1024 of them pass 4 GiB; shorten the further claims")]
    TooLarge,
}

/// How the tokens of one run are made. Cheap to clone.
#[derive(Clone)]
pub struct Minting {
    signer: Arc<Signer>,
    claims: Arc<Claims>,
    subjects: Subjects,
}

impl fmt::Debug for Minting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Minting").field("signer", &self.signer).finish_non_exhaustive()
    }
}

impl Minting {
    /// Tokens of this plan and seed, signed by this signer, for users spelt by this function.
    pub fn new(plan: &TokenPlan, seed: Seed, signer: Arc<Signer>, subjects: Subjects) -> Self {
        Self { signer, claims: Arc::new(Claims::new(plan, seed)), subjects }
    }

    /// The signer.
    pub fn signer(&self) -> &Arc<Signer> {
        &self.signer
    }

    /// The claims.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Appends the user's subject.
    pub fn write_subject(&self, user: UserIndex, out: &mut String) {
        (self.subjects)(user, out);
    }

    /// The user's subject in a string of its own.
    pub fn subject(&self, user: UserIndex) -> String {
        let mut out = String::new();
        self.write_subject(user, &mut out);
        out
    }

    /// Mints a token for each of `users` users and shows them to `sink` in order; `progress` hears
    /// how many are made, at least ten times a second, and may stop it. On all cores.
    pub fn each(
        &self,
        users: u32,
        issued: u64,
        mut progress: impl FnMut(u64) -> ControlFlow<()>,
        mut sink: impl FnMut(UserIndex, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), MintError> {
        let mut user = 0;
        let stopped = |minted| MintError::Stopped { minted, users };
        self.shards(users, issued, &mut progress, |shard| {
            for position in 0..shard.len() {
                if sink(UserIndex(user), shard.token(position)).is_break() {
                    return Err(stopped(u64::from(user)));
                }
                user += 1;
            }
            Ok(())
        })
    }

    /// Mints all shards and shows them to `sink`, in order; `progress` as for [`each`](Self::each).
    pub(in super::super) fn shards<E: From<MintError>>(
        &self,
        users: u32,
        issued: u64,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
        mut sink: impl FnMut(Shard) -> Result<(), E>,
    ) -> Result<(), E> {
        let count = users.div_ceil(SHARD);
        let cores = thread::available_parallelism().map_or(1, usize::from) as u32;
        let workers = cores.clamp(1, count.max(1));
        let (stop, minted) = (AtomicBool::new(false), AtomicU64::new(0));
        let (stop, minted) = (&stop, &minted);
        thread::scope(|scope| {
            let queues: Vec<_> = (0..workers)
                .map(|worker| {
                    let (sender, receiver) = sync_channel(1);
                    let shards = (worker..count).step_by(workers as usize);
                    scope.spawn(move || self.work(shards, users, issued, stop, minted, &sender));
                    receiver
                })
                .collect();
            let mut stopped = || {
                let made = minted.load(Ordering::Relaxed);
                progress(made).is_break().then_some(MintError::Stopped { minted: made, users })
            };
            let result = (0..count)
                .zip(queues.iter().cycle())
                .try_for_each(|(_, queue)| sink(wait(queue, &mut stopped)?));
            // Workers that wait for room in their queue learn of the end by its closing.
            stop.store(true, Ordering::Relaxed);
            drop(queues);
            result
        })?;
        let _ = progress(u64::from(users));
        Ok(())
    }

    fn work(
        &self,
        shards: impl Iterator<Item = u32>,
        users: u32,
        issued: u64,
        stop: &AtomicBool,
        minted: &AtomicU64,
        out: &SyncSender<Result<Shard, MintError>>,
    ) {
        let mut room = Room::default();
        for number in shards {
            let one_more = || {
                minted.fetch_add(1, Ordering::Relaxed);
                !stop.load(Ordering::Relaxed)
            };
            let shard = self.shard(number, users, 0, issued, &mut room, one_more);
            let Some(shard) = shard.transpose() else { return };
            let failed = shard.is_err();
            if out.send(shard).is_err() || failed {
                return;
            }
        }
    }

    /// Mints one shard; `go_on` is asked after each token. `None` if it said no.
    pub(super) fn shard(
        &self,
        number: u32,
        users: u32,
        renewal: u32,
        issued: u64,
        room: &mut Room,
        mut go_on: impl FnMut() -> bool,
    ) -> Result<Option<Shard>, MintError> {
        let first = number * SHARD;
        let last = users.min(first.saturating_add(SHARD));
        room.ends.clear();
        room.tokens.clear();
        for user in (first..last).map(UserIndex) {
            room.subject.clear();
            (self.subjects)(user, &mut room.subject);
            room.payload.clear();
            self.claims.write(user, renewal, &room.subject, issued, &mut room.payload);
            self.signer.sign(&room.payload, &mut room.tokens)?;
            room.ends.push(u32::try_from(room.tokens.len()).map_err(|_| MintError::TooLarge)?);
            if !go_on() {
                return Ok(None);
            }
        }
        // A copy of exactly the right size; the room keeps its slack for the next shard.
        Ok(Some(Shard::owned(&room.ends, &room.tokens, issued, renewal)))
    }
}

/// Buffers that a minting thread uses again and again.
#[derive(Debug, Default)]
pub(super) struct Room {
    subject: String,
    payload: Vec<u8>,
    ends: Vec<u32>,
    tokens: Vec<u8>,
}

/// Takes the next shard of a queue, and asks now and then whether to go on.
fn wait(
    queue: &Receiver<Result<Shard, MintError>>,
    mut stopped: impl FnMut() -> Option<MintError>,
) -> Result<Shard, MintError> {
    loop {
        let next = queue.recv_timeout(HEARTBEAT);
        if let Some(stopped) = stopped() {
            return Err(stopped);
        }
        match next {
            Ok(shard) => return shard,
            Err(RecvTimeoutError::Timeout) => {}
            // Its worker panicked; the scope passes that on when it joins it.
            Err(RecvTimeoutError::Disconnected) => {
                return Err(MintError::Stopped { minted: 0, users: 0 });
            }
        }
    }
}

impl TokenStore {
    /// Mints a token for each of `users` users, on all cores. `issued` is `iat` in seconds since
    /// 1970; `progress` hears how many are made, at least ten times a second, and may stop it.
    pub fn mint(
        minting: Minting,
        users: u32,
        issued: u64,
        mut progress: impl FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Self, MintError> {
        let mut shards = Vec::with_capacity(users.div_ceil(SHARD) as usize);
        minting.shards(users, issued, &mut progress, |shard| {
            shards.push(shard);
            Ok::<_, MintError>(())
        })?;
        Ok(Self::of(minting, users, shards))
    }
}
