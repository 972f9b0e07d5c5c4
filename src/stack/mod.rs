//! The embedded stack: a child process with everything that a run without a target needs.
