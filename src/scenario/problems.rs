//! Everything wrong with a scenario, gathered over all the texts that it is made of.

use std::fmt;

use super::node::Place;
use crate::diagnostic::{Diagnostic, Diagnostics, SourceText};

/// Gathers what is wrong, so that a person hears of all of it at once.
#[derive(Debug, Default)]
pub(super) struct Problems {
    sources: Vec<SourceText>,
    found: Vec<(usize, Diagnostic)>,
}

impl Problems {
    /// Adds a text to point into; gives its number.
    pub fn add_source(&mut self, name: impl Into<String>, text: impl Into<String>) -> usize {
        self.sources.push(SourceText { name: name.into(), text: text.into() });
        self.sources.len() - 1
    }

    /// Records something wrong.
    pub fn add(&mut self, place: &Place, path: &str, message: impl Into<String>) {
        self.push(place, path, message.into(), None);
    }

    /// Records something wrong, and what to do about it.
    pub fn add_with_help(
        &mut self,
        place: &Place,
        path: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(place, path, message.into(), Some(help.into()));
    }

    /// Records something wrong in the place of whatever was said of this key before.
    pub fn instead(&mut self, place: &Place, path: &str, message: impl Into<String>) {
        self.found.retain(|(source, known)| *source != place.source || known.path != path);
        self.push(place, path, message.into(), None);
    }

    fn push(&mut self, place: &Place, path: &str, message: String, help: Option<String>) {
        let entry = Diagnostic { span: place.span.clone(), path: path.to_owned(), message, help };
        if !self.found.iter().any(|(source, known)| *source == place.source && *known == entry) {
            self.found.push((place.source, entry));
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.found.len()
    }

    /// The error, if anything is wrong.
    pub fn into_result(self) -> Result<(), ScenarioError> {
        if self.found.is_empty() { Ok(()) } else { Err(self.into_error()) }
    }

    /// The error; something must be wrong.
    pub fn into_error(self) -> ScenarioError {
        let mut by_source: Vec<_> = self
            .sources
            .into_iter()
            .map(|source| Diagnostics { source, entries: Vec::new() })
            .collect();
        for (source, entry) in self.found {
            if let Some(diagnostics) = by_source.get_mut(source) {
                diagnostics.entries.push(entry);
            }
        }
        by_source.retain(|diagnostics| !diagnostics.entries.is_empty());
        ScenarioError::Invalid(by_source)
    }
}

/// Why there is no plan.
#[derive(Debug)]
pub enum ScenarioError {
    /// The scenario is wrong: one entry for the file and for each option that is, none empty.
    Invalid(Vec<Diagnostics>),
    /// The file cannot be read.
    Unreadable {
        /// The file, as given.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl ScenarioError {
    /// How many things are wrong.
    pub fn count(&self) -> usize {
        match self {
            Self::Invalid(sources) => sources.iter().map(|source| source.entries.len()).sum(),
            Self::Unreadable { .. } => 1,
        }
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(sources) => {
                for (i, source) in sources.iter().enumerate() {
                    if i > 0 {
                        writeln!(f)?;
                    }
                    write!(f, "{source}")?;
                }
                Ok(())
            }
            Self::Unreadable { path, source } => {
                write!(f, "{}: cannot be read: {source}", path.display())
            }
        }
    }
}

impl std::error::Error for ScenarioError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Invalid(_) => None,
            Self::Unreadable { source, .. } => Some(source),
        }
    }
}
