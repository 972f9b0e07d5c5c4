//! Users are deleted while their tokens are alive: the failure that this tool is built around.

use std::time::Duration;

use super::selection::{COUNT, OVER, SHARE, over, who};
use super::{Action, FaultKind};
use crate::identity::Change;
use crate::setting::Settings;

/// See the module.
pub static KIND: FaultKind = FaultKind {
    name: "user-delete",
    about: "Users are deleted while their tokens are alive.",
    settings: &[SHARE, COUNT, OVER],
    embedded_only: false,
    build,
};

fn build(settings: &Settings) -> Result<Action, String> {
    Ok(Action::ChangeUsers {
        change: Change::Delete,
        who: who(settings)?,
        over: over(settings),
        gap: Duration::ZERO,
    })
}
