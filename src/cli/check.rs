//! `substorm check FILE…`: whether scenarios are right.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::Failure;
use super::output;
use super::overrides::OverrideArgs;
use crate::harness::Exit;
use crate::scenario;

/// Say whether scenarios are right, and everything that is wrong with them
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Scenario files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    overrides: OverrideArgs,
}

/// Reads every file; tells of everything that is wrong in any of them.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let overrides = args.overrides.overrides();
    let (mut right, mut wrong, mut count) = (String::new(), Vec::new(), 0);
    for file in &args.files {
        match scenario::load(file, &overrides) {
            Ok(plan) => {
                let digest = plan.digest.get(..12).unwrap_or_default();
                let name = file.display();
                let _ = writeln!(right, "{name}: ok, plan {digest}");
                for warning in &plan.warnings {
                    let _ = writeln!(right, "{name}: warning: {warning}");
                }
                right += &scenario::Recordings(&plan).to_string();
            }
            Err(error) => {
                count += error.count();
                wrong.push(error.to_string());
            }
        }
    }
    let passed = output::print(&right)?;
    match count {
        0 => Ok(passed),
        1 => Err(Failure::bad_input(wrong.join("\n"))),
        _ => Err(Failure::bad_input(format!("{count} things are wrong\n{}", wrong.join("\n")))),
    }
}
