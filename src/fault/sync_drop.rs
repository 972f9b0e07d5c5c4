//! Changes get lost on the way: the gateway's directory stays wrong until somebody reconciles.

use super::{Action, FOR, FaultKind, SyncFault};
use crate::setting::{Kind, Setting, Settings};
use crate::units::Share;

/// See the module.
pub static KIND: FaultKind = FaultKind {
    name: "sync-drop",
    about: "Changes never reach the gateway's directory.",
    settings: &[FOR, Setting::with_default("share", Kind::Share, "100%", "Of the changes.")],
    embedded_only: true,
    build,
};

fn build(settings: &Settings) -> Result<Action, String> {
    let drop = settings.share("share").unwrap_or(Share::ALL);
    if drop == Share::NONE {
        return Err("`share` is 0%, which does nothing; give more".to_owned());
    }
    Ok(Action::Sync(SyncFault { drop, ..SyncFault::default() }))
}
