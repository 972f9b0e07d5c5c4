//! What a scenario says of a replay.

use std::path::PathBuf;
use std::time::Duration;

use super::formats::{Fields, Format};
use super::survey::Survey;
use super::target::Cleaning;
use crate::units::Rate;

/// A replay of one recording.
#[derive(Clone, Debug)]
pub struct ReplayPlan {
    /// The recording.
    pub file: PathBuf,
    /// Its format; `None` to recognise it by its first lines.
    pub format: Option<&'static Format>,
    /// Where in a line what is found, beyond what the format knows.
    pub fields: Fields,
    /// What is taken out of targets.
    pub cleaning: Cleaning,
    /// Methods that are replayed, in upper case; empty for all.
    pub methods: Vec<String>,
    /// Recorded gaps are divided by this: above 0.
    pub speed: f64,
    /// Starts again when the recording ends before the phase does.
    pub repeat: bool,
    /// How fast requests without times follow one another.
    pub rate: Option<Rate>,
    /// How far a request may stand behind its place in time.
    pub window: Duration,
    /// What a look at the recording has shown; `None` where nobody looked.
    pub survey: Option<Survey>,
}

impl ReplayPlan {
    /// The file's name without its folders.
    pub fn name(&self) -> String {
        let name = self.file.file_name().unwrap_or(self.file.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// The same at another speed.
    #[must_use]
    pub fn faster(mut self, factor: f64) -> Self {
        let speed = self.speed * factor;
        if speed.is_finite() && speed > 0.0 {
            self.speed = speed;
        }
        self
    }
}

/// Why a recording cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file.
    #[error("{} cannot be read: {source}", file.display())]
    Unreadable {
        /// Which one.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is nothing in it.
    #[error("{} is empty; give a recording with requests", file.display())]
    Empty {
        /// Which one.
        file: PathBuf,
    },
    /// No format knows it.
    #[error(
        "the format of {} is none that is known by its first lines; name it with `format`: {}",
        file.display(), super::formats::NAMES.join(", ")
    )]
    UnknownFormat {
        /// Which file.
        file: PathBuf,
    },
    /// Reading broke off.
    #[error("{} cannot be read {}: {source}", file.display(), beyond(*line))]
    BrokenOff {
        /// Which file.
        file: PathBuf,
        /// The last line or record that was read.
        line: u64,
        /// What is wrong.
        source: std::io::Error,
    },
    /// There is nothing to go by.
    #[error(
        "line {line} of {} has no time; say how fast requests follow one another, such as \
         rate = \"100/s\"", file.display()
    )]
    NeedsRate {
        /// Which file.
        file: PathBuf,
        /// The first such line.
        line: u64,
    },
    /// The scenario asks a line for what it cannot tell.
    #[error("`fields` names `{role}`, which the format {} does not have; it has {}", format.name, roles(format))]
    NoSuchField {
        /// What was asked for.
        role: String,
        /// The format.
        format: &'static Format,
    },
    /// The scenario does not name a part of a header.
    #[error(
        "`user` of `fields` is \"{name}\"; in the format {} it is header:NAME or cookie:NAME",
        format.name
    )]
    NotASelector {
        /// What it names.
        name: String,
        /// The format.
        format: &'static Format,
    },
}

impl ReplayError {
    /// The key of a replay that is to be changed.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Unreadable { .. }
            | Self::Empty { .. }
            | Self::UnknownFormat { .. }
            | Self::BrokenOff { .. }
            | Self::NeedsRate { .. } => "file",
            Self::NoSuchField { .. } | Self::NotASelector { .. } => "fields",
        }
    }
}

fn beyond(line: u64) -> String {
    match line {
        0 => "from its first line on".to_owned(),
        line => format!("beyond line {line}"),
    }
}

fn roles(format: &Format) -> String {
    match format.roles {
        [] => "none".to_owned(),
        roles => roles.join(", "),
    }
}
