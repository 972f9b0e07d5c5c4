//! Users of a recording by number: the n-th that is met is number n − 1.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};

use super::who::Who;

/// Numbers for up to a certain count of users.
#[derive(Debug)]
pub struct Users {
    most: u32,
    numbers: HashMap<u64, u32, BuildHasherDefault<AsIs>>,
}

impl Users {
    /// For at most so many.
    pub fn new(most: u32) -> Self {
        Self { most, numbers: HashMap::default() }
    }

    /// The user's number; `None` for one who has none and for whom there is none left.
    pub fn number(&mut self, who: Who) -> Option<u32> {
        let next = self.numbers.len() as u32;
        match self.numbers.entry(who.short()) {
            Entry::Occupied(found) => Some(*found.get()),
            Entry::Vacant(place) => (next < self.most).then(|| *place.insert(next)),
        }
    }

    /// How many there are.
    pub fn len(&self) -> u32 {
        self.numbers.len() as u32
    }
}

/// Keys are keyed hashes already, so nobody can choose them to collide.
#[derive(Debug, Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::replay::raw::Signs;
    use crate::replay::who::Pseudonyms;

    #[test]
    fn users_are_numbered_as_they_are_met() {
        let pseudonyms = Pseudonyms::fresh().unwrap();
        let mut users = Users::new(2);
        let mut number = |name: &str| {
            let signs = Signs { named: Some(Cow::Owned(name.to_owned())), ..Signs::default() };
            users.number(pseudonyms.identify(&signs, None, None).who)
        };
        let numbers = ["ada", "ben", "ada", "carl", "ben", "carl"].map(&mut number);
        assert_eq!(numbers, [Some(0), Some(1), Some(0), None, Some(1), None]);
        assert_eq!(users.len(), 2);
    }
}
