//! From a subject to a user: cache, single flight, directory, and what to fall back on.
//!
//! A [`Store`] is a directory with what is remembered of it. There are two, because a gateway
//! that was pointed at the wrong directory by mistake does not mix up what it learns there.

use std::sync::Arc;
use std::time::Duration;

use super::cache::{Cache, Found, Lives, Remembered};
use super::flight::{Flights, Seat};
use super::lookup::Lookup;
use super::policy::Policies;
use super::stats::Stats;
use super::timing::{CacheUse, Lap, Timing};
use crate::clock::Clock;

/// How long to wait before asking again for a user that was not found.
const RETRY_GAP: Duration = Duration::from_millis(50);

/// What was found out; an error says why nothing was.
pub type Outcome = Result<Found, &'static str>;

/// How lookups are made, whatever the directory.
pub struct Manner {
    /// Asks directories.
    pub lookup: Lookup,
    /// Whether lookups of one subject are shared.
    pub single_flight: bool,
    /// How often to ask again for a user that was not found.
    pub retries: u32,
    /// For instants and spans.
    pub clock: Clock,
    /// What is counted.
    pub stats: Arc<Stats>,
}

/// A directory, and what is remembered of it.
pub struct Store {
    directory: String,
    fallback: Option<String>,
    cache: Cache,
    flights: Flights<Outcome>,
}

impl Store {
    /// The directory at this address; a user that is not there is looked for in the other one.
    pub fn new(directory: String, fallback: Option<String>, lives: Lives) -> Self {
        let (cache, flights) = (Cache::new(lives), Flights::default());
        Self { directory, fallback, cache, flights }
    }

    /// The store of the policies: lives with the mutant's, fall-back if it is on.
    pub fn of(policies: &Policies, directory: &str, primary: &str, negative: Duration) -> Self {
        let fallback = policies.primary_fallback.then(|| primary.to_owned());
        let lives = Lives { negative, ..Lives::of(policies) };
        Self::new(directory.to_owned(), fallback, lives)
    }

    /// Finds a subject. The cache holds it under `key`.
    pub async fn find(
        &self,
        manner: &Manner,
        subject: &str,
        key: &Arc<str>,
        timing: &mut Timing,
    ) -> Outcome {
        let mut lap = Lap::begin(manner.clock);
        let stats = &manner.stats;
        if !self.cache.is_on() {
            timing.cache = Some((CacheUse::Off, Duration::ZERO));
            let outcome = self.look_up(manner, subject, key).await;
            timing.lookup = Some(lap.end());
            return outcome;
        }
        let remembered = self.cache.get(key, lap.since()).await;
        let cache_took = lap.end();
        if let Remembered::Fresh(found) = remembered {
            stats.cache_hits.count();
            if found.is_none() {
                stats.negative_hits.count();
            }
            timing.cache = Some((CacheUse::Hit, cache_took));
            return Ok(found);
        }
        stats.cache_misses.count();
        let outcome = self.look_up(manner, subject, key).await;
        timing.lookup = Some(lap.end());
        match (outcome, remembered) {
            (Err(_), Remembered::Stale(user)) => {
                stats.stale_served.count();
                timing.cache = Some((CacheUse::Stale, cache_took));
                Ok(Some(user))
            }
            (outcome, _) => {
                timing.cache = Some((CacheUse::Miss, cache_took));
                outcome
            }
        }
    }

    /// Asks the directory, or waits for another request that asks it.
    async fn look_up(&self, manner: &Manner, subject: &str, key: &Arc<str>) -> Outcome {
        if !manner.single_flight {
            return self.ask_and_remember(manner, subject, key).await;
        }
        loop {
            match self.flights.board(key).await {
                Seat::Passenger(Some(outcome)) => {
                    manner.stats.shared_lookups.count();
                    return outcome;
                }
                // The pilot's client went away before the answer came.
                Seat::Passenger(None) => {}
                Seat::Pilot(pilot) => {
                    // The answer may have come between the look into the cache and the boarding.
                    let now = manner.clock.now();
                    let outcome = match self.cache.get(key, now).await {
                        Remembered::Fresh(found) => Ok(found),
                        _ => self.ask_and_remember(manner, subject, key).await,
                    };
                    pilot.land(outcome.clone());
                    return outcome;
                }
            }
        }
    }

    async fn ask_and_remember(&self, manner: &Manner, subject: &str, key: &Arc<str>) -> Outcome {
        let (asked, mark) = (manner.clock.now(), self.cache.mark(key));
        let found = self.ask(manner, subject).await?;
        self.cache.put(key, &found, asked, mark).await;
        Ok(found)
    }

    /// Asks as often and as widely as the policies say.
    async fn ask(&self, manner: &Manner, subject: &str) -> Outcome {
        let mut found = manner.lookup.ask(&self.directory, subject).await?;
        for _ in 0..manner.retries {
            if found.is_some() {
                break;
            }
            tokio::time::sleep(RETRY_GAP).await;
            found = manner.lookup.ask(&self.directory, subject).await?;
        }
        match (found, &self.fallback) {
            (None, Some(primary)) => manner.lookup.ask(primary, subject).await,
            (found, _) => Ok(found),
        }
    }

    /// Forgets a subject whose user changed.
    pub async fn forget(&self, subject: &str, keep_negative: bool) {
        self.cache.drop_entry(subject, keep_negative).await;
        self.flights.close_boarding(subject);
    }

    /// Forgets everything and says how many entries there were.
    pub async fn flush(&self) -> u64 {
        let entries = self.cache.flush().await;
        self.flights.close_all();
        entries
    }

    /// How many entries are held.
    pub async fn entries(&self) -> u64 {
        self.cache.len().await
    }
}
