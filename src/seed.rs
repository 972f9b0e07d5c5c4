//! Named random streams of one seed.
//!
//! Every random choice of a run comes from a [`Stream`], and every stream is derived from the
//! run's [`Seed`] by name and number, never by order of use. So the same seed gives the same
//! choices however threads interleave, and adding a stream disturbs no other.
//!
//! Two ways to draw: [`Stream::rng`] gives a generator for a sequence that one owner walks;
//! [`Stream::at`] gives the n-th choice directly, so that "what is request 812?" has one answer
//! whichever worker asks.

use std::fmt;

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// The generator behind every stream. Its output is fixed by its authors' definition
/// (Blackman and Vigna, xoshiro256++), so a seed means the same in later builds.
pub type StreamRng = Xoshiro256PlusPlus;

/// The one number from which a run's random choices follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream with this name.
    pub fn stream(self, name: &str) -> Stream {
        Stream(mix(self.0 ^ 0x5EED)).named(name)
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One random stream; cheap to copy and to derive from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stream(u64);

impl Stream {
    /// The sub-stream with this name.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        // FNV-1a: names are short and chosen by us, so it only has to tell them apart.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(mix(self.0 ^ hash))
    }

    /// The sub-stream with this number.
    #[must_use]
    pub fn nth(self, number: u64) -> Self {
        Self(mix(self.0.wrapping_add(mix(number.wrapping_add(0x9E37_79B9_7F4A_7C15)))))
    }

    /// A generator that starts at the head of this stream.
    pub fn rng(self) -> StreamRng {
        StreamRng::seed_from_u64(self.0)
    }

    /// The `number`-th 64 random bits of the stream.
    pub fn at(self, number: u64) -> u64 {
        mix(self.0.wrapping_add(number.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }

    /// The `number`-th draw, uniform in [0, 1).
    pub fn unit_at(self, number: u64) -> f64 {
        unit(self.at(number))
    }
}

/// Maps 64 random bits to a number uniform in [0, 1), on a grid of 2⁻⁵³.
pub fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): a bijection with full avalanche.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_name_number_and_seed() {
        let stream = Seed(7).stream("arrival");
        let others = [
            Seed(7).stream("fault"),
            Seed(8).stream("arrival"),
            stream.named("x"),
            stream.nth(0),
            stream.nth(1),
        ];
        for (i, other) in others.iter().enumerate() {
            assert_ne!(stream.at(0), other.at(0), "stream {i} repeats its parent");
        }
        assert_eq!(stream.at(5), Seed(7).stream("arrival").at(5));
    }

    #[test]
    fn unit_draws_fill_the_interval_evenly() {
        let stream = Seed(1).stream("unit");
        let n = 100_000;
        let mut tenths = [0_u32; 10];
        for i in 0..n {
            let u = stream.unit_at(i);
            assert!((0.0..1.0).contains(&u));
            tenths[(u * 10.0) as usize] += 1;
        }
        // 10,000 expected in each; five standard deviations are 475.
        assert!(tenths.iter().all(|&count| (9_525..10_475).contains(&count)), "{tenths:?}");
    }
}
