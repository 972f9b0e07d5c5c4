//! The options that change a scenario from the command line; every subcommand that reads one has
//! them.

use crate::scenario::Overrides;

/// Change the scenario without changing its file
#[derive(Clone, Debug, Default, clap::Args)]
pub struct OverrideArgs {
    /// Send requests to this gateway instead of the scenario's
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// Draw everything from this seed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Multiply every rate of the load
    #[arg(long, value_name = "X")]
    rate_scale: Option<f64>,
    /// Multiply the length of every phase and fault
    #[arg(long, value_name = "X")]
    duration_scale: Option<f64>,
    /// Set any key by its dotted path, such as phase.steady.for=10s; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Let load go to this host beyond this machine; may be repeated
    #[arg(long, value_name = "HOST")]
    allow_target: Vec<String>,
}

impl OverrideArgs {
    /// The same for the scenario's reader.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            set: self.set.clone(),
            target: self.target.clone(),
            seed: self.seed,
            rate_scale: self.rate_scale,
            duration_scale: self.duration_scale,
            allow_targets: self.allow_target.clone(),
        }
    }
}
