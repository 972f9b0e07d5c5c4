//! A percent-encoded subject.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{MALFORMED, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-url-encoded",
    about: "The subject percent-encoded, once or twice; where all of it is letters and digits, \
            its first character.",
    source: "RFC 7519 §4.1.2: sub is a JSON string, which RFC 3986 §2.1 has no part in; a layer \
             that decodes it on the way to the directory finds another user",
    expectation: MALFORMED,
    variants: &[
        variant("once", |draft| draft.respell(once)),
        variant("twice", |draft| draft.respell(|subject| encode(&once(subject)))),
    ],
};

fn once(subject: &str) -> String {
    let encoded = encode(subject);
    let Some(first) = subject.bytes().next() else { return encoded };
    if encoded == subject { format!("%{first:02X}{}", &subject[1..]) } else { encoded }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
