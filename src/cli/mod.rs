//! The command line: arguments to domain types to an exit code. Alone prints.

use std::process::ExitCode;

/// Parses the arguments, runs the subcommand, gives its exit code.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
