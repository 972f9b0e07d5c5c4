//! The options that change what a scenario says; shared by the subcommands that take a scenario.

use std::path::Path;

use super::Failure;
use crate::scenario::{self, Overrides, Plan, ScenarioError};

/// Options that override keys of the scenario.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct OverrideArgs {
    /// Send the load to this gateway instead of the embedded one, such as http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    pub target: Option<String>,
    /// A host other than this machine that may be sent load; may be given more than once
    #[arg(long = "allow-target", value_name = "HOST")]
    pub allow_targets: Vec<String>,
    /// Where every random choice comes from
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Multiply every rate of the load
    #[arg(long, value_name = "X")]
    pub rate_scale: Option<f64>,
    /// Multiply the length of every phase, and the times of faults with it
    #[arg(long, value_name = "X")]
    pub duration_scale: Option<f64>,
    /// Set a key of the scenario, such as phase.steady.for=10s; may be given more than once
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

impl OverrideArgs {
    /// As the scenario takes them.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            set: self.set.clone(),
            target: self.target.clone(),
            seed: self.seed,
            rate_scale: self.rate_scale,
            duration_scale: self.duration_scale,
            allow_targets: self.allow_targets.clone(),
            other_key: false,
        }
    }

    /// As [`Self::plan`]; with `other_key` the scenario's own key is not looked at.
    pub fn plan_for(&self, file: &Path, other_key: bool) -> anyhow::Result<Plan> {
        let overrides = Overrides { other_key, ..self.overrides() };
        scenario::load(file, &overrides).map_err(|error| bad_scenario(&error))
    }

    /// The plan of a file with these options; anything wrong ends the process with exit code 2.
    pub fn plan(&self, file: &Path) -> anyhow::Result<Plan> {
        self.plan_for(file, false)
    }
}

/// The error as a person reads it, with a count where there is more than one.
pub fn bad_scenario(error: &ScenarioError) -> anyhow::Error {
    match error.count() {
        1 => Failure::bad_input(error.to_string()),
        many => Failure::bad_input(format!("{many} things are wrong\n{error}")),
    }
}
