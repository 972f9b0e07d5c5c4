//! A signature that is not the issuer's.

use super::draft::Seal;
use super::{BAD_TOKEN, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "token-bad-signature",
    about: "The signature with a bit changed, all zeros (which a broken ECDSA takes), empty, or by \
            another key under the same kid.",
    source: "RFC 7515 §5.2: a token whose signature does not verify must be rejected",
    expectation: BAD_TOKEN,
    variants: &[
        variant("bit-changed", |draft| draft.seal(Seal::Flipped)),
        variant("zeros", |draft| draft.seal(Seal::Zeroed)),
        variant("empty", |draft| draft.seal(Seal::Empty)),
        variant("another-key", |draft| draft.seal(Seal::Stranger)),
    ],
};
