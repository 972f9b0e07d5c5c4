//! What the gateway remembers of earlier lookups.
//!
//! An entry has a life of its own, counted from the instant its lookup was *sent*, so that no
//! answer is ever older than its life says. Past its life an entry may be kept for a while, to be
//! served when the store cannot be asked. Reading never lengthens a life.
//!
//! An announced change drops the entry, and also keeps a lookup that is under way from putting
//! the old answer back: see [`Mark`]. What the cache does not do: look anything up.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::Expiry;

use super::policy::Policies;
use crate::clock::Tick;

/// A user as the directory has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The subject as the directory spells it.
    pub subject: Arc<str>,
    /// Whether the user may be let in.
    pub active: bool,
}

/// What the directory says of a subject; `None`: no such user.
pub type Found = Option<Record>;

/// What the cache has of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remembered {
    /// Nothing.
    Nothing,
    /// An entry within its life.
    Fresh(Found),
    /// An entry past its life, for when nothing better can be had.
    Stale(Record),
}

#[derive(Clone, Debug)]
struct Entry {
    found: Found,
    fresh_until: Tick,
    /// How long the entry is kept, counted by the cache itself.
    keep: Duration,
}

struct Keep;

impl Expiry<Arc<str>, Entry> for Keep {
    fn expire_after_create(&self, _: &Arc<str>, entry: &Entry, _: Instant) -> Option<Duration> {
        Some(entry.keep)
    }

    fn expire_after_update(
        &self,
        _: &Arc<str>,
        entry: &Entry,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.keep)
    }
}

/// The state of a key's announcements before a lookup; its answer is kept only if none came since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(u64);

/// How many counters the keys share. Two keys on one counter cost a lookup now and then.
const MARKS: usize = 1024;

/// The lives of entries.
#[derive(Clone, Copy, Debug)]
pub struct Lives {
    /// Of a user that is there; zero for none.
    pub positive: Duration,
    /// Of a user that is not there; zero for none.
    pub negative: Duration,
    /// How long beyond its life a user's entry is kept for outages.
    pub stale: Duration,
    /// Entries held.
    pub capacity: u64,
}

impl Lives {
    /// As the policies say.
    pub fn of(policies: &Policies) -> Self {
        Self {
            positive: policies.cache.ttl,
            negative: policies.cache.negative_ttl,
            stale: policies.stale_if_error,
            capacity: policies.cache.capacity,
        }
    }
}

/// The cache.
pub struct Cache {
    entries: moka::future::Cache<Arc<str>, Entry>,
    lives: Lives,
    marks: Box<[AtomicU64]>,
}

impl Cache {
    /// An empty cache.
    pub fn new(lives: Lives) -> Self {
        Self {
            entries: moka::future::Cache::builder()
                .max_capacity(lives.capacity)
                .expire_after(Keep)
                .build(),
            lives,
            marks: (0..MARKS).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Whether anything is ever remembered.
    pub fn is_on(&self) -> bool {
        self.lives.capacity > 0
            && !(self.lives.positive.is_zero()
                && self.lives.negative.is_zero()
                && self.lives.stale.is_zero())
    }

    /// What is known of the key at `now`.
    pub async fn get(&self, key: &str, now: Tick) -> Remembered {
        match self.entries.get(key).await {
            Some(entry) if now < entry.fresh_until => Remembered::Fresh(entry.found),
            // Nobody is turned away on old news of absence: only users are served stale.
            Some(Entry { found: Some(user), .. }) if !self.lives.stale.is_zero() => {
                Remembered::Stale(user)
            }
            _ => Remembered::Nothing,
        }
    }

    /// To be taken before a lookup is sent.
    pub fn mark(&self, key: &str) -> Mark {
        Mark(self.counter(key).load(Ordering::Acquire))
    }

    /// Remembers the answer to a lookup that was sent at `asked`, unless a change was announced
    /// since `mark` was taken.
    pub async fn put(&self, key: &Arc<str>, found: &Found, asked: Tick, mark: Mark) {
        let (life, stale) = match found {
            Some(_) => (self.lives.positive, self.lives.stale),
            None => (self.lives.negative, Duration::ZERO),
        };
        let keep = life.saturating_add(stale);
        if keep.is_zero() || self.mark(key) != mark {
            return;
        }
        let entry = Entry { found: found.clone(), fresh_until: asked + life, keep };
        self.entries.insert(Arc::clone(key), entry).await;
        // A change announced between the check and the insertion found nothing to drop.
        if self.mark(key) != mark {
            self.entries.invalidate(key).await;
        }
    }

    /// Drops what is known of the key, and what lookups under way are about to say of it.
    pub async fn drop_entry(&self, key: &str, keep_negative: bool) {
        if keep_negative && let Some(Entry { found: None, .. }) = self.entries.get(key).await {
            return;
        }
        self.counter(key).fetch_add(1, Ordering::AcqRel);
        self.entries.invalidate(key).await;
    }

    /// Drops everything and says how many entries there were.
    pub async fn flush(&self) -> u64 {
        self.entries.run_pending_tasks().await;
        let entries = self.entries.entry_count();
        for counter in &self.marks {
            counter.fetch_add(1, Ordering::AcqRel);
        }
        self.entries.invalidate_all();
        self.entries.run_pending_tasks().await;
        entries
    }

    /// How many entries there are, without those that no longer count.
    pub async fn len(&self) -> u64 {
        self.entries.run_pending_tasks().await;
        self.entries.entry_count()
    }

    fn counter(&self, key: &str) -> &AtomicU64 {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        &self.marks[hasher.finish() as usize % MARKS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn cache(positive: u32, negative: u32, stale: u32) -> Cache {
        Cache::new(Lives {
            positive: MS * positive,
            negative: MS * negative,
            stale: MS * stale,
            capacity: 1_000,
        })
    }

    fn record(subject: &str) -> Record {
        Record { subject: subject.into(), active: true }
    }

    async fn put(cache: &Cache, key: &str, found: Found, asked: Tick) {
        cache.put(&key.into(), &found, asked, cache.mark(key)).await;
    }

    const AT: Tick = Tick::from_micros(5_000_000);

    #[tokio::test]
    async fn lives_differ_by_answer_and_count_from_the_question() {
        let cache = cache(60_000, 30_000, 0);
        put(&cache, "a", Some(record("a")), AT).await;
        put(&cache, "b", None, AT).await;
        let just_before = |ms: u32| (AT + MS * ms).saturating_sub(Duration::from_nanos(1));
        assert_eq!(cache.get("a", just_before(60_000)).await, Remembered::Fresh(Some(record("a"))));
        assert_eq!(cache.get("a", AT + MS * 60_000).await, Remembered::Nothing);
        assert_eq!(cache.get("b", just_before(30_000)).await, Remembered::Fresh(None));
        assert_eq!(cache.get("b", AT + MS * 30_000).await, Remembered::Nothing);
        assert_eq!(cache.get("A", AT).await, Remembered::Nothing);
    }

    #[tokio::test]
    async fn a_life_of_zero_means_that_nothing_is_kept() {
        let cache = cache(60_000, 0, 0);
        put(&cache, "b", None, AT).await;
        assert_eq!(cache.get("b", AT).await, Remembered::Nothing);
        assert_eq!(cache.len().await, 0);
        assert!(cache.is_on() && !self::cache(0, 0, 0).is_on());
    }

    #[tokio::test]
    async fn a_new_answer_takes_the_place_of_the_old_with_its_own_life() {
        let cache = cache(60_000, 100, 0);
        put(&cache, "a", None, AT).await;
        put(&cache, "a", Some(record("a")), AT + MS).await;
        // Until the old entry's time in the cache is over as well.
        tokio::time::sleep(MS * 200).await;
        assert_eq!(cache.get("a", AT + MS * 60_000).await, Remembered::Fresh(Some(record("a"))));
    }

    #[tokio::test]
    async fn only_users_are_served_past_their_life() {
        let cache = cache(60_000, 60_000, 60_000);
        put(&cache, "a", Some(record("a")), AT).await;
        put(&cache, "b", None, AT).await;
        let late = AT + MS * 60_000;
        assert_eq!(cache.get("a", late).await, Remembered::Stale(record("a")));
        assert_eq!(cache.get("b", late).await, Remembered::Nothing);
    }

    #[tokio::test]
    async fn a_change_drops_the_entry_and_the_answer_under_way() {
        let cache = cache(60_000, 60_000, 0);
        let mark = cache.mark("a");
        cache.put(&"a".into(), &Some(record("a")), AT, mark).await;
        cache.drop_entry("a", false).await;
        assert_eq!(cache.get("a", AT).await, Remembered::Nothing);
        cache.put(&"a".into(), &Some(record("a")), AT, mark).await;
        assert_eq!(cache.get("a", AT).await, Remembered::Nothing, "asked before the change");
        put(&cache, "a", None, AT).await;
        assert_eq!(cache.get("a", AT).await, Remembered::Fresh(None));
        cache.drop_entry("a", true).await;
        assert_eq!(cache.get("a", AT).await, Remembered::Fresh(None), "kept by a mutant");
    }

    #[tokio::test]
    async fn a_flush_counts_and_drops_everything() {
        let cache = cache(60_000, 60_000, 0);
        let mark = cache.mark("x");
        for i in 0..50 {
            put(&cache, &i.to_string(), Some(record("u")), AT).await;
        }
        assert_eq!(cache.flush().await, 50);
        cache.put(&"x".into(), &Some(record("x")), AT, mark).await;
        assert_eq!((cache.len().await, cache.get("x", AT).await), (0, Remembered::Nothing));
        put(&cache, "x", Some(record("x")), AT).await;
        assert_eq!(cache.get("x", AT).await, Remembered::Fresh(Some(record("x"))));
    }
}
