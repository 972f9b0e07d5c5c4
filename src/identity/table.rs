//! Subjects that are known from elsewhere.

use std::fmt;

use super::UserIndex;

/// The subjects of users who are somebody else's, such as those of tokens that people bring. Where
/// there is none, subjects are computed from the seed.
pub trait SubjectTable: fmt::Debug + Send + Sync {
    /// Appends the user's subject; nothing for a user beyond the table's end.
    fn write(&self, user: UserIndex, out: &mut String);

    /// The user whose subject this is, byte for byte.
    fn find(&self, subject: &str) -> Option<UserIndex>;
}
