//! A run, phase by phase. Alone owns tasks and signals.
//!
//! [`run()`] goes through the phases in order: prepare, start, seed, load under faults, heal, drain,
//! judge. Its parts: the [`timeline`] carries faults out, [`changes`] changes users and stamps the
//! truth, the [`collector`] gathers, [`output`] writes while the run goes, [`assemble`] makes the
//! figures, [`validity`] says whether they prove anything, and [`exit`] how the process ends.
//!
//! It never prints: whoever watches is an
//! [`Observer`](crate::report::Observer).

mod assemble;
mod beside;
#[cfg(test)]
mod burst;
mod changes;
mod collector;
mod effort;
mod error;
mod exit;
mod files;
mod finish;
pub mod heal;
mod hits;
mod journal;
mod load_setup;
mod output;
mod prepare;
mod recordings;
mod run;
mod sampling;
mod seeding;
mod set_up;
mod signals;
mod strain;
mod system;
mod timeline;
mod validity;
mod words;

pub use error::RunError;
pub use exit::{Exit, Findings};
pub use load_setup::{defect_kinds, workers};
pub use run::{Finished, Options, run};
pub use sampling::SampleOptions;
