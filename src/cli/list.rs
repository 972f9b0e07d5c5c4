//! `substorm list WHAT`: the names that a scenario can use, from the registries.

use std::path::{Path, PathBuf};

use super::output;
use crate::harness::Exit;
use crate::outcome::profiles;
use crate::scenario::{self, Overrides};
use crate::token::mutation;
use crate::{arrival, fault};

/// List the names that scenarios can use
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to list
    #[arg(value_enum)]
    what: What,
    /// Where scenarios are
    #[arg(long, value_name = "FOLDER", default_value = "scenarios")]
    folder: PathBuf,
}

/// What there is to list.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum What {
    /// Kinds of faults
    Faults,
    /// Defects of tokens and subjects
    Mutations,
    /// How gateways spell their answers
    Profiles,
    /// When requests are due
    Arrivals,
    /// Scenario files
    Scenarios,
}

/// Prints name and description, one a line.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let rows: Vec<(String, String)> = match args.what {
        What::Faults => rows(fault::REGISTRY.iter().map(|kind| (kind.name, kind.about))),
        What::Mutations => rows(mutation::REGISTRY.iter().map(|kind| (kind.name, kind.about))),
        What::Profiles => rows(profiles::REGISTRY.iter().map(|one| (one.name, one.about))),
        What::Arrivals => rows(arrival::REGISTRY.iter().map(|kind| (kind.name, kind.about))),
        What::Scenarios => scenarios(&args.folder)?,
    };
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines: Vec<_> =
        rows.iter().map(|(name, about)| format!("{name:width$}  {about}\n")).collect();
    output::print(&lines.concat())
}

fn rows(entries: impl Iterator<Item = (&'static str, &'static str)>) -> Vec<(String, String)> {
    entries.map(|(name, about)| (name.to_owned(), about.to_owned())).collect()
}

fn scenarios(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    use anyhow::Context as _;
    let entries = std::fs::read_dir(folder).with_context(|| {
        format!("{} cannot be read; name the folder with --folder", folder.display())
    })?;
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    files.sort();
    let about = |path: &Path| match scenario::load(path, &Overrides::default()) {
        Ok(plan) => plan.about,
        Err(_) => "(wrong; `substorm check` says why)".to_owned(),
    };
    Ok(files.iter().map(|path| (path.display().to_string(), about(path))).collect())
}
