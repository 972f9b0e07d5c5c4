//! A window in which some requests carry a token whose subject, or the token itself, is wrong.

use super::{Action, FOR, FaultKind};
use crate::setting::{Kind, Setting, Settings};
use crate::units::Share;

/// See the module.
pub static KIND: FaultKind = FaultKind {
    name: "malformed-subs",
    about: "A share of the requests carries deliberate defects.",
    settings: &[
        FOR,
        Setting::with_default("share", Kind::Share, "10%", "Of the requests in the window."),
        Setting::optional(
            "kinds",
            Kind::Texts,
            "Which defects, by their names in `substorm list mutations`; all that concern `sub` \
             if left out.",
        ),
    ],
    embedded_only: false,
    build,
};

fn build(settings: &Settings) -> Result<Action, String> {
    let share = settings.share("share").unwrap_or(Share::NONE);
    if share == Share::NONE {
        return Err("`share` is 0%, which does nothing; give more".to_owned());
    }
    let kinds = settings.texts("kinds").unwrap_or_default();
    if settings.has("kinds") && kinds.is_empty() {
        return Err("`kinds` is empty; name some, or leave the key out for all".to_owned());
    }
    Ok(Action::Mutate { kinds, share })
}
