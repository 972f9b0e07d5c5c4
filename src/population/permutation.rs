//! Keyed permutations of 0 to n − 1 that need no table.
//!
//! Three uses: a user's number becomes the random-looking part of a subject and can be read back
//! from it; the most popular user is not always number 0; a sample without repetition is a walk
//! from the first place on.
//!
//! Built as a Feistel network over just enough bits, walked until it lands below n (Black and
//! Rogaway, "Ciphers with arbitrary finite domains", 2002). It hides structure from tests and
//! from the eye, not from an adversary: it is no cipher.

use crate::seed::Stream;

/// Rounds of the network. Four make a good mixer of it (Luby and Rackoff, 1988); two more pay
/// for the cheap round function and for the narrow halves of small domains.
const ROUNDS: usize = 6;

/// A bijection of 0..n on itself, fixed by n and a stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Permutation {
    /// Greatest member, n − 1, so that n may be 2⁶⁴.
    last: u64,
    /// Width of the right half in bits; the left half has as many or one less.
    right_bits: u32,
    left_mask: u64,
    right_mask: u64,
    keys: [u64; ROUNDS],
}

impl Permutation {
    /// The permutation of 0..=`last` that the stream stands for.
    pub(super) fn of(last: u64, stream: Stream) -> Self {
        // Two bits at least, so that neither half is empty.
        let bits = (u64::BITS - last.leading_zeros()).max(2);
        let right_bits = bits.div_ceil(2);
        Self {
            last,
            right_bits,
            left_mask: low_bits(bits - right_bits),
            right_mask: low_bits(right_bits),
            keys: std::array::from_fn(|round| stream.at(round as u64)),
        }
    }

    /// Where `member` goes. The argument must not exceed `last`.
    pub(super) fn forward(&self, member: u64) -> u64 {
        debug_assert!(member <= self.last, "{member} lies outside 0..={}", self.last);
        // The domain of the network is less than twice as large (four times below n = 3), so one
        // or two steps are the rule. The walk ends: it runs in a cycle that holds `member`.
        let mut at = self.network(member);
        while at > self.last {
            at = self.network(at);
        }
        at
    }

    /// What goes to `place`: the inverse of [`Self::forward`]; `None` outside the domain.
    pub(super) fn backward(&self, place: u64) -> Option<u64> {
        if place > self.last {
            return None;
        }
        let mut at = self.inverse_network(place);
        while at > self.last {
            at = self.inverse_network(at);
        }
        Some(at)
    }

    fn network(&self, block: u64) -> u64 {
        let (mut left, mut right) = self.halves(block);
        for (round, key) in self.keys.iter().enumerate() {
            self.round(round, *key, &mut left, &mut right);
        }
        left << self.right_bits | right
    }

    fn inverse_network(&self, block: u64) -> u64 {
        let (mut left, mut right) = self.halves(block);
        for (round, key) in self.keys.iter().enumerate().rev() {
            self.round(round, *key, &mut left, &mut right);
        }
        left << self.right_bits | right
    }

    fn halves(&self, block: u64) -> (u64, u64) {
        (block >> self.right_bits, block & self.right_mask)
    }

    /// One round, which undoes itself when it is repeated.
    fn round(&self, round: usize, key: u64, left: &mut u64, right: &mut u64) {
        if round.is_multiple_of(2) {
            *left ^= scramble(*right, key) & self.left_mask;
        } else {
            *right ^= scramble(*left, key) & self.right_mask;
        }
    }
}

fn low_bits(count: u32) -> u64 {
    u64::MAX.checked_shr(u64::BITS - count).unwrap_or(0)
}

/// Half a block and a key to 64 bits: the two halves of a 128-bit product, folded. One product a
/// round is cheap; that six rounds of it mix well is what the tests below look at.
fn scramble(half: u64, key: u64) -> u64 {
    let product = u128::from(half.wrapping_add(key)) * u128::from(key.rotate_left(32) | 1);
    (product >> 64) as u64 ^ product as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::seed::Seed;

    fn permutation(last: u64, seed: u64) -> Permutation {
        Permutation::of(last, Seed(seed).stream("test"))
    }

    #[test]
    fn small_domains_are_permuted_whole() {
        for last in (0..70).chain([126, 127, 128, 999, 1_023, 1_024, 99_999]) {
            let permutation = permutation(last, 3);
            let mut seen = vec![false; last as usize + 1];
            for member in 0..=last {
                let place = permutation.forward(member);
                assert!(!std::mem::replace(&mut seen[place as usize], true), "{last}: {place}");
                assert_eq!(permutation.backward(place), Some(member));
            }
        }
    }

    proptest! {
        #[test]
        fn large_domains_are_read_back(last in 1_u64.., member: u64, seed: u64) {
            let permutation = permutation(last, seed);
            let member = member.min(last);
            let place = permutation.forward(member);
            prop_assert!(place <= last);
            prop_assert_eq!(permutation.backward(place), Some(member));
        }
    }

    #[test]
    fn consecutive_members_land_anywhere() {
        // Chi-square over 64 cells, 63 degrees of freedom: above 130 once in 1e6.
        for last in [1_000_000, 9_999_999, 62_u64.pow(10) - 1, u64::MAX] {
            let permutation = permutation(last, 9);
            let mut cells = [0_u32; 64];
            let draws = 64_000;
            for member in 0..draws {
                let place = u128::from(permutation.forward(member)) * 64;
                cells[(place / (u128::from(last) + 1)) as usize] += 1;
            }
            let square: f64 = cells.iter().map(|&c| (f64::from(c) - 1e3).powi(2) / 1e3).sum();
            assert!((20.0..130.0).contains(&square), "{last}: {square}");
        }
    }

    #[test]
    fn one_bit_of_difference_changes_half_the_bits() {
        let permutation = permutation(u64::MAX, 5);
        let mut flips = [0_u32; 64];
        let members = 4_000;
        for member in 0..members {
            let change = permutation.forward(member) ^ permutation.forward(member ^ 1);
            for (bit, flipped) in flips.iter_mut().enumerate() {
                *flipped += (change >> bit & 1) as u32;
            }
        }
        // 2,000 expected, standard deviation 32.
        assert!(flips.iter().all(|count| (1_800..2_200).contains(count)), "{flips:?}");
    }

    #[test]
    fn seeds_give_different_permutations() {
        let (a, b) = (permutation(9_999, 1), permutation(9_999, 2));
        let same = (0..10_000).filter(|&i| a.forward(i) == b.forward(i)).count();
        assert!(same < 12, "{same} fixed in common where one is expected");
    }
}
