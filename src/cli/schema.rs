//! `substorm schema`: what a scenario may hold, for editors and for people.

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
#[expect(clippy::print_stdout, reason = "the command line is the one place that prints")]
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    if args.markdown {
        print!("{}", scenario::reference());
    } else {
        println!("{}", serde_json::to_string_pretty(&scenario::schema())?);
    }
    Ok(Exit::Passed)
}
