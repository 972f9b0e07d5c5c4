//! `substorm run`: carries a scenario out and ends with its verdict.

use std::path::PathBuf;
use std::sync::Arc;

use crate::harness::{self, Exit, Options};
use crate::report::Observer;
use crate::stack::Embedded;

use super::github;
use super::live::{LiveArgs, Views};
use super::output::{self, warn};
use super::overrides::OverrideArgs;
use super::report::print_summary;

/// Run a scenario and judge it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The scenario file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where run folders are made
    #[arg(long, value_name = "DIR", default_value = "reports")]
    out: PathBuf,
    /// Keep tokens in this folder between runs, and use those that are there and young enough
    #[arg(long, value_name = "DIR", env = "SUBSTORM_TOKEN_CACHE")]
    token_cache: Option<PathBuf>,
    #[command(flatten)]
    overrides: OverrideArgs,
    #[command(flatten)]
    live: LiveArgs,
}

/// Runs the subcommand.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let plan = args.overrides.plan(&args.file)?;
    let options = Options {
        out: args.out.clone(),
        program: Embedded::this_program()?,
        token_cache: args.token_cache.clone(),
    };
    for warning in &plan.warnings {
        warn(warning);
    }
    let mut views = Views::start(&args.live, (plan.name.clone(), plan.about.clone()))?;
    let observer: Arc<dyn Observer> = views.observer();
    let finished = harness::run(plan, &options, &observer);
    views.end_screen(finished.is_ok());
    if let Ok(finished) = &finished {
        print_summary(&finished.report, Some(&finished.folder));
        for problem in &finished.unwritten {
            warn(problem);
        }
        output::print(&github::tell(&finished.report, &finished.folder))?;
    }
    views.end(finished.as_ref().ok().map(|finished| finished.report.interrupted));
    let finished = finished.map_err(|error| match error.exit() {
        Exit::NotCarriedOut => anyhow::Error::from(error),
        exit => super::Failure { message: error.to_string(), exit }.into(),
    })?;
    Ok(finished.exit)
}
