//! Changes arrive twice, as after a retry whose first attempt had worked.

use super::{Action, FOR, FaultKind, SyncFault};
use crate::setting::{Kind, Setting, Settings};
use crate::units::Share;

/// See the module.
pub static KIND: FaultKind = FaultKind {
    name: "sync-duplicate",
    about: "Changes reach the gateway's directory twice.",
    settings: &[FOR, Setting::with_default("share", Kind::Share, "100%", "Of the changes.")],
    embedded_only: true,
    build,
};

fn build(settings: &Settings) -> Result<Action, String> {
    let duplicate = settings.share("share").unwrap_or(Share::ALL);
    if duplicate == Share::NONE {
        return Err("`share` is 0%, which does nothing; give more".to_owned());
    }
    Ok(Action::Sync(SyncFault { duplicate, ..SyncFault::default() }))
}
