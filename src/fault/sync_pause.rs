//! The sync stands still and then catches up, as after a provisioner's crash or quarantine.

use super::{Action, FOR, FaultKind, SyncFault};

/// See the module.
pub static KIND: FaultKind = FaultKind {
    name: "sync-pause",
    about: "No change reaches the gateway's directory; afterwards all of them do.",
    settings: &[FOR],
    embedded_only: true,
    build: |_| Ok(Action::Sync(SyncFault { pause: true, ..SyncFault::default() })),
};
