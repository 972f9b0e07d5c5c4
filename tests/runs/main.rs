//! Whole runs of the real binary, on the embedded stack and on targets that misbehave.

#![expect(clippy::unwrap_used, reason = "what cannot be set up has failed")]

mod crash;
mod diagnoses;
mod goaway;
mod hostile;
mod interrupt;
mod lags;
mod mutants;
mod nginx;
mod repeat;
mod replay;
mod smoke;
mod support;
mod tokens;
