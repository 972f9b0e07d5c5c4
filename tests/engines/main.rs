//! The same scenario through each engine and over each protocol: same classes, same verdicts, and
//! what each protocol can meet with besides.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod certificates;
mod conformance;
mod dates;
mod front;
mod protocols;
mod tls;
mod world;
