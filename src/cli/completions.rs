//! `substorm completions SHELL`: what a shell needs to complete the command line.

use clap_complete::Shell;

use super::output;
use crate::harness::Exit;

/// Print a shell's completions of this command
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints them.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    output::print(&script(args.shell))
}

fn script(shell: Shell) -> String {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "substorm", &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn each_shell_completes_subcommands_options_and_values() {
        for shell in Shell::value_variants() {
            let script = script(*shell);
            for word in ["duration-scale", "samples-of", "heal"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
            // The others know no values of what is no option.
            if matches!(shell, Shell::Bash | Shell::Zsh) {
                assert!(script.contains("mutations"), "{shell}");
            }
            assert!(!script.contains(crate::stack::child::SUBCOMMAND), "{shell}: it is hidden");
        }
    }
}
