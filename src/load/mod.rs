//! The load engine: workers that send what is due and give observations.

mod plan;

pub use plan::{LoadPlan, ProbePlan, Route};
