//! A run while it goes, for people and for machines: in the terminal, as a page, as metrics.
//!
//! The [`Feed`] is the run's observer. Once a second it makes a [`Moment`], a picture of the run
//! that owns what it shows, and puts it where the newest replaces the one before. Each view takes
//! the newest when it has time, on a thread or task of its own: a view that is slow, or stands
//! still, misses moments, and the run never notices.
//!
//! Nothing here knows how a run is carried out, and nothing prints: the command line composes.

pub mod feed;
pub mod metrics;
pub mod moment;
pub mod page;
#[cfg(test)]
mod sample;
pub mod server;
pub mod terminal;

pub use feed::{Feed, Subscriber, Wants};
pub use moment::{End, Entry, EntryKind, Moment, Point, Standing};
