//! A `kid` that the issuer has no key for.

use super::draft::Seal;
use super::{BAD_TOKEN, Draft, MutationKind, variant};

/// See the module.
///
/// The token is signed with a key that is not the issuer's, because `kid` is only a hint: a
/// verifier that tries its one key, finds that it fits and lets the user in has done no harm.
pub static KIND: MutationKind = MutationKind {
    name: "token-unknown-key",
    about: "kid is one that the issuer does not publish, empty, a path or a query; the key is not \
            the issuer's either.",
    source: "RFC 7515 §4.1.4 and §5.2: without the issuer's key the signature does not verify; a \
             flood of these must not become a flood of key set requests",
    expectation: BAD_TOKEN,
    variants: &[
        variant("unknown", |draft| under(draft, "substorm-unknown-key")),
        variant("empty", |draft| under(draft, "")),
        variant("path", |draft| under(draft, "../../../../dev/null")),
        variant("query", |draft| under(draft, "k' OR '1'='1")),
    ],
};

fn under(draft: &mut Draft<'_>, key_id: &str) -> bool {
    draft.set_header("kid", key_id);
    draft.seal(Seal::Stranger)
}
