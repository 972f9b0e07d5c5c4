//! From the scenario file to a plan, with every error at once.
//!
//! The way of a scenario: the text becomes a tree of values with their places ([`node`]); options
//! of the command line change the tree ([`overrides`]); each table is read as it is declared
//! ([`tables`], [`mod@read`]); the parts are built and held against each other ([`build`]); and the
//! result is a [`Plan`], or everything that is wrong.
//!
//! What it does not do: it starts nothing, and besides the file it reads nothing but the
//! environment variables, and the recordings, tokens, keys and certificates that the file names.

mod build;
mod digest;
mod environment;
mod estimate;
mod node;
mod outline;
mod overrides;
mod plan;
mod problems;
mod read;
mod recordings;
mod reference;
mod schema;
mod tables;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use outline::Outline;
pub use overrides::Overrides;
pub use plan::{Estimate, IdentityProof, Plan, TargetPlan, is_loopback};
pub use problems::ScenarioError;
pub use recordings::Recordings;
pub use reference::reference;
pub use schema::schema;

use crate::token::KeySource;
use crate::wire::transport::Via;
use node::Place;
use problems::Problems;
use read::Reader;

/// Largest scenario file that is read, in bytes.
pub const LARGEST_FILE: u64 = 1 << 20;

/// Reads a scenario file, with `${NAME}` from the process's environment.
pub fn load(path: &Path, overrides: &Overrides) -> Result<Plan, ScenarioError> {
    let unreadable = |source| ScenarioError::Unreadable { path: path.to_owned(), source };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > LARGEST_FILE {
        return Err(unreadable(std::io::Error::other(format!(
            "{size} bytes; a scenario has at most {LARGEST_FILE}"
        ))));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let environment = |name: &str| std::env::var(name).ok();
    let mut plan =
        read_in(&path.display().to_string(), &text, overrides, &environment, Some(folder))?;
    for file in files_of(&mut plan).filter(|file| file.is_relative()) {
        *file = folder.join(&file);
    }
    Ok(plan)
}

/// The files that a plan names, which are looked for from the scenario's folder.
fn files_of(plan: &mut Plan) -> impl Iterator<Item = &mut PathBuf> {
    let key = match &mut plan.token.key {
        KeySource::File(file) => Some(file),
        KeySource::Generated => None,
    };
    let approach = plan.target.as_mut().map(|target| &mut target.approach);
    let (tls, via) = approach.map(|way| (way.tls.as_mut(), &mut way.via)).unzip();
    let socket = match via {
        Some(Via::Unix(path)) => Some(path),
        _ => None,
    };
    let certificates = tls.flatten().into_iter().flat_map(|tls| {
        let (chain, key) = tls.client.as_mut().map(|(chain, key)| (chain, key)).unzip();
        tls.ca.iter_mut().chain(chain).chain(key)
    });
    key.into_iter().chain(socket).chain(certificates)
}

/// Reads a scenario from its text alone: no options, no environment variable is set, and no file is
/// read. Never panics, whatever the text.
pub fn parse(text: &str) -> Result<Plan, ScenarioError> {
    read("scenario", text, &Overrides::default(), &|_| None)
}

/// Reads a scenario that is called `file` in messages, and no other file.
pub fn read(
    file: &str,
    text: &str,
    overrides: &Overrides,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Plan, ScenarioError> {
    read_in(file, text, overrides, environment, None)
}

fn read_in(
    file: &str,
    text: &str,
    overrides: &Overrides,
    environment: &dyn Fn(&str) -> Option<String>,
    folder: Option<&Path>,
) -> Result<Plan, ScenarioError> {
    let mut problems = Problems::default();
    let source = problems.add_source(file, text);
    let mut root = match toml_edit::Document::parse(text) {
        Ok(document) => node::from_document(&document, source),
        Err(error) => {
            // One error at a time: after it, nothing is certain about the rest of the text.
            let place = Place { source, span: error.span() };
            problems.add(&place, "", format!("this is not TOML: {}", error.message().trim()));
            return Err(problems.into_error());
        }
    };
    overrides.apply(&mut root, &mut problems);
    let mut reader = Reader::new(problems, environment, folder);
    let plan = build::plan(&mut reader, &root, overrides);
    let digest = digest::of(&reader.settled, overrides);
    reader.problems.into_result()?;
    Ok(Plan { file: file.to_owned(), text: text.to_owned(), digest, ..plan })
}
