//! Where the key set comes from: fetched from the identity provider, and fetched again when a
//! token names a key that is not in it.
//!
//! A token's `kid` is a stranger's word, so fetching again is limited to once in
//! [`FETCH_GAP`], however many such tokens come (RFC 8725 §3.10 asks not to follow them blindly).
//! In the worst case a key that was published just after a fetch is unknown for that long.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use hyper::{StatusCode, Uri};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::client::Client;
use super::keys::{KeySet, Signature};
use super::refusal::Refusal;
use super::stats::Stats;
use super::token::Token;
use crate::clock::{Clock, Tick};

/// The least time between two fetches.
pub const FETCH_GAP: Duration = Duration::from_secs(1);

/// How often the set is fetched without being asked for, so that withdrawn keys go.
const UPKEEP: Duration = Duration::from_secs(30);

/// How long a fetch may take.
const FETCH_LIMIT: Duration = Duration::from_secs(2);

/// The largest key set that is read, in bytes.
const MAX_SET: usize = 1 << 20;

/// The issuer's keys, kept up to date.
pub struct KeySource {
    client: Client,
    uri: Uri,
    algorithms: Vec<String>,
    keys: ArcSwapOption<KeySet>,
    last: Mutex<Option<Fetch>>,
    clock: Clock,
    stats: Arc<Stats>,
}

#[derive(Clone, Copy, Debug)]
struct Fetch {
    at: Tick,
    succeeded: bool,
}

impl KeySource {
    /// A source that has not fetched yet.
    pub fn new(
        client: Client,
        uri: Uri,
        algorithms: Vec<String>,
        clock: Clock,
        stats: Arc<Stats>,
    ) -> Self {
        let (keys, last) = (ArcSwapOption::empty(), Mutex::new(None));
        Self { client, uri, algorithms, keys, last, clock, stats }
    }

    /// Verifies a token's signature, with a newer set if the token's key is not in this one.
    pub async fn verify(&self, token: &Token<'_>) -> Result<(), Refusal> {
        let known = self.keys.load().as_ref().map(|set| set.verify(token));
        if let Some(signature @ (Signature::Good | Signature::Bad)) = known {
            return signature.into();
        }
        let succeeded = self.fetch(FETCH_GAP).await;
        match self.keys.load().as_ref().map(|set| set.verify(token)) {
            Some(Signature::UnknownKey) | None if !succeeded => {
                Err(Refusal::Unavailable("the key set could not be fetched"))
            }
            Some(signature) => signature.into(),
            None => Err(Refusal::Unavailable("the key set could not be read")),
        }
    }

    /// Fetches the set unless that was done within `gap`; says whether the last fetch succeeded.
    /// A set that cannot be fetched or read leaves the old one in force.
    async fn fetch(&self, gap: Duration) -> bool {
        let mut last = self.last.lock().await;
        if let Some(fetch) = *last
            && self.clock.now() - fetch.at < gap
        {
            return fetch.succeeded;
        }
        self.stats.key_fetches.count();
        let answer = self.client.get(&self.uri, FETCH_LIMIT, MAX_SET).await;
        let set = answer
            .ok()
            .filter(|answer| answer.status == StatusCode::OK)
            .and_then(|answer| serde_json::from_slice(&answer.body).ok())
            .and_then(|set| KeySet::read(&set, &self.algorithms));
        let succeeded = set.is_some();
        if let Some(set) = set {
            self.keys.store(Some(Arc::new(set)));
        }
        *last = Some(Fetch { at: self.clock.now(), succeeded });
        succeeded
    }

    /// Fetches the set now and then until cancelled.
    pub async fn keep_up(&self, cancel: CancellationToken) {
        let rounds = async {
            loop {
                self.fetch(Duration::ZERO).await;
                tokio::time::sleep(UPKEEP).await;
            }
        };
        cancel.run_until_cancelled(rounds).await;
    }
}
