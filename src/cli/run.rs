//! `substorm run`: carries a scenario out and ends with its verdict.

use std::path::PathBuf;
use std::sync::Arc;

use clap::builder::{PossibleValue, PossibleValuesParser};

use crate::harness::{self, Exit, Options, SampleOptions};
use crate::report::Observer;
use crate::report::formats::{FORMATS, Format};
use crate::stack::Embedded;
use crate::units::Share;

use super::github;
use super::live::{LiveArgs, Views};
use super::output::{self, warn};
use super::overrides::OverrideArgs;
use super::report::{self, print_summary};

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
    /// What is made of the run at its end, joined by commas; what it records is there in any case
    ///
    /// `substorm report DIR --format …` makes the others later.
    #[arg(long, value_name = "FORMAT", value_delimiter = ',', default_value = report::ALL,
          value_parser = format_names())]
    format: Vec<String>,
    /// Keep single requests in this file, in the Parquet format
    #[arg(long, value_name = "FILE", help_heading = "Samples")]
    samples: Option<PathBuf>,
    /// Of which requests: all, or those whose verdict is neither right nor grey
    #[arg(long, value_enum, default_value_t, requires = "samples", help_heading = "Samples")]
    samples_of: SamplesOf,
    /// Which part of them, such as 1% or 0.01; drawn by the seed
    #[arg(long, value_name = "SHARE", default_value = "100%", value_parser = share,
          requires = "samples", help_heading = "Samples")]
    samples_rate: Share,
    #[command(flatten)]
    overrides: OverrideArgs,
    #[command(flatten)]
    live: LiveArgs,
}

/// No format.
const NONE: &str = "none";

fn format_names() -> PossibleValuesParser {
    let more = [report::every(), PossibleValue::new(NONE).help("None of them")];
    more.into_iter().chain(report::named()).collect::<Vec<_>>().into()
}

/// The formats with these names.
fn chosen(names: &[String]) -> Vec<&'static Format> {
    let is_chosen =
        |format: &&Format| names.iter().any(|name| name == report::ALL || name == format.name);
    FORMATS.iter().filter(is_chosen).collect()
}

/// Of which requests samples are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum SamplesOf {
    /// All that have a verdict
    #[default]
    All,
    /// Those whose verdict is neither right nor grey
    Wrong,
}

/// `1%` or `0.01`.
fn share(text: &str) -> Result<Share, String> {
    let fraction = || text.parse().ok().and_then(Share::new);
    let share = text.parse().ok().or_else(fraction).filter(|share| share.fraction() > 0.0);
    share.ok_or_else(|| "want a share above 0 and up to 100%, such as 1% or 0.01".to_owned())
}

/// Runs the subcommand.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let plan = args.overrides.plan(&args.file)?;
    let options = Options {
        out: args.out.clone(),
        program: Embedded::this_program()?,
        token_cache: args.token_cache.clone(),
        samples: args.samples.clone().map(|file| SampleOptions {
            file,
            only_wrong: args.samples_of == SamplesOf::Wrong,
            share: args.samples_rate,
        }),
        formats: chosen(&args.format),
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
        if let Err(error) = output::print(&github::tell(&finished.report, &finished.folder)) {
            warn(&format!("cannot print the annotations: {error}"));
        }
    }
    views.end(finished.as_ref().ok().map(|finished| finished.report.interrupted));
    let finished = finished.map_err(|error| match error.exit() {
        Exit::NotCarriedOut => anyhow::Error::from(error),
        exit => super::Failure { message: error.to_string(), exit }.into(),
    })?;
    Ok(finished.exit)
}
