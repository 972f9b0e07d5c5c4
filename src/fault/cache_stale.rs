//! The directory's announcements get lost, so that what the gateway remembers is never told off.

use super::{Action, FOR, FaultKind, LinkFault, LinkName};

/// See the module.
pub static KIND: FaultKind = FaultKind {
    name: "cache-stale",
    about: "Invalidations on their way to the gateway's cache are lost.",
    settings: &[FOR],
    embedded_only: true,
    build: |_| Ok(Action::Link { link: LinkName::Cache, mode: LinkFault::BlackHole }),
};
