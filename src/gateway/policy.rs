//! The gateway's switches: preventions that can be tried against causes, and known bugs.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Everything about the gateway that a scenario can set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Policies {
    /// What is remembered of earlier lookups.
    pub cache: CachePolicy,
    /// At most one lookup of a subject at a time; others wait for it.
    pub single_flight: bool,
    /// Serve an entry that is past its life, for this long, when the store cannot be asked.
    pub stale_if_error: Duration,
    /// Ask again this many times, 50 ms apart, before believing that a user is not there.
    pub retry_on_not_found: u32,
    /// Ask the primary directory when the replica has no such user.
    pub primary_fallback: bool,
    /// Remove white space around `sub` before looking it up.
    pub trim: bool,
    /// Lower-case `sub` before looking it up.
    pub lower_case: bool,
    /// Refuse tokens whose `jti` is on the identity provider's deny list.
    pub deny_list: bool,
    /// The claim that names the user.
    pub claim: String,
    /// Put before the claim's value before looking it up.
    pub prefix: String,
    /// Time limit of one lookup.
    pub lookup_timeout: Duration,
    /// Clock leeway for `exp` and `nbf` (RFC 7519 §4.1.4).
    pub leeway: Duration,
    /// A known bug, for proving the oracle.
    pub mutant: Option<Mutant>,
}

/// What is remembered of earlier lookups.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CachePolicy {
    /// Life of an entry for a user that is there; zero for none.
    pub ttl: Duration,
    /// Life of an entry for a user that is not there; zero for none.
    pub negative_ttl: Duration,
    /// Entries that may be held.
    pub capacity: u64,
    /// Drop entries when the directory announces a change.
    pub invalidation: bool,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            cache: CachePolicy {
                ttl: Duration::from_secs(2),
                negative_ttl: Duration::ZERO,
                capacity: 1_000_000,
                invalidation: false,
            },
            single_flight: true,
            stale_if_error: Duration::ZERO,
            retry_on_not_found: 0,
            primary_fallback: false,
            trim: false,
            lower_case: false,
            deny_list: false,
            claim: "sub".to_owned(),
            prefix: String::new(),
            lookup_timeout: Duration::from_millis(500),
            leeway: Duration::ZERO,
            mutant: None,
        }
    }
}

macro_rules! mutants {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),* $(,)?) => {
        /// Known bugs. Each must be caught by the verdict that names it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Mutant {
            $($(#[$doc])* $variant,)*
        }

        impl Mutant {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];
            /// Their names in scenarios, in the same order.
            pub const NAMES: &[&str] = &[$($name),*];

            /// The name in scenarios.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The mutant with this name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|mutant| mutant.name() == name)
            }
        }
    };
}

mutants! {
    /// Lets everybody in when the store cannot be asked.
    FailsOpen = "fails-open",
    /// Answers 401 when the store cannot be asked.
    UnauthorizedOnOutage = "unauthorized-on-outage",
    /// Answers 500 when the user is not there.
    ErrorOnUnknownUser = "error-on-unknown-user",
    /// Now and then forwards one request under another's name when several are under way.
    SwapsIdentities = "swaps-identities",
    /// Remembers for ever that a user is not there.
    KeepsNegativeEntries = "keeps-negative-entries",
    /// Hears of changes and keeps its entries all the same.
    IgnoresInvalidation = "ignores-invalidation",
    /// Trims and lower-cases `sub`.
    FoldsSubject = "folds-subject",
    /// Keys its cache on the token's bytes, so that invalidation by subject finds nothing.
    KeysCacheOnToken = "keys-cache-on-token",
    /// Does not look at `exp`.
    SkipsExpiry = "skips-expiry",
    /// Takes tokens with `alg: none`.
    AcceptsAlgNone = "accepts-alg-none",
    /// Sends 401 without `WWW-Authenticate`.
    ForgetsChallenge = "forgets-challenge",
    /// Makes a user again from the token's claims when the directory has none.
    ResurrectsUsers = "resurrects-users",
}
