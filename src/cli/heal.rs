//! `substorm heal`: undoes what a killed run left behind.

use std::path::PathBuf;

use crate::harness::{Exit, heal};

/// Undo what a killed run left in a directory of your own
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Bearer token of the SCIM service
    #[arg(long, value_name = "TOKEN", env = "SUBSTORM_SCIM_TOKEN", hide_env_values = true)]
    scim_token: Option<String>,
}

/// Runs the subcommand.
#[expect(clippy::print_stdout, reason = "the command line is the one place that prints")]
pub fn run(args: Args) -> anyhow::Result<Exit> {
    if !args.folder.is_dir() {
        let folder = args.folder.display();
        return Err(super::Failure::bad_input(format!("{folder} is no run folder")));
    }
    if heal::leftover(&args.folder)? == heal::Leftover::Nothing {
        println!("nothing to undo: the run undid its changes, or they ended with its own stack");
        return Ok(Exit::Passed);
    }
    let left = heal::heal(&args.folder, args.scim_token)?;
    for problem in &left {
        println!("not undone: {problem}");
    }
    if left.is_empty() {
        println!("undone and verified: no user of the run is left in the directory");
        Ok(Exit::Passed)
    } else {
        Ok(Exit::NotUndone)
    }
}
