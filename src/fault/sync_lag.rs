//! Changes reach the replica late: new users are turned away, removed ones let in.

use super::{Action, FOR, FaultKind, SyncFault};
use crate::setting::{POSITIVE_SPAN, Setting, Settings};

/// See the module.
pub static KIND: FaultKind = FaultKind {
    name: "sync-lag",
    about: "Changes reach the gateway's directory later by a fixed time.",
    settings: &[FOR, Setting::required("lag", POSITIVE_SPAN, "How much later.")],
    embedded_only: true,
    build,
};

fn build(settings: &Settings) -> Result<Action, String> {
    let lag = settings.span("lag").ok_or("`lag` is missing")?;
    Ok(Action::Sync(SyncFault { lag, ..SyncFault::default() }))
}
