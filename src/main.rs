//! The `substorm` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    substorm::cli::main()
}
