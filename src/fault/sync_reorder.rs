//! Changes arrive out of order, so that a delete may come before the create.

use super::{Action, FOR, FaultKind, SyncFault};
use crate::setting::{Kind, Setting, Settings};
use crate::units::Share;

/// See the module.
pub static KIND: FaultKind = FaultKind {
    name: "sync-reorder",
    about: "Changes are overtaken by the next one on their way.",
    settings: &[FOR, Setting::with_default("share", Kind::Share, "100%", "Of the changes.")],
    embedded_only: true,
    build,
};

fn build(settings: &Settings) -> Result<Action, String> {
    let reorder = settings.share("share").unwrap_or(Share::ALL);
    if reorder == Share::NONE {
        return Err("`share` is 0%, which does nothing; give more".to_owned());
    }
    Ok(Action::Sync(SyncFault { reorder, ..SyncFault::default() }))
}
