//! What a run takes of the heap while it goes: nothing a request, and no more in the last minute of
//! an hour than in the first.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod counting;
mod engine;
mod over_time;
mod per_request;
mod work;
