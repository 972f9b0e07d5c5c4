//! What a scenario says of its population.

use std::sync::Arc;

use crate::identity::SubjectTable;

/// The users of a run before a seed makes them particular.
#[derive(Clone, Debug, PartialEq)]
pub struct PopulationPlan {
    /// Users that are there when the run starts: 1 to 10,000,000.
    pub users: u32,
    /// Users beyond those, absent at the start, that faults may create.
    pub spare: u32,
    /// How subjects are spelt.
    pub scheme: SubjectScheme,
    /// How often each user is chosen.
    pub popularity: Popularity,
}

/// How subjects are spelt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectScheme {
    /// UUID version 4 (RFC 9562 §5.4).
    UuidV4,
    /// UUID version 7 (RFC 9562 §5.7).
    UuidV7,
    /// A decimal number that no other user's is a prefix of.
    Integer,
    /// An email address under `example.test`.
    Email,
    /// This prefix, then 24 letters and digits: `usr_…`, `auth0|…`.
    Prefixed(String),
    /// 22 characters of base64url that mean nothing.
    Opaque,
    /// As a table says.
    Listed(ListedSubjects),
}

/// Subjects that are not computed. Two are equal if they are the same table.
#[derive(Clone, Debug)]
pub struct ListedSubjects(pub Arc<dyn SubjectTable>);

impl PartialEq for ListedSubjects {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for ListedSubjects {}

/// How often each user is chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Popularity {
    /// All alike.
    Uniform,
    /// The k-th most popular in proportion to k^-exponent; exponent above 0, up to 5.
    Zipf {
        /// The exponent.
        exponent: f64,
    },
}
