//! The command line: arguments to domain types to an exit code. Alone prints.
//!
//! One file a subcommand, each with its `Args` and a `run` that gives an [`Exit`] or an error. An
//! error that knows its exit code carries it as a [`Failure`]; any other means that the thing
//! could not be carried out.

mod check;
mod completions;
mod embedded_stack;
mod github;
mod heal;
mod jwks;
mod key;
mod list;
mod live;
mod man;
mod mint;
mod output;
mod overrides;
mod plan;
mod progress;
mod record;
mod report;
mod run;
mod schema;
mod serve;
mod stack;
mod terminal;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::harness::Exit;
use crate::stack::child::SUBCOMMAND;

/// Load and chaos testing for the path on which a gateway turns a token's `sub` into a user.
#[derive(Debug, Parser)]
#[command(name = "substorm", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    Check(check::Args),
    Plan(plan::Args),
    Report(report::Args),
    Heal(heal::Args),
    List(list::Args),
    Stack(stack::Args),
    Record(record::Args),
    Mint(mint::Args),
    Jwks(jwks::Args),
    Schema(schema::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// An error with an exit code of its own.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What went wrong and what to do.
    pub message: String,
    /// How the process ends.
    pub exit: Exit,
}

impl Failure {
    /// The command line or the scenario is wrong.
    pub fn bad_input(message: impl Into<String>) -> anyhow::Error {
        Self { message: message.into(), exit: Exit::BadInput }.into()
    }
}

/// The command line's grammar, for completions, manual pages and whoever checks what is written of it.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Parses the arguments, runs the subcommand, gives its exit code.
pub fn main() -> ExitCode {
    // What a run starts as its child is no part of the grammar, so that nothing tells of it.
    let is_child = std::env::args_os().nth(1).is_some_and(|word| word == SUBCOMMAND);
    let ran = if is_child { embedded_stack::run() } else { run(Cli::parse().command) };
    match ran {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(error) => {
            print_error(&error);
            let exit = error.downcast_ref::<Failure>().map_or(Exit::NotCarriedOut, |f| f.exit);
            ExitCode::from(exit.code())
        }
    }
}

fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Heal(args) => heal::run(args),
        Command::Run(args) => run::run(&args),
        Command::Stack(args) => stack::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Record(args) => record::run(args),
        Command::Check(args) => check::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::List(args) => list::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Mint(args) => mint::run(&args),
        Command::Jwks(args) => jwks::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}

fn print_error(error: &anyhow::Error) {
    output::fail(&with_causes(error));
}

/// The error and what caused it, where it does not say that itself.
fn with_causes(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text.extend([": ", &cause]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot listen: {source}")]
    struct Told {
        source: std::io::Error,
    }

    #[test]
    fn a_cause_is_told_once() {
        let told = || Told { source: std::io::Error::other("in use") };
        assert_eq!(with_causes(&told().into()), "cannot listen: in use");
        let around = anyhow::Error::from(told()).context("recording");
        assert_eq!(with_causes(&around), "recording: cannot listen: in use");
    }
}
