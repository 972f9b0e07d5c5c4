//! How changes reach the replica: a queue that the primary fills and a pump that empties it.
//!
//! A change that the primary acknowledged at `t` is *due* at `t` + lag, and is carried over at
//! the first pump round at or after that: every 20 ms by default, or at once where the pump is
//! driven by events. A [`Disturbance`] makes the sync worse until its lease ends; what it touched
//! is counted in [`Counts`], so that a fault without effect shows.

mod control;
mod plan;
mod pump;
mod queue;

pub use control::routes;
pub use plan::{Disturbance, SyncPlan, Trigger, Unreasonable};
pub use pump::{Pump, SyncError};
pub use queue::{Counts, Full, Queue, Status};
