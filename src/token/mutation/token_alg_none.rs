//! A token that says it is not signed.

use super::draft::Seal;
use super::{BAD_TOKEN, Draft, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "token-alg-none",
    about: "alg is none (in four spellings) and the signature is empty; or alg is none and the \
            signature is there.",
    source: "RFC 8725 §3.2 and RFC 7518 §3.6: unsecured tokens are not accepted by default",
    expectation: BAD_TOKEN,
    variants: &[
        variant("none", |draft| unsigned(draft, "none")),
        variant("None", |draft| unsigned(draft, "None")),
        variant("NONE", |draft| unsigned(draft, "NONE")),
        variant("nOnE", |draft| unsigned(draft, "nOnE")),
        variant("with-signature", |draft| draft.set_header("alg", "none")),
    ],
};

fn unsigned(draft: &mut Draft<'_>, algorithm: &str) -> bool {
    draft.set_header("alg", algorithm);
    draft.seal(Seal::Empty)
}
