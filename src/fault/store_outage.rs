//! The gateway's directory cannot be reached, in one of the ways in which that happens.

use super::{Action, FOR, FaultKind, LinkFault, LinkName};
use crate::setting::{Kind, Setting, Settings};

/// See the module.
pub static KIND: FaultKind = FaultKind {
    name: "store-outage",
    about: "The gateway's directory cannot be reached.",
    settings: &[
        FOR,
        Setting::with_default(
            "mode",
            Kind::Choice(&["refuse", "black-hole", "reset"]),
            "refuse",
            "How: connections are refused, bytes are swallowed without an answer, or connections \
             are reset.",
        ),
    ],
    embedded_only: true,
    build: |settings| Ok(Action::Link { link: LinkName::Store, mode: mode(settings) }),
};

fn mode(settings: &Settings) -> LinkFault {
    match settings.text("mode").as_deref() {
        Some("black-hole") => LinkFault::BlackHole,
        Some("reset") => LinkFault::Reset,
        _ => LinkFault::Refuse,
    }
}
