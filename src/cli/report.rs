//! `substorm report`: the summary of a run again, also of one that was killed.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::harness::Exit;
use crate::report::RunReport;
use crate::report::console::summary;
use crate::report::partial::load;

use super::Failure;

/// Print the summary of a run from its folder
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run's folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Runs the subcommand. It ends well if there is a summary, however the run ended.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let report = load(&args.folder).map_err(|error| {
        if error.is_bad_path() { Failure::bad_input(error.to_string()) } else { error.into() }
    })?;
    print_summary(&report, None);
    Ok(Exit::Passed)
}

/// Prints a summary to standard output, and where the run's folder is.
pub fn print_summary(report: &RunReport, folder: Option<&Path>) {
    let mut stdout = std::io::stdout().lock();
    let mut text = summary(report, super::terminal::style(&stdout));
    if let Some(folder) = folder {
        text.extend(["Report:    ", &folder.display().to_string(), "\n"]);
    }
    // Whoever closed the pipe has read enough.
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}
