//! One answer of each unexpected kind, for whoever wonders why a run failed.
//!
//! An answer is kept the first time that its kind occurs; afterwards a kind costs one look at a bit.
//! What is kept is short and shows neither tokens nor subjects: reports are passed on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::outcome::{Class, Observation};

/// The most bytes of a body that are shown.
const SHOWN: usize = 80;

/// Bytes of a body that are looked at: a token or a subject that begins in what is shown ends here.
const READ: usize = 16 * 1024;

/// A run of so many letters and digits, or more, may be a credential.
const MAY_BE_SECRET: usize = 24;

/// Routes told apart; those beyond share the last place.
const ROUTES: usize = 20;

/// What is unexpected about an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// It was let in, and does not show as whom.
    NoIdentity,
    /// It was let in and is not what the route expects, in these words.
    Check(String),
    /// Its class is not a right answer.
    Class,
}

/// An answer that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Specimen {
    /// What is unexpected about it.
    pub oddity: Oddity,
    /// What it says.
    pub class: Class,
    /// The route that was asked; `None` for a recorded request.
    pub route: Option<usize>,
    /// Its status code.
    pub status: u16,
    /// The beginning of its body, as [`shown`] shows it; empty for a recorded request, whose answer
    /// may be somebody's.
    pub body: String,
}

/// The kinds, as places in a set.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    NoIdentity,
    Check,
    Class(Class),
}

impl Kind {
    fn bit(self, route: usize) -> u64 {
        let of_route = Class::COUNT + 2 * route.min(ROUTES - 1);
        1 << match self {
            Self::Class(class) => class.index(),
            Self::NoIdentity => of_route,
            Self::Check => of_route + 1,
        }
    }
}

/// Those of a run: at most one for each class, and two for each route.
#[derive(Debug, Default)]
pub struct Specimens {
    seen: AtomicU64,
    kept: Mutex<Vec<Specimen>>,
}

impl Specimens {
    /// Whether this is the first of its kind; from then on it is not.
    pub(super) fn is_first(&self, kind: Kind, route: usize) -> bool {
        let bit = kind.bit(route);
        self.seen.load(Ordering::Relaxed) & bit == 0
            && self.seen.fetch_or(bit, Ordering::Relaxed) & bit == 0
    }

    pub(super) fn keep(&self, specimen: Specimen) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(specimen);
    }

    /// What was kept so far, in the order of its coming.
    pub fn kept(&self) -> Vec<Specimen> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The beginning of the answer's body in printable ASCII, without `token`, `subject`, and whatever
/// else may be a credential.
pub(super) fn shown(seen: &Observation<'_>, token: &[u8], subject: &str) -> String {
    let head = &seen.body[..seen.body.len().min(READ)];
    let head = replaced(head, token, b"<token>");
    let mut head = without_long_words(&replaced(&head, subject.as_bytes(), b"<subject>"));
    let is_cut = head.len() > SHOWN;
    head.truncate(SHOWN);
    format!("{}{}", head.escape_ascii(), if is_cut { "…" } else { "" })
}

fn replaced(text: &[u8], secret: &[u8], by: &[u8]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(&first) = rest.first() {
        if !secret.is_empty() && rest.starts_with(secret) {
            clean.extend_from_slice(by);
            rest = &rest[secret.len()..];
        } else {
            clean.push(first);
            rest = &rest[1..];
        }
    }
    clean
}

fn without_long_words(text: &[u8]) -> Vec<u8> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~+=%".contains(&byte);
    let words = text.chunk_by(|a, b| is_word(*a) == is_word(*b));
    let clean = words.map(|word| {
        if word.len() >= MAY_BE_SECRET && is_word(word[0]) { b"<long word>" } else { word }
    });
    clean.collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(body: &[u8]) -> String {
        let seen = Observation { status: 200, headers: &[], body, arrival: None };
        shown(&seen, b"s3cret", "alice")
    }

    #[test]
    fn shows_no_token_no_subject_and_little() {
        assert_eq!(show(b"hi alice, Bearer s3cret"), "hi <subject>, Bearer <token>");
        let jwt = format!("{{\"token\": \"{}.{}\"}}", "eyJhbGciOiJ".repeat(3), "x".repeat(50));
        assert_eq!(show(jwt.as_bytes()), r#"{\"token\": \"<long word>\"}"#);
        let long = "ab ".repeat(60);
        assert_eq!(show(long.as_bytes()).chars().count(), SHOWN + 1);
        // One that begins in what is shown and ends beyond it.
        let late = format!("{}{}", "ab ".repeat(26), "s3cret");
        assert!(!show(late.as_bytes()).contains('s'), "{late}");
        assert_eq!(show(b"\x00\xff\n"), r"\x00\xff\n");
        assert_eq!(show(b""), "");
    }

    #[test]
    fn keeps_the_first_of_each_kind_and_route_and_no_more() {
        let specimens = Specimens::default();
        let first = |kind, route| specimens.is_first(kind, route);
        assert!(first(Kind::NoIdentity, 0) && !first(Kind::NoIdentity, 0));
        assert!(first(Kind::NoIdentity, 1) && first(Kind::Check, 0) && first(Kind::Check, 1));
        assert!(first(Kind::Class(Class::Accepted), 0) && !first(Kind::Class(Class::Accepted), 1));
        assert!(first(Kind::Class(Class::Unclassified), 0));
        assert!(first(Kind::Check, 500) && !first(Kind::Check, 501));
    }
}
