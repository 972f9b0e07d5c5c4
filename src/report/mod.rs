//! From figures to what a person reads: one file a format.
//!
//! [`RunReport`] is the one thing that every format is made from. Nothing here measures, and
//! nothing but [`diagnosis`] judges.

pub mod append;
pub mod charts;
pub mod console;
pub mod course;
pub mod diagnosis;
pub mod events;
pub mod figures;
pub mod finding;
pub mod findings;
pub mod folder;
pub mod formats;
pub mod github;
pub mod hlog;
pub mod html;
mod markdown;
pub mod model;
pub mod observer;
pub mod overview;
pub mod partial;
pub mod progress;
#[cfg(test)]
mod sample;
pub mod samples;
pub mod schema;
mod setup;
pub mod timeline;
pub mod visible;
pub mod wording;

pub use events::{Event, EventLog};
pub use folder::RunFolder;
pub use hlog::LatencyLog;
pub use model::RunReport;
pub use observer::{ActiveFault, Beat, Observer, Step};
pub use timeline::{Timeline, TimelineRow};
