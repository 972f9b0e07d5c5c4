//! What ought to have happened, and whether it did.
//!
//! One process makes every change and sends every request, on one monotonic clock. A change has
//! the instants *asked* and *acknowledged*; a request has *sent* and *done*. [`truth()`] says from
//! these what the right answer was; [`judge()`] compares it with the answer; [`LagTracker`] turns
//! the answers about changed users into how long each change took to show.
//!
//! The oracle shares no code with the gateway that it judges, and holds no state of its own
//! beyond the lags: everything else is a pure function.

mod judge;
mod lag;
mod truth;
mod windows;

pub use judge::{Answer, Identity, judge};
pub use lag::{
    Cohort, Interval, LagKind, LagSummary, LagTracker, MOST_INTERVALS, QuantileBounds, Sighting,
};
pub use truth::{Credential, Expiry, History, Right, truth};
pub use windows::FaultWindows;
