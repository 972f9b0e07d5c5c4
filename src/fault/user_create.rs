//! New users come with good tokens before the replica knows them.

use std::time::Duration;

use super::selection::{COUNT, OVER, SHARE, over, who};
use super::{Action, FaultKind};
use crate::identity::Change;
use crate::setting::Settings;

/// See the module.
pub static KIND: FaultKind = FaultKind {
    name: "user-create",
    about: "New users' tokens are used from the instant that the primary directory has them.",
    settings: &[SHARE, COUNT, OVER],
    embedded_only: false,
    build,
};

fn build(settings: &Settings) -> Result<Action, String> {
    Ok(Action::ChangeUsers {
        change: Change::Create,
        who: who(settings)?,
        over: over(settings),
        gap: Duration::ZERO,
    })
}
