//! The users of a run: how many, how their subjects are spelt, how popular each is, and what has
//! happened to them.
//!
//! Subjects are a pure function of the seed and the user's number, so that ten million of them
//! take no memory; or they come from a table that somebody else keeps. What happened to each user is the [`Lifecycle`] table, 16 bytes a user.

mod lifecycle;
mod permutation;
mod plan;
mod subject;
mod zipf;

use std::sync::Arc;

pub use lifecycle::{Lifecycle, Standing};
pub use plan::{ListedSubjects, Popularity, PopulationPlan, SubjectScheme};

use crate::identity::UserIndex;
use crate::seed::Seed;
use permutation::Permutation;
use subject::Speller;
use zipf::Zipf;

/// The longest subject of any scheme whose prefix is reasonable, in bytes; 255 is what OpenID
/// Connect Core 1.0 §2 allows.
pub const LONGEST_SUBJECT: usize = 255;

/// The users of one run. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Population(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    initial: u32,
    total: u32,
    speller: Speller,
    /// `None` where all users are alike.
    zipf: Option<Zipf>,
    /// From rank to user, so that the most popular user is not always number 0.
    ranking: Permutation,
    /// The users of the first ranks, which are drawn most: a look instead of a walk. Empty where
    /// all users are alike.
    first: Box<[u32]>,
}

/// How many ranks are kept; 64 KiB.
const FIRST_RANKS: u32 = 1 << 14;

impl Population {
    /// The population of this plan and seed. A plan without users is taken to have one.
    pub fn new(plan: &PopulationPlan, seed: Seed) -> Self {
        let initial = plan.users.max(1);
        let stream = seed.stream("popularity");
        let ranking = Permutation::of(u64::from(initial) - 1, stream.named("ranking"));
        let kept = match plan.popularity {
            Popularity::Uniform => 0,
            Popularity::Zipf { .. } => initial.min(FIRST_RANKS),
        };
        Self(Arc::new(Parts {
            initial,
            total: initial.saturating_add(plan.spare),
            speller: Speller::new(plan.scheme.clone(), seed),
            zipf: match plan.popularity {
                Popularity::Uniform => None,
                Popularity::Zipf { exponent } => {
                    Some(Zipf::new(initial, exponent, stream.named("retries")))
                }
            },
            first: (0..kept).map(|place| ranking.forward(u64::from(place)) as u32).collect(),
            ranking,
        }))
    }

    /// Users and spare users.
    #[expect(clippy::len_without_is_empty, reason = "a population has at least one user")]
    pub fn len(&self) -> u32 {
        self.0.total
    }

    /// Users that are there when the run starts.
    pub fn initial(&self) -> u32 {
        self.0.initial
    }

    /// Appends the user's subject: ASCII (if the prefix of the scheme is), and a pure function of
    /// seed, scheme and number; or what a table says. Allocates only if `out` has no room.
    pub fn write_subject(&self, user: UserIndex, out: &mut String) {
        self.0.speller.write(user.0, out);
    }

    /// The user's subject in a string of its own.
    pub fn subject(&self, user: UserIndex) -> String {
        let mut out = String::with_capacity(48);
        self.write_subject(user, &mut out);
        out
    }

    /// The user, spare ones included, whose subject this is, byte for byte.
    pub fn index_of(&self, subject: &str) -> Option<UserIndex> {
        let candidate = self.0.speller.candidate(subject);
        let user = UserIndex(candidate.filter(|index| *index < self.0.total)?);
        (self.subject(user) == subject).then_some(user)
    }

    /// The initial user that these random bits choose; the same bits choose the same user.
    pub fn pick(&self, bits: u64) -> UserIndex {
        let parts = &*self.0;
        match &parts.zipf {
            // The high half of the product: even to within n / 2⁶⁴.
            None => UserIndex(((u128::from(bits) * u128::from(parts.initial)) >> u64::BITS) as u32),
            Some(zipf) => self.at_rank(zipf.rank(bits)),
        }
    }

    /// The user at this place of the order of popularity, from 1 (the most popular). Where all
    /// are alike the order means nothing.
    pub fn at_rank(&self, rank: u32) -> UserIndex {
        let place = rank.clamp(1, self.0.initial) - 1;
        match self.0.first.get(place as usize) {
            Some(&user) => UserIndex(user),
            None => UserIndex(self.0.ranking.forward(u64::from(place)) as u32),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn population(users: u32, spare: u32, popularity: Popularity) -> Population {
        let plan = PopulationPlan { users, spare, scheme: SubjectScheme::UuidV4, popularity };
        Population::new(&plan, Seed(7))
    }

    #[test]
    fn a_subject_names_its_user_and_nobody_else() {
        let population = population(900, 100, Popularity::Uniform);
        for index in 0..1_000 {
            let subject = population.subject(UserIndex(index));
            assert_eq!(population.index_of(&subject), Some(UserIndex(index)));
            assert_eq!(population.index_of(&subject.to_uppercase()), None);
            assert_eq!(population.index_of(&format!("{subject} ")), None);
        }
        assert_eq!(population.index_of(&population.subject(UserIndex(1_000))), None);
    }

    #[test]
    fn seeds_give_populations_of_their_own() {
        let plan = PopulationPlan {
            users: 10,
            spare: 0,
            scheme: SubjectScheme::Opaque,
            popularity: Popularity::Zipf { exponent: 1.0 },
        };
        let [a, again, b] = [1, 1, 2].map(|seed| Population::new(&plan, Seed(seed)));
        assert_eq!(a.subject(UserIndex(3)), again.subject(UserIndex(3)));
        assert_ne!(a.subject(UserIndex(3)), b.subject(UserIndex(3)));
        assert!((0..100).all(|bits| a.pick(bits << 57) == again.pick(bits << 57)));
    }

    #[test]
    fn spare_users_are_never_picked() {
        for popularity in [Popularity::Uniform, Popularity::Zipf { exponent: 0.3 }] {
            let population = population(3, 1_000, popularity);
            let stream = Seed(1).stream("pick");
            let mut counts = [0; 3];
            for i in 0..3_000 {
                counts[population.pick(stream.at(i)).as_usize()] += 1;
            }
            assert!(counts.iter().all(|count| *count > 500), "{popularity:?}: {counts:?}");
            assert!(population.pick(u64::MAX).0 < 3 && population.pick(0).0 < 3);
        }
    }

    #[test]
    fn the_most_popular_user_is_another_with_another_seed() {
        let plan = PopulationPlan {
            users: 1_000,
            spare: 0,
            scheme: SubjectScheme::UuidV4,
            popularity: Popularity::Zipf { exponent: 2.0 },
        };
        let stars: std::collections::HashSet<_> =
            (0..50).map(|seed| Population::new(&plan, Seed(seed)).at_rank(1)).collect();
        assert!(stars.len() > 40, "{} of 50 differ", stars.len());
        let population = Population::new(&plan, Seed(4));
        let ranked: std::collections::HashSet<_> =
            (1..=1_000).map(|rank| population.at_rank(rank)).collect();
        assert_eq!(ranked.len(), 1_000);
    }

    #[derive(Debug)]
    struct Letters;

    impl crate::identity::SubjectTable for Letters {
        fn write(&self, user: UserIndex, out: &mut String) {
            out.push(char::from(b'a' + user.0 as u8));
        }

        fn find(&self, subject: &str) -> Option<UserIndex> {
            subject.bytes().next().map(|letter| UserIndex(u32::from(letter - b'a')))
        }
    }

    #[test]
    fn listed_subjects_are_those_of_the_table() {
        let plan = PopulationPlan {
            users: 3,
            spare: 0,
            scheme: SubjectScheme::Listed(ListedSubjects(Arc::new(Letters))),
            popularity: Popularity::Uniform,
        };
        let population = Population::new(&plan, Seed(7));
        assert_eq!(population.subject(UserIndex(2)), "c");
        assert_eq!(population.index_of("b"), Some(UserIndex(1)));
        assert_eq!(population.index_of("bb"), None, "the table's answer is believed");
        assert_eq!(population.index_of("d"), None, "a user beyond the population");
    }

    #[test]
    fn each_user_has_one_rank_whether_it_is_kept_or_not() {
        let users = FIRST_RANKS + 3_000;
        let ranked = |popularity| {
            let population = population(users, 0, popularity);
            (1..=users).map(|rank| population.at_rank(rank).0).collect::<Vec<u32>>()
        };
        let zipf = ranked(Popularity::Zipf { exponent: 1.0 });
        assert_eq!(zipf, ranked(Popularity::Uniform), "kept ranks are those of the walk");
        let different: std::collections::HashSet<_> = zipf.iter().collect();
        assert_eq!(different.len(), users as usize);
    }

    #[test]
    fn a_population_of_one_is_always_that_one() {
        let population = population(1, 0, Popularity::Zipf { exponent: 5.0 });
        assert!((0..64).all(|bit| population.pick(1 << bit) == UserIndex(0)));
    }
}
