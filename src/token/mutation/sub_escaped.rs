//! The same subject in another JSON spelling: no defect.

use std::fmt::Write as _;

use super::{Expectation, MutationKind, variant};

/// See the module.
pub static KIND: MutationKind = MutationKind {
    name: "sub-escaped",
    about: "The right subject with all or one of its characters written as \\u escapes. It must \
            be let in.",
    source: "RFC 8259 §8.3: strings are equal if they are after unescaping; RFC 7519 §7.3",
    expectation: Expectation::Accept,
    variants: &[
        variant("all", |draft| {
            let json = escaped(draft.subject(), usize::MAX);
            draft.set_json("sub", &json)
        }),
        variant("first-character", |draft| {
            let json = escaped(draft.subject(), 1);
            draft.set_json("sub", &json)
        }),
    ],
};

/// A JSON string with its first `many` UTF-16 units escaped, at a character's boundary.
fn escaped(subject: &str, many: usize) -> String {
    let mut out = String::from("\"");
    for (position, c) in subject.chars().enumerate() {
        if position < many {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}").expect("a string takes all that is written");
            }
        } else {
            let quoted = serde_json::Value::from(c.to_string()).to_string();
            out.push_str(&quoted[1..quoted.len() - 1]);
        }
    }
    out.push('"');
    out
}
