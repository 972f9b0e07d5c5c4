//! The gateway's known bugs, as the small decisions in which such bugs live.
//!
//! Each place that a bug could sit in asks here what to do; without a mutant every answer is the
//! right one. A mutant proves that the oracle would notice a gateway with that bug.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::policy::Mutant;
use super::refusal::Refusal;
use super::token::Token;

/// `SwapsIdentities` takes the other's name in one of this many requests.
const SWAP_EVERY: u64 = 50;

/// What to do where a bug could sit.
#[derive(Debug, Default)]
pub struct Bugs {
    mutant: Option<Mutant>,
    /// Who is being forwarded at the moment; kept by `SwapsIdentities` only.
    under_way: Mutex<Vec<Arc<str>>>,
    forwarded: AtomicU64,
}

impl Bugs {
    /// The decisions of this mutant, or the right ones.
    pub fn of(mutant: Option<Mutant>) -> Self {
        Self { mutant, ..Self::default() }
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// Whether a token passes without a look at its signature.
    pub fn trusts_unsigned(&self, token: &Token<'_>) -> bool {
        self.is(Mutant::AcceptsAlgNone) && token.algorithm.eq_ignore_ascii_case("none")
    }

    /// Whether `exp` is looked at.
    pub fn wants_expiry(&self) -> bool {
        !self.is(Mutant::SkipsExpiry)
    }

    /// Whether the subject is trimmed and lower-cased whatever the policy says.
    pub fn folds_subject(&self) -> bool {
        self.is(Mutant::FoldsSubject)
    }

    /// Under which key the cache holds the subject's entry.
    pub fn cache_key(&self, subject: &str, token: &Token<'_>) -> Arc<str> {
        if self.is(Mutant::KeysCacheOnToken) {
            String::from_utf8_lossy(token.bytes).into()
        } else {
            subject.into()
        }
    }

    /// How long an entry for a user that is not there lives; zero for none.
    pub fn negative_life(&self, ttl: Duration) -> Duration {
        /// Longer than any run.
        const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 86_400);
        if self.keeps_negatives() { FOR_EVER } else { ttl }
    }

    /// Whether entries for users that are not there outlive even an announced change.
    pub fn keeps_negatives(&self) -> bool {
        self.is(Mutant::KeepsNegativeEntries)
    }

    /// Whether an announced change drops the user's entry.
    pub fn heeds_changes(&self) -> bool {
        !self.is(Mutant::IgnoresInvalidation)
    }

    /// What to make of a user that is not there: a name to let in, or a refusal.
    pub fn not_found(&self, subject: &str) -> Result<Arc<str>, Refusal> {
        match self.mutant {
            Some(Mutant::ResurrectsUsers) => Ok(subject.into()),
            Some(Mutant::ErrorOnUnknownUser) => Err(Refusal::Broken),
            _ => Err(Refusal::UserNotFound),
        }
    }

    /// What to make of a store that cannot be asked.
    pub fn unreachable(&self, subject: &str, reason: &'static str) -> Result<Arc<str>, Refusal> {
        match self.mutant {
            Some(Mutant::FailsOpen) => Ok(subject.into()),
            Some(Mutant::UnauthorizedOnOutage) => Err(Refusal::UserNotFound),
            _ => Err(Refusal::Unavailable(reason)),
        }
    }

    /// Whether a 401 carries its challenge.
    pub fn sends_challenge(&self) -> bool {
        !self.is(Mutant::ForgetsChallenge)
    }

    /// The name under which a request is forwarded. What is returned beside it stands for the
    /// request while it is under way.
    pub fn name_for(&self, user: &Arc<str>) -> (Arc<str>, Option<UnderWay<'_>>) {
        if !self.is(Mutant::SwapsIdentities) {
            return (Arc::clone(user), None);
        }
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.forwarded.fetch_add(1, Ordering::Relaxed);
        // As with a request's context kept in a field that is shared: whoever came last wins.
        // Requests that run alone never show it. The counter waits for the first that can.
        let other = under_way.iter().rev().find(|other| *other != user).cloned();
        let due = number >= SWAP_EVERY - 1;
        let name = match other {
            Some(other) if due => {
                self.forwarded.store(0, Ordering::Relaxed);
                other
            }
            _ => Arc::clone(user),
        };
        under_way.push(Arc::clone(user));
        (name, Some(UnderWay { bugs: self, user: Arc::clone(user) }))
    }
}

/// A request that is being forwarded; ends when dropped.
#[derive(Debug)]
pub struct UnderWay<'a> {
    bugs: &'a Bugs,
    user: Arc<str>,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut under_way = self.bugs.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = under_way.iter().position(|user| *user == self.user) {
            under_way.swap_remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token<'static> {
        Token {
            bytes: b"h.p.s",
            algorithm: "None".to_owned(),
            key_id: None,
            signed: b"h.p",
            payload: Vec::new(),
            signature: Vec::new(),
        }
    }

    #[test]
    fn without_a_mutant_every_decision_is_the_right_one() {
        let bugs = Bugs::of(None);
        assert!(!bugs.trusts_unsigned(&token()) && bugs.wants_expiry() && !bugs.folds_subject());
        assert_eq!(&*bugs.cache_key("a", &token()), "a");
        assert_eq!(bugs.negative_life(Duration::ZERO), Duration::ZERO);
        assert!(bugs.heeds_changes() && !bugs.keeps_negatives() && bugs.sends_challenge());
        assert_eq!(bugs.not_found("a"), Err(Refusal::UserNotFound));
        assert_eq!(bugs.unreachable("a", "x"), Err(Refusal::Unavailable("x")));
        let users: Vec<Arc<str>> = (0..200).map(|i| i.to_string().into()).collect();
        let held: Vec<_> = users.iter().map(|user| bugs.name_for(user)).collect();
        assert!(users.iter().zip(&held).all(|(user, (name, _))| user == name));
    }

    #[test]
    fn each_mutant_changes_a_decision() {
        let changed = |mutant| {
            let bugs = Bugs::of(Some(mutant));
            let (a, b): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
            let held = bugs.name_for(&a);
            let swaps = (0..SWAP_EVERY).filter(|_| bugs.name_for(&b).0 != b).count();
            drop(held);
            usize::from(bugs.trusts_unsigned(&token()))
                + usize::from(!bugs.wants_expiry())
                + usize::from(bugs.folds_subject())
                + usize::from(&*bugs.cache_key("a", &token()) != "a")
                + usize::from(bugs.negative_life(Duration::ZERO) > Duration::ZERO)
                + usize::from(!bugs.heeds_changes())
                + usize::from(bugs.not_found("a") != Err(Refusal::UserNotFound))
                + usize::from(bugs.unreachable("a", "x") != Err(Refusal::Unavailable("x")))
                + usize::from(!bugs.sends_challenge())
                + swaps
        };
        for mutant in Mutant::ALL {
            assert_eq!(changed(*mutant), 1, "{mutant:?}");
        }
    }

    #[test]
    fn identities_are_swapped_only_among_those_under_way() {
        let bugs = Bugs::of(Some(Mutant::SwapsIdentities));
        let (a, b): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
        for _ in 0..500 {
            assert_eq!(bugs.name_for(&a).0, a, "alone");
        }
        let held = bugs.name_for(&a);
        assert_eq!(bugs.name_for(&a).0, a, "the other is the same user");
        let names: Vec<_> = (0..101).map(|_| bugs.name_for(&b).0).collect();
        assert_eq!(names.iter().filter(|name| **name == a).count(), 3);
        drop(held);
        assert!(bugs.under_way.lock().unwrap().is_empty());
    }
}
