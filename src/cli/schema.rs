//! `substorm schema`: what a scenario may hold, for editors and for people.

use super::output;
use crate::harness::Exit;
use crate::scenario;

/// Print the JSON Schema of scenarios
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print the reference for people instead, in Markdown
    #[arg(long)]
    markdown: bool,
}

/// Prints it.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    if args.markdown {
        output::print(&scenario::reference())
    } else {
        output::print(&format!("{:#}\n", scenario::schema()))
    }
}
