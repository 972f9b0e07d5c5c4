//! Counters that the control API shows.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

macro_rules! stats {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// What the gateway has counted since it began.
        #[derive(Debug, Default)]
        pub struct Stats {
            $($(#[$doc])* pub $name: Counter,)*
        }

        /// The counters at one instant.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
        pub struct Counts {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Stats {
            /// The counters now.
            pub fn counts(&self) -> Counts {
                Counts { $($name: self.$name.get(),)* }
            }
        }
    };
}

stats! {
    /// Requests received.
    requests,
    /// Requests forwarded to the upstream.
    forwarded,
    /// Requests turned away, for whatever reason.
    refused,
    /// Questions sent to a directory.
    lookups,
    /// Of these, the ones that got no answer.
    failed_lookups,
    /// Requests that waited for another request's lookup.
    shared_lookups,
    /// Requests whose user the cache had.
    cache_hits,
    /// Of these, the ones for users that are not there.
    negative_hits,
    /// Requests that found nothing in the cache.
    cache_misses,
    /// Requests served from an entry past its life.
    stale_served,
    /// Changes announced by the directory.
    changes_heard,
    /// Times that the stream of changes was opened.
    changes_connections,
    /// Requests that came while the gateway was misconfigured.
    misconfigured_requests,
    /// Fetches of the key set.
    key_fetches,
}

/// A number that only goes up.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// The number.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
