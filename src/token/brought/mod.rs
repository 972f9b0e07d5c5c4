//! Tokens that people bring: a file with one a line.
//!
//! The n-th token belongs to the n-th user, from 0. If the tokens are JWTs with a `sub`, that is
//! the user's subject; if they are opaque, the user's number is. The file is read once, into one
//! block for each 1,024 tokens. Beside its bytes a token takes four bytes for its end, and with a
//! `sub` four for the place of that and eight for finding the user by it.
//!
//! They are sent as they are: never renewed, never signed anew. Nothing here prints one.

mod lines;
mod place;
mod reading;
mod suit;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::store::{SHARD, Shard};
use crate::identity::{SubjectTable, UserIndex};
use lines::Lines;
use place::Place;
use reading::Reading;

/// Most tokens that are read from a file.
pub const MOST: u32 = 10_000_000;
/// Bytes that are read at once.
const PIECE: usize = 1 << 20;
/// Lines of which is told what is wrong with them.
const SHOWN: usize = 10;

/// The tokens of a file.
pub struct BroughtTokens {
    path: PathBuf,
    shards: Vec<Arc<Shard>>,
    count: u32,
    /// `None` where the tokens are opaque.
    subjects: Option<Subjects>,
    expired: u32,
    ending: Vec<(UserIndex, u64)>,
}

/// Who the tokens are for.
struct Subjects {
    places: Vec<Place>,
    /// Hash and user, packed, in the order of the hashes.
    by_hash: Vec<u64>,
}

/// The instants that decide which tokens are told of, in seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// The present.
    pub now: u64,
    /// When the run will have ended.
    pub end: u64,
}

/// A file of tokens that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BroughtError {
    /// It could not be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There are no tokens in it.
    #[error("{} holds no token; write one a line", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// There are more tokens than users can be.
    #[error("{} holds more than 10,000,000 tokens; set `population.users` to read fewer", path.display())]
    TooMany {
        /// The file.
        path: PathBuf,
    },
    /// All have expired.
    #[error("all {count} tokens of {} have expired; bring fresh ones", path.display())]
    Expired {
        /// The file.
        path: PathBuf,
        /// How many there are.
        count: u32,
    },
    /// Lines that are no tokens, or not of the kind of the others.
    #[error("{0}")]
    Lines(WrongLines),
    /// The first token is not one that the rest of the scenario is about.
    #[error("{} does not suit the scenario: {problem}", path.display())]
    Unsuited {
        /// The file.
        path: PathBuf,
        /// What does not fit, and what to do.
        problem: String,
    },
}

/// What is wrong with lines of a file: a line each for the first ten, and a count.
#[derive(Clone, Debug)]
pub struct WrongLines {
    /// The file.
    pub path: PathBuf,
    /// How many lines are wrong.
    pub count: u64,
    /// The first of them with what is wrong: verb phrases.
    pub first: Vec<(u64, String)>,
}

impl WrongLines {
    fn add(&mut self, line: u64, what: impl Into<String>) {
        self.count += 1;
        if self.first.len() < SHOWN {
            self.first.push((line, what.into()));
        }
    }
}

impl fmt::Display for WrongLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (line, what)) in self.first.iter().enumerate() {
            let gap = if number > 0 { "\n" } else { "" };
            write!(f, "{gap}{}:{line}: {what}", self.path.display())?;
        }
        match self.count - self.first.len() as u64 {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

impl fmt::Debug for BroughtTokens {
    /// Shows the file and how many tokens there are, never a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BroughtTokens")
            .field("path", &self.path)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

impl PartialEq for BroughtTokens {
    /// Whether they are the very same: two readings of a file may differ.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl BroughtTokens {
    /// Reads a file: the first `most` tokens, or all. Everything that is wrong is told at once.
    pub fn read(path: &Path, most: Option<u32>, span: Span) -> Result<Self, BroughtError> {
        let unreadable = |source| BroughtError::Unreadable { path: path.to_owned(), source };
        let file = File::open(path).map_err(unreadable)?;
        Self::read_from(BufReader::with_capacity(PIECE, file), path, most, span)
    }

    /// The same of bytes that are called `path` in messages.
    pub fn read_from(
        input: impl BufRead,
        path: &Path,
        most: Option<u32>,
        span: Span,
    ) -> Result<Self, BroughtError> {
        let unreadable = |source| BroughtError::Unreadable { path: path.to_owned(), source };
        let mut lines = Lines::new(input);
        let mut reading = Reading::new(path, span);
        while most.is_none_or(|most| reading.count() < most) {
            let Some((number, line)) = lines.next().map_err(unreadable)? else { break };
            if reading.count() == MOST {
                return Err(BroughtError::TooMany { path: path.to_owned() });
            }
            reading.take(number, line);
        }
        reading.finish()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many there are; at least one.
    #[expect(clippy::len_without_is_empty, reason = "a file without tokens is an error")]
    pub fn len(&self) -> u32 {
        self.count
    }

    /// Whether the tokens say whose they are.
    pub fn have_subjects(&self) -> bool {
        self.subjects.is_some()
    }

    /// How many had expired when they were read.
    pub fn expired(&self) -> u32 {
        self.expired
    }

    /// The tokens that expire before the run ends, those that have expired among them: whose, and
    /// when, in seconds since 1970; in the order of the users.
    pub fn ending(&self) -> &[(UserIndex, u64)] {
        &self.ending
    }

    /// Bytes of all tokens.
    pub fn bytes(&self) -> u64 {
        self.shards.iter().map(|shard| shard.token_bytes() as u64).sum()
    }

    pub(super) fn shards(&self) -> &[Arc<Shard>] {
        &self.shards
    }

    fn token(&self, user: UserIndex) -> &[u8] {
        self.shards[(user.0 / SHARD) as usize].token((user.0 % SHARD) as usize)
    }
}

impl SubjectTable for BroughtTokens {
    fn write(&self, user: UserIndex, out: &mut String) {
        if user.0 >= self.count {
            return;
        }
        if let Some(subjects) = &self.subjects {
            let place = subjects.places[user.as_usize()];
            place.read(self.token(user), |subject| out.push_str(subject));
        } else {
            use fmt::Write as _;
            let _ = write!(out, "{}", user.0);
        }
    }

    fn find(&self, subject: &str) -> Option<UserIndex> {
        let Some(subjects) = &self.subjects else {
            let user = subject.parse::<u32>().ok().filter(|user| *user < self.count)?;
            // Neither a sign nor a zero too many.
            return (user.to_string() == subject).then_some(UserIndex(user));
        };
        let hash = hash(subject);
        let from = subjects.by_hash.partition_point(|entry| entry >> 32 < hash);
        let alike = subjects.by_hash[from..].iter().take_while(|entry| *entry >> 32 == hash);
        alike.map(|entry| UserIndex(*entry as u32)).find(|user| {
            subjects.places[user.as_usize()].read(self.token(*user), |found| found == subject)
        })
    }
}

/// 32 bits that most subjects do not share.
fn hash(subject: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    subject.hash(&mut hasher);
    hasher.finish() >> 32
}
