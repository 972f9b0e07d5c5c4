//! How gateways and auth servers spell their answers: one file each, one line each in
//! [`REGISTRY`].

mod rfc6750;

use super::{Class, ClassSet, Observation};

/// How one system spells its answers.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// The name in scenarios.
    pub name: &'static str,
    /// One sentence: which system, which versions, where the facts come from.
    pub about: &'static str,
    /// Whether a 401 without `WWW-Authenticate` counts as a wrong code (RFC 9110 §11.6.1).
    pub wants_challenge: bool,
    /// Reads an answer. Pure, and never panics whatever the bytes.
    pub read: fn(&Observation<'_>) -> Reading,
}

/// What a profile makes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The most likely meaning.
    pub class: Class,
    /// Other meanings that this system spells the same way; the truth decides among them.
    pub may_be: ClassSet,
}

impl Reading {
    /// An answer that can mean only this.
    pub const fn certain(class: Class) -> Self {
        Self { class, may_be: ClassSet::NONE }
    }

    /// An answer that this system gives for other reasons too.
    pub const fn ambiguous(class: Class, may_be: &[Class]) -> Self {
        Self { class, may_be: ClassSet::of(may_be) }
    }

    /// Everything that the answer may mean.
    pub const fn meanings(self) -> ClassSet {
        self.may_be.with(self.class)
    }
}

/// Every profile.
pub const REGISTRY: &[&Profile] = &[&rfc6750::PROFILE];

/// The profile with this name.
pub fn named(name: &str) -> Option<&'static Profile> {
    REGISTRY.iter().copied().find(|profile| profile.name == name)
}
