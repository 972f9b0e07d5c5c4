//! Every form in which a run can be had: one file a format, one line in [`FORMATS`].
//!
//! A format is either made from the [`Input`], which a run in progress, a finished folder and the
//! folder of a killed run all give, or it is a file that the run recorded as it went, which is handed
//! on as it is. Nothing here measures or judges.

mod charts;
mod csv;
mod events;
mod hlog;
mod html;
mod json;
mod junit;
mod markdown;
mod source;
mod text;

use std::cell::OnceCell;
use std::io;
use std::path::{Path, PathBuf};

pub use source::{Source, SourceError, events as events_of};

pub use super::charts::Input;
use super::charts::{Chart, ChartError, Drawing, Theme, drawn};
use super::folder::{RUN_JSON, write_file};

/// What formats are made of: an input, and the charts that page and files have in common.
#[derive(Debug)]
pub struct Material<'a> {
    /// The input.
    pub input: Input<'a>,
    light: OnceCell<Vec<(&'static Chart, Drawing)>>,
}

impl<'a> Material<'a> {
    /// Nothing of it is drawn yet.
    pub fn new(input: Input<'a>) -> Self {
        Self { input, light: OnceCell::new() }
    }

    /// The charts of the light theme, which are drawn once for all formats.
    pub(super) fn light_charts(&self) -> &[(&'static Chart, Drawing)] {
        self.light.get_or_init(|| drawn(&self.input, Theme::Light))
    }
}

/// One format.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// As `--format` takes it.
    pub name: &'static str,
    /// The file in the run's folder, or the folder of its files.
    pub file: &'static str,
    /// What it is for, in a sentence.
    pub about: &'static str,
    /// Where it comes from.
    pub make: Make,
}

/// Where a format comes from.
#[derive(Clone, Copy, Debug)]
pub enum Make {
    /// A text that is made from the input.
    Text(fn(&Material<'_>) -> Result<String, RenderError>),
    /// Files that are made from the input, by name below the format's folder.
    Files(fn(&Material<'_>) -> Result<Vec<NamedFile>, RenderError>),
    /// A file that the run wrote as it went.
    Recorded,
}

/// The name of a file and what it holds.
pub type NamedFile = (String, Vec<u8>);

/// Why there is no such form of a run.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A chart could not be drawn.
    #[error("{0}")]
    Chart(#[from] ChartError),
    /// The report could not be written down.
    #[error("cannot write the report as text: {0}")]
    Text(#[from] io::Error),
    /// Its file could not be written.
    #[error("{0}")]
    File(io::Error),
    /// The run recorded no such file.
    #[error("cannot read {}: {source}; the run did not come so far, or the file is gone", path.display())]
    NotRecorded {
        /// The file.
        path: PathBuf,
        /// Why it cannot be read.
        source: io::Error,
    },
}

/// All formats, in the order in which they are listed and written.
pub const FORMATS: &[Format] = &[
    text::FORMAT,
    html::FORMAT,
    markdown::FORMAT,
    junit::FORMAT,
    json::FORMAT,
    charts::FORMAT,
    csv::FORMAT,
    hlog::FORMAT,
    events::FORMAT,
];

/// The format with this name.
pub fn named(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

impl Format {
    /// Whether the run's own folder has it as a record, which is never written again.
    pub fn is_record(&self) -> bool {
        matches!(self.make, Make::Recorded) || self.file == RUN_JSON
    }

    /// The text, of a format that is one; `None` for those of several files. A record is read from
    /// the run's `folder`.
    pub fn text(
        &self,
        material: &Material<'_>,
        folder: &Path,
    ) -> Option<Result<Vec<u8>, RenderError>> {
        match self.make {
            Make::Text(make) => Some(make(material).map(String::into_bytes)),
            Make::Files(_) => None,
            Make::Recorded => {
                let path = folder.join(self.file);
                let read = std::fs::read(&path);
                Some(read.map_err(|source| RenderError::NotRecorded { path, source }))
            }
        }
    }

    /// Writes it below `out`, also where that is the run's own `folder`; gives the paths written.
    pub fn write(
        &self,
        material: &Material<'_>,
        folder: &Path,
        out: &Path,
    ) -> Result<Vec<PathBuf>, RenderError> {
        let files = match self.make {
            Make::Files(make) => {
                let below = |(name, bytes)| (format!("{}/{name}", self.file), bytes);
                make(material)?.into_iter().map(below).collect()
            }
            _ => match self.text(material, folder) {
                Some(text) => vec![(self.file.to_owned(), text?)],
                None => Vec::new(),
            },
        };
        let mut written = Vec::with_capacity(files.len());
        for (name, bytes) in files {
            write_file(out, &name, &bytes).map_err(RenderError::File)?;
            written.push(out.join(name));
        }
        Ok(written)
    }
}

/// Writes those of the `wanted` formats that are made from the input into the run's folder. One that fails does not
/// keep the others from being written; what failed is given back, a sentence each.
pub fn write_all(input: &Input<'_>, folder: &Path, wanted: &[&Format]) -> Vec<String> {
    let material = Material::new(*input);
    let made = wanted.iter().filter(|format| !format.is_record());
    let failed = made.filter_map(|format| {
        let error = format.write(&material, folder, folder).err()?;
        Some(format!("{} is not written: {error}", format.file))
    });
    failed.collect()
}

#[cfg(test)]
mod tests;
