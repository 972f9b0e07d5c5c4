//! A run, phase by phase. Alone owns tasks and signals.

mod exit;

pub use exit::{Exit, Findings};
