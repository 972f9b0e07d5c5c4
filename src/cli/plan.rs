//! `substorm plan FILE`: what a run would do.

use std::path::PathBuf;

use super::output;
use super::overrides::OverrideArgs;
use crate::harness::Exit;
use crate::scenario::Outline;

/// Print what a run would do: phases, rates, faults, requests, memory
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The scenario file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    overrides: OverrideArgs,
}

/// Prints the plan.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    output::print(&Outline(&args.overrides.plan(&args.file)?).to_string())
}
