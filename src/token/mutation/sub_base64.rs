//! The subject in an encoding that some systems decode by themselves.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::{MALFORMED, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-base64",
    about: "The subject in base64, in base64url, or in hexadecimal.",
    source: "RFC 7519 §4.1.2: the value is taken as it stands; RFC 4648 §12 on encodings that let \
             two spellings pass for one",
    expectation: MALFORMED,
    variants: &[
        variant("base64", |draft| draft.respell(|subject| STANDARD.encode(subject))),
        variant("base64url", |draft| draft.respell(|subject| URL_SAFE_NO_PAD.encode(subject))),
        variant("hex", |draft| draft.respell(hex)),
    ],
};

fn hex(subject: &str) -> String {
    subject.bytes().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a string takes all that is written");
        out
    })
}
