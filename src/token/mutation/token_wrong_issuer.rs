//! A token from somebody else.

use super::token_wrong_audience::other_case;
use super::{Draft, MutationKind, WRONG_CLAIM, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "token-wrong-issuer",
    about: "iss is another issuer, or the right one with a slash more, in another case, or in \
            part; signed with the right key all the same.",
    source: "RFC 8725 §3.8: the key must belong to the issuer named in iss; RFC 8414 §4: issuers \
             are compared code point by code point",
    expectation: WRONG_CLAIM,
    variants: &[
        variant("other", |draft| draft.set("iss", "https://another-idp.example.test")),
        variant("slash", |draft| spell(draft, |iss| format!("{iss}/"))),
        variant("case", |draft| spell(draft, other_case)),
        variant("longer-host", |draft| spell(draft, |iss| format!("{iss}.example.test"))),
    ],
};

fn spell(draft: &mut Draft<'_>, spell: fn(&str) -> String) -> bool {
    let issuer = draft.text("iss");
    draft.set("iss", spell(&issuer))
}
