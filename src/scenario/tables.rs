//! The tables of a scenario and their keys. The reader, the JSON Schema and the reference are all
//! made from these declarations.

mod machinery;
mod traffic;

use crate::setting::{Absent, Kind, Setting};

pub(super) use machinery::{CACHE, GATEWAY, SYNC, TARGET, TARGET_TLS};
pub(super) use traffic::{
    EXPECT, FAULT, LOAD, MUTATION, PHASE, POPULATION, PROBE, RETRY, ROUTE, THRESHOLDS, TOKEN,
};

/// A table of a scenario.
#[derive(Debug)]
pub(super) struct TableSpec {
    /// The header without brackets, such as `token.mutation`; empty for the head of the file.
    pub name: &'static str,
    /// Whether there may be many, written `[[name]]`.
    pub repeated: bool,
    /// What it is for: one or two sentences.
    pub about: &'static str,
    /// Keys with plain values.
    pub settings: &'static [Setting],
    /// Keys with values of their own form.
    pub forms: &'static [FormKey],
    /// Tables inside it.
    pub inner: &'static [&'static TableSpec],
}

/// A key whose value has a form of its own.
#[derive(Debug)]
pub(super) struct FormKey {
    pub key: &'static str,
    pub form: Form,
    /// As in [`Setting::absent`]; the default is written as TOML.
    pub absent: Absent,
    pub about: &'static str,
}

/// Forms beyond [`Kind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `{ poisson = "500/s" }`: one kind of the arrival registry.
    Arrival,
    /// `"uniform"` or `{ zipf = 1.1 }`.
    Popularity,
    /// `{ header = "X-User-ID" }`, `{ json = "/user" }` or `"none"`.
    Identity,
    /// Any table; each value becomes JSON.
    Claims,
    /// `{ file = "tokens.txt" }`.
    Source,
    /// A name from the registry of profiles.
    ProfileName,
    /// A name from the registry of mutations.
    MutationName,
    /// A name from the registry of faults; its keys join the table's.
    FaultName,
    /// Any keys with strings, which stand for the whole table.
    Conditions,
    /// `{ header = "X-Token", prefix = "" }`, `{ cookie = "session" }`, `{ query = "token" }` or
    /// `"placeholder"`.
    TokenPlace,
    /// A table of header fields.
    Headers,
    /// A status, or a list of them.
    Statuses,
    /// A table of JSON pointers and values.
    JsonValues,
}

impl TableSpec {
    /// The last part of the name, which is the key in the table around it.
    pub fn key(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }

    /// Every key that the table may hold.
    pub fn keys(&self) -> Vec<&'static str> {
        let settings = self.settings.iter().map(|setting| setting.key);
        let forms = self.forms.iter().map(|form| form.key);
        settings.chain(forms).chain(self.inner.iter().map(|table| table.key())).collect()
    }

    /// The form key with this name.
    pub fn form(&self, key: &str) -> Option<&'static FormKey> {
        self.forms.iter().find(|form| form.key == key)
    }
}

/// The head of the file and, inside it, every other table.
pub(super) static ROOT: TableSpec = TableSpec {
    name: "",
    repeated: false,
    about: "The head of the file.",
    settings: &[
        Setting::required(
            "name",
            Kind::Text,
            "Names the scenario and the folder of its runs: 1 to 64 letters, digits, `-`, `_` \
             and `.`, of which the first is a letter or digit.",
        ),
        Setting::with_default("about", Kind::Text, "", "What the scenario is for."),
        Setting::with_default(
            "seed",
            Kind::Count { min: 0, max: i64::MAX as u64 },
            "1",
            "Where every random choice comes from: same scenario and seed, same run.",
        ),
    ],
    forms: &[],
    inner: &[
        &POPULATION,
        &TOKEN,
        &TARGET,
        &ROUTE,
        &PHASE,
        &FAULT,
        &THRESHOLDS,
        &GATEWAY,
        &SYNC,
        &LOAD,
        &PROBE,
    ],
};
