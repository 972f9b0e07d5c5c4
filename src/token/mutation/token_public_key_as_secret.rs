//! A key that everybody knows, used as an HMAC secret.

use super::draft::Seal;
use super::{BAD_TOKEN, Draft, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "token-public-key-as-secret",
    about: "alg is HS256 and the secret is the issuer's public key (RSA, EC or Ed25519), as PEM \
            or as DER; for issuers that use HMAC anyway, the empty string or the kid.",
    source: "RFC 8725 §3.1: the verifier, not the token, chooses the algorithm; §2.1 describes \
             the attack, §3.5 is on weak secrets",
    expectation: BAD_TOKEN,
    variants: &[
        variant("pem", |draft| forge(draft, |der| pem(der).into_bytes())),
        variant("pem-without-line-end", |draft| {
            forge(draft, |der| pem(der).trim_end().as_bytes().to_vec())
        }),
        variant("der", |draft| forge(draft, <[u8]>::to_vec)),
        variant("empty-secret", |draft| forge_with(draft, Vec::new())),
        variant("kid", |draft| forge_with(draft, draft.key().key_id.clone().into_bytes())),
    ],
};

fn forge(draft: &mut Draft<'_>, secret: fn(&[u8]) -> Vec<u8>) -> bool {
    let key = draft.key();
    key.public_key.as_deref().is_some_and(|der| forge_with(draft, secret(der)))
}

fn forge_with(draft: &mut Draft<'_>, secret: Vec<u8>) -> bool {
    draft.set_header("alg", "HS256");
    draft.seal(Seal::Hmac(secret))
}

fn pem(der: &[u8]) -> String {
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    pem::encode_config(&pem::Pem::new("PUBLIC KEY", der), config)
}
