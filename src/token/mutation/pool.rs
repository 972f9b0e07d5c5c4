//! Tokens with defects, made before a run.

use std::time::Duration;

use super::super::plan::{KeySource, TokenPlan};
use super::super::signer::{SignError, Signer};
use super::super::store::Minting;
use super::super::{Claims, KeyError};
use super::draft::KeyFacts;
use super::{Draft, Expectation, MutationKind, named};
use crate::identity::UserIndex;
use crate::seed::Seed;

/// Tokens of one kind, unless they are long.
const PER_KIND: usize = 128;
/// Bytes of tokens of one kind, beyond which there is only one a variant.
const BYTES_PER_KIND: usize = 4 << 20;
/// Users that are tried for a variant before it is taken to change nothing in this population.
const TRIES: u64 = 16;

/// Why defective tokens could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// No such kind.
    #[error("unknown mutation \"{name}\"{}", hint(name))]
    UnknownKind {
        /// The name that was asked for.
        name: String,
    },
    /// The kind changes nothing about the subjects of this population.
    #[error(
        "mutation \"{kind}\" changes nothing in subjects such as \"{subject}\"; choose another \
         mutation or another subject scheme"
    )]
    NeverApplies {
        /// The kind.
        kind: &'static str,
        /// A subject of the population.
        subject: String,
    },
    /// The stranger's key could not be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A signature failed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

fn hint(name: &str) -> String {
    super::nearest_name(name).map_or_else(
        || "; `substorm list mutations` names them".to_owned(),
        |near| format!("; did you mean \"{near}\"?"),
    )
}

/// What defective tokens are made from.
#[derive(Clone, Copy, Debug)]
pub struct PoolPlan<'a> {
    /// The run's token plan.
    pub plan: &'a TokenPlan,
    /// How the run's good tokens are made.
    pub minting: &'a Minting,
    /// The run's seed.
    pub seed: Seed,
    /// Tokens are for users below this number; at least 1.
    pub users: u32,
    /// `iat`, in seconds since 1970.
    pub issued: u64,
    /// How long tokens must stay as they are: the run, and a margin. They are not renewed.
    pub valid_for: Duration,
}

/// One token with a defect.
#[derive(Clone, Copy, Debug)]
pub struct MutatedToken<'a> {
    /// The compact serialization.
    pub bytes: &'a [u8],
    /// Whose token it was before the defect.
    pub user: UserIndex,
    /// What a correct gateway answers.
    pub expectation: Expectation,
    /// The kind.
    pub kind: &'static str,
    /// The kind's variant.
    pub variant: &'static str,
}

/// Tokens with defects, by kind.
#[derive(Debug, Default)]
pub struct MutatedTokens {
    slots: Vec<Slot>,
}

#[derive(Debug)]
struct Slot {
    kind: &'static MutationKind,
    bytes: Vec<u8>,
    tokens: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    end: usize,
    user: UserIndex,
    variant: usize,
}

impl MutatedTokens {
    /// Makes up to 128 tokens of each kind, over its variants and over users drawn from the seed.
    /// The n-th kind gets slot n.
    pub fn prepare(from: &PoolPlan<'_>, kinds: &[&str]) -> Result<Self, PoolError> {
        let mut pool = Self::default();
        if kinds.is_empty() {
            return Ok(pool);
        }
        let maker = Maker::new(from)?;
        for name in kinds {
            let kind =
                named(name).ok_or_else(|| PoolError::UnknownKind { name: (*name).to_owned() })?;
            pool.slots.push(maker.slot(kind)?);
        }
        Ok(pool)
    }

    /// How many kinds there are tokens of.
    pub fn kinds(&self) -> usize {
        self.slots.len()
    }

    /// The slot of the kind with this name.
    pub fn slot_of(&self, name: &str) -> Option<usize> {
        self.slots.iter().position(|slot| slot.kind.name == name)
    }

    /// The token of a kind that these random bits choose; the same bits choose the same token.
    ///
    /// # Panics
    ///
    /// If there is no such slot.
    pub fn pick(&self, slot: usize, bits: u64) -> MutatedToken<'_> {
        let count = self.slots[slot].tokens.len() as u128;
        self.token(slot, ((u128::from(bits) * count) >> u64::BITS) as usize)
    }

    /// All tokens of a slot, in the order in which they were made: variants in turn.
    ///
    /// # Panics
    ///
    /// If there is no such slot.
    pub fn all(&self, slot: usize) -> impl Iterator<Item = MutatedToken<'_>> {
        (0..self.slots[slot].tokens.len()).map(move |position| self.token(slot, position))
    }

    fn token(&self, slot: usize, position: usize) -> MutatedToken<'_> {
        let slot = &self.slots[slot];
        let entry = slot.tokens[position];
        let start = position.checked_sub(1).map_or(0, |before| slot.tokens[before].end);
        MutatedToken {
            bytes: &slot.bytes[start..entry.end],
            user: entry.user,
            expectation: slot.kind.expectation,
            kind: slot.kind.name,
            variant: slot.kind.variants[entry.variant].name,
        }
    }
}

/// What all slots of a pool share.
struct Maker<'a> {
    from: &'a PoolPlan<'a>,
    claims: Claims,
    key: KeyFacts,
    /// A key of the same kind that the gateway does not know.
    stranger: Signer,
}

impl<'a> Maker<'a> {
    fn new(from: &'a PoolPlan<'a>) -> Result<Self, PoolError> {
        let signer = from.minting.signer();
        // Renewal would cost signatures in the run; a longer life costs nothing.
        let lifetime = from.plan.lifetime.max(from.valid_for);
        let plan = TokenPlan { lifetime, ..from.plan.clone() };
        Ok(Self {
            from,
            claims: Claims::new(&plan, from.seed),
            key: KeyFacts {
                algorithm: signer.algorithm().name().to_owned(),
                key_id: signer.key_id().to_owned(),
                public_key: signer.public_key(),
            },
            stranger: Signer::new(
                signer.algorithm(),
                &KeySource::Generated,
                Some(signer.key_id()),
            )?,
        })
    }

    fn slot(&self, kind: &'static MutationKind) -> Result<Slot, PoolError> {
        let mut slot = Slot { kind, bytes: Vec::new(), tokens: Vec::new() };
        let variants = kind.variants.len();
        for number in 0..PER_KIND {
            if number >= variants && slot.bytes.len() > BYTES_PER_KIND {
                break;
            }
            self.add(&mut slot, number % variants, number as u64)?;
        }
        if slot.tokens.is_empty() {
            let subject = self.from.minting.subject(UserIndex(0));
            return Err(PoolError::NeverApplies { kind: kind.name, subject });
        }
        slot.bytes.shrink_to_fit();
        Ok(slot)
    }

    /// Adds one token of this variant, if it changes anything for one of a few users.
    fn add(&self, slot: &mut Slot, variant: usize, number: u64) -> Result<(), PoolError> {
        let stream = self.from.seed.stream("mutation").named(slot.kind.name).nth(number);
        for attempt in 0..TRIES {
            let user = UserIndex((stream.at(attempt) % u64::from(self.from.users.max(1))) as u32);
            let subject = self.from.minting.subject(user);
            // Counted down from the top, so that no renewal of a good token has the same `jti`.
            let id = u32::MAX - number as u32;
            let mut draft =
                Draft::new(&self.claims, &self.key, user, id, &subject, self.from.issued);
            if (slot.kind.variants[variant].apply)(&mut draft) {
                let token = draft.finish(self.from.minting.signer(), &self.stranger)?;
                slot.bytes.extend_from_slice(&token);
                slot.tokens.push(Entry { end: slot.bytes.len(), user, variant });
                break;
            }
        }
        Ok(())
    }
}
