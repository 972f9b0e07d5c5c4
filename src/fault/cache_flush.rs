//! The gateway forgets everything at once, and the store hears from everybody at once.

use super::{Action, FaultKind};

/// See the module.
pub static KIND: FaultKind = FaultKind {
    name: "cache-flush",
    about: "The gateway's cache is emptied at an instant, as by a restart.",
    settings: &[],
    embedded_only: true,
    build: |_| Ok(Action::FlushCache),
};
