//! From figures to what a person reads: one file a format.
//!
//! [`RunReport`] is the one thing that every format is made from. Nothing here measures or judges.

pub mod append;
pub mod events;
mod figures;
pub mod folder;
pub mod hlog;
pub mod model;
pub mod partial;
mod setup;
pub mod timeline;

pub use events::{Event, EventLog};
pub use folder::RunFolder;
pub use hlog::LatencyLog;
pub use model::RunReport;
pub use timeline::{Timeline, TimelineRow};
