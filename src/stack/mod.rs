//! The embedded stack: a child process with everything that a run without a target needs.
//!
//! The child runs identity provider, primary directory, sync pump, replica directory, upstream
//! and reference gateway; the parent keeps the links between them, so that faults on a link are
//! its own doing. [`Embedded`] is the parent's handle, [`child::run`] is the child's life.
//!
//! ```text
//! load ─► gateway ─► upstream
//!            ├─ store link ─► replica directory ◄─ sync pump ◄─ primary ◄─ SCIM (harness)
//!            ├─ cache link ─► replica directory's stream of changes
//!            └─ idp link ───► identity provider: keys, deny list, primary for fall-backs
//! ```
//!
//! The child lives until its standard input closes, so it cannot outlive the parent, however that
//! ends. What it wrote to disk lies in one folder that it removes; what a killed child left is
//! removed by the next one ([`folder`]).

pub mod child;
mod control;
mod embedded;
mod error;
pub mod folder;
mod process;
pub mod protocol;
mod systems;
mod usage;

pub use embedded::{Embedded, Links};
pub use error::StackError;
pub use protocol::StackConfig;
pub use usage::Usage;
