//! From the scenario file to a plan, with every error at once.
//!
//! The way of a scenario: the text becomes a tree of values with their places ([`node`]); options
//! of the command line change the tree ([`overrides`]); each table is read as it is declared
//! ([`tables`], [`mod@read`]); the parts are built and held against each other ([`build`]); and the
//! result is a [`Plan`], or everything that is wrong.
//!
//! What it does not do: it starts nothing, and besides the file it reads nothing but the
//! environment variables and the file of tokens that it names.

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
mod reference;
mod schema;
mod tables;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use outline::Outline;
pub use overrides::Overrides;
pub use plan::{Estimate, IdentityProof, Plan, TargetPlan, is_loopback};
pub use problems::ScenarioError;
pub use reference::reference;
pub use schema::schema;

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
    let variable = |name: &str| std::env::var(name).ok();
    let mut plan =
        read_in(path.parent(), &path.display().to_string(), &text, overrides, &variable)?;
    if let crate::token::KeySource::File(key) = &mut plan.token.key
        && key.is_relative()
        && let Some(folder) = path.parent()
    {
        *key = folder.join(&key);
    }
    Ok(plan)
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
    read_in(None, file, text, overrides, environment)
}

/// Reads a scenario; the files that it names are relative to the folder.
fn read_in(
    folder: Option<&Path>,
    file: &str,
    text: &str,
    overrides: &Overrides,
    environment: &dyn Fn(&str) -> Option<String>,
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
