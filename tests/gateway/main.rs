//! The reference gateway from outside: against a directory, an identity provider and an upstream
//! on ports of their own, with tokens minted by an independent implementation.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod answers;
mod hostile;
mod keys;
mod mutants;
mod policies;
mod world;
