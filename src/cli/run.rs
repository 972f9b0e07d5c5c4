//! `substorm run`: carries a scenario out and ends with its verdict.

use std::path::PathBuf;
use std::sync::Arc;

use crate::harness::{self, Beat, Exit, Observer, Options, Step};
use crate::scenario;
use crate::stack::Embedded;

use super::Failure;
use super::overrides::OverrideArgs;

/// Run a scenario and judge it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The scenario file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where run folders are made
    #[arg(long, value_name = "DIR", default_value = "reports")]
    out: PathBuf,
    /// No progress, only the summary
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    overrides: OverrideArgs,
}

/// Runs the subcommand.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let plan = scenario::load(&args.file, &args.overrides.overrides())
        .map_err(|error| Failure::bad_input(&error))?;
    let options = Options { out: args.out.clone(), program: Embedded::this_program()? };
    let observer: Arc<dyn Observer> = Arc::new(Lines { quiet: args.quiet });
    let finished = harness::run(plan, &options, &observer)?;
    Ok(finished.exit)
}

/// Tells how a run stands, a line a second.
struct Lines {
    quiet: bool,
}

impl Observer for Lines {
    fn step(&self, _step: &Step) {}

    #[expect(clippy::print_stderr, reason = "the command line is the one place that prints")]
    fn beat(&self, beat: &Beat<'_>) {
        if !self.quiet {
            let row = beat.row;
            eprintln!("{:>4} s  {}  sent {}  done {}", row.second, row.phase, row.sent, row.done);
        }
    }
}
