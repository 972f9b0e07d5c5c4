//! From figures to what a person reads: one file a format.
//!
//! [`RunReport`] is the one thing that every format is made from. Nothing here measures or judges.

mod figures;
pub mod model;
mod setup;

pub use model::RunReport;
