//! Users are deleted and made again under the same subject, which trips whatever remembers that
//! they were gone.

use std::time::Duration;

use super::selection::{COUNT, OVER, SHARE, over, who};
use super::{Action, FaultKind};
use crate::identity::Change;
use crate::setting::{POSITIVE_SPAN, Setting, Settings};

/// See the module.
pub static KIND: FaultKind = FaultKind {
    name: "user-recreate",
    about: "Users are deleted, and some time later made again under the same subject.",
    settings: &[
        SHARE,
        COUNT,
        OVER,
        Setting::with_default("gap", POSITIVE_SPAN, "2s", "How long each user stays deleted."),
    ],
    embedded_only: false,
    build,
};

fn build(settings: &Settings) -> Result<Action, String> {
    Ok(Action::ChangeUsers {
        change: Change::Recreate,
        who: who(settings)?,
        over: over(settings),
        gap: settings.span("gap").unwrap_or(Duration::from_secs(2)),
    })
}
