//! `substorm schema`: what a scenario may hold, and what `run.json` holds, for editors and for people.

use super::output;
use crate::harness::Exit;
use crate::{report, scenario};

/// Print the JSON Schema of scenarios, or of run.json
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print the reference for people instead, in Markdown
    #[arg(long)]
    markdown: bool,
    /// Print the JSON Schema of run.json instead
    #[arg(long, conflicts_with = "markdown")]
    run: bool,
}

/// Prints it.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    match (args.markdown, args.run) {
        (true, _) => output::print(&scenario::reference()),
        (_, true) => output::print(&format!("{:#}\n", report::schema::schema())),
        _ => output::print(&format!("{:#}\n", scenario::schema())),
    }
}
