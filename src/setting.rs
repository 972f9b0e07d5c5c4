//! What a table of a scenario may hold: one [`Setting`] a key.
//!
//! The kinds in the registries (faults, mutations, arrival processes) and the fixed tables of a
//! scenario all declare their keys this way. The parser, its error messages, the JSON Schema and
//! the reference in `docs/scenario.md` are made from these declarations, so none can disagree.
//!
//! This module declares and holds values; reading text is the scenario's part.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::units::{Rate, Share};

/// One key that a table may hold.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The key as written.
    pub key: &'static str,
    /// What it may hold.
    pub kind: Kind,
    /// What holds when the key is left out.
    pub absent: Absent,
    /// One sentence for the reference: what it does, in the imperative or as a noun phrase.
    pub about: &'static str,
}

/// What holds when a key is left out.
#[derive(Clone, Copy, Debug)]
pub enum Absent {
    /// The key must be there.
    Required,
    /// Nothing holds; the getter returns `None`.
    Nothing,
    /// This value holds, written as in a scenario (without quotes).
    Default(&'static str),
}

/// What a key may hold. Bounds are inclusive.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Any string.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Count {
        /// Smallest value allowed.
        min: u64,
        /// Largest value allowed.
        max: u64,
    },
    /// A number.
    Number {
        /// Smallest value allowed.
        min: f64,
        /// Largest value allowed.
        max: f64,
    },
    /// A time such as `"5s"`.
    Span {
        /// Shortest time allowed.
        min: Duration,
        /// Longest time allowed.
        max: Duration,
    },
    /// A rate such as `"500/s"`.
    Rate,
    /// A share such as `"1%"`.
    Share,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of strings.
    Texts,
    /// A table of strings whose keys are among these words.
    Map(&'static [&'static str]),
}

/// Any time from nothing to thirty days.
pub const ANY_SPAN: Kind =
    Kind::Span { min: Duration::ZERO, max: Duration::from_secs(30 * 86_400) };
/// Any time from a millisecond to thirty days.
pub const POSITIVE_SPAN: Kind =
    Kind::Span { min: Duration::from_millis(1), max: Duration::from_secs(30 * 86_400) };

impl Setting {
    /// A key that must be there.
    pub const fn required(key: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { key, kind, absent: Absent::Required, about }
    }

    /// A key that may be left out, and then nothing holds.
    pub const fn optional(key: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { key, kind, absent: Absent::Nothing, about }
    }

    /// A key that may be left out, and then `default` holds.
    pub const fn with_default(
        key: &'static str,
        kind: Kind,
        default: &'static str,
        about: &'static str,
    ) -> Self {
        Self { key, kind, absent: Absent::Default(default), about }
    }
}

/// A value that was read and lies within its bounds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// For [`Kind::Text`] and [`Kind::Choice`].
    Text(String),
    /// For [`Kind::Flag`].
    Flag(bool),
    /// For [`Kind::Count`].
    Count(u64),
    /// For [`Kind::Number`].
    Number(f64),
    /// For [`Kind::Span`].
    Span(Duration),
    /// For [`Kind::Rate`].
    Rate(Rate),
    /// For [`Kind::Share`].
    Share(Share),
    /// For [`Kind::Texts`].
    Texts(Vec<String>),
    /// For [`Kind::Map`].
    Map(BTreeMap<String, String>),
}

/// The values of one table, defaults filled in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings(BTreeMap<&'static str, Value>);

macro_rules! getter {
    ($(#[$doc:meta])* $name:ident, $variant:ident, $type:ty) => {
        $(#[$doc])*
        pub fn $name(&self, key: &str) -> Option<$type> {
            match self.0.get(key) {
                Some(Value::$variant(value)) => Some(value.clone()),
                _ => None,
            }
        }
    };
}

impl Settings {
    /// Puts a value in; a later one replaces an earlier one.
    pub fn insert(&mut self, key: &'static str, value: Value) {
        self.0.insert(key, value);
    }

    /// All values, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(key, value)| (*key, value))
    }

    /// Whether the key holds anything.
    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    getter!(/// A string or a chosen word.
        text, Text, String);
    getter!(/// A flag.
        flag, Flag, bool);
    getter!(/// A whole number.
        count, Count, u64);
    getter!(/// A number.
        number, Number, f64);
    getter!(/// A time.
        span, Span, Duration);
    getter!(/// A rate.
        rate, Rate, Rate);
    getter!(/// A share.
        share, Share, Share);
    getter!(/// A list of strings.
        texts, Texts, Vec<String>);
    getter!(/// A table of strings.
        map, Map, BTreeMap<String, String>);
}
