//! Users are made inactive, which is how most provisioners remove a user (RFC 7644 §3.5.2).

use std::time::Duration;

use super::selection::{COUNT, OVER, SHARE, over, who};
use super::{Action, FaultKind};
use crate::identity::Change;
use crate::setting::Settings;

/// See the module.
pub static KIND: FaultKind = FaultKind {
    name: "user-disable",
    about: "Users are made inactive while their tokens are alive.",
    settings: &[SHARE, COUNT, OVER],
    embedded_only: false,
    build,
};

fn build(settings: &Settings) -> Result<Action, String> {
    Ok(Action::ChangeUsers {
        change: Change::Disable,
        who: who(settings)?,
        over: over(settings),
        gap: Duration::ZERO,
    })
}
