//! Recorded traffic, to be sent again with its own spacing and by users of the population.
//!
//! A recording is an access log or a file of another tool: [`formats`] has one file for each. Real
//! subjects and tokens never leave this folder: `clean.rs` is the one place where a request loses
//! them, before it is kept anywhere. [`Survey`] looks at a recording before a run; [`Feed`] reads it
//! ahead of the workers during one.
//!
//! What it does not do: send. It knows no connection, and no time but that of the recording.

mod clean;
mod feed;
pub mod formats;
mod lines;
mod order;
mod pattern;
mod plan;
mod playback;
mod raw;
mod request;
mod secret;
mod source;
mod stamp;
mod survey;
mod tally;
mod target;
#[cfg(test)]
mod tests;
mod users;
mod who;

pub use clean::{Disguise, each_request};
pub use feed::{Feed, Intake, Next, Panicked, Play, Played};
pub use formats::Format;
pub use formats::requests::{Line, first_line};
pub use pattern::{PathPattern, PatternError};
pub use plan::{ReplayError, ReplayPlan};
pub use playback::{Due, Ended};
pub use raw::Flaw;
pub use request::{Asked, Entry, Request};
pub use source::Packing;
pub use survey::Survey;
pub use tally::Counts;
pub use target::Cleaning;
pub use who::{Sign, Who};
