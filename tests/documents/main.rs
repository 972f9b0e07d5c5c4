//! What a run leaves for people and for CI systems, read by what they read it with: Chromium, a JUnit
//! reader and the schema of Jenkins, a validator of JSON Schema, a PDF reader.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod ci;
mod hostile;
mod hour;
mod old;
mod page;
mod shapes;
#[path = "../tools/mod.rs"]
mod tools;
mod world;
