//! Who a user is: the words that every part shares.
//!
//! A user of a run is known to the harness by its [`UserIndex`] and to the world by its subject,
//! the value of `sub`: a byte-exact, case-sensitive string (RFC 7519 §4.1.2). How a subject is
//! spelt is the population's matter.

mod change;
mod table;

pub use change::{Change, UserState};
pub use table::SubjectTable;

/// A user's number in its run's population, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserIndex(pub u32);

impl UserIndex {
    /// The number as an index into a table of users.
    pub fn as_usize(self) -> usize {
        self.0 as usize
    }
}
