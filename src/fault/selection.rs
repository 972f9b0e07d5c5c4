//! The keys that every fault on users shares: which users, and over what time.

use std::time::Duration;

use super::Selection;
use crate::setting::{ANY_SPAN, Kind, Setting, Settings};

/// Which users, as a share.
pub(super) const SHARE: Setting = Setting::optional(
    "share",
    Kind::Share,
    "Which users, as a share of those that are live (for new users: of the population). Either \
     this or `count`.",
);

/// Which users, as a number.
pub(super) const COUNT: Setting = Setting::optional(
    "count",
    Kind::Count { min: 1, max: 10_000_000 },
    "How many users. Either this or `share`.",
);

/// Over what time.
pub(super) const OVER: Setting = Setting::with_default(
    "over",
    ANY_SPAN,
    "1s",
    "The changes are spread evenly over this time, so that each user's can be followed.",
);

/// The users that the settings name; the error says what is missing or too much.
pub(super) fn who(settings: &Settings) -> Result<Selection, String> {
    match (settings.share("share"), settings.count("count")) {
        (Some(_), Some(_)) => Err("both `share` and `count` are given; give one".to_owned()),
        (None, None) => Err("neither `share` nor `count` is given; give one, such as \
                             share = \"1%\" or count = 100"
            .to_owned()),
        (Some(share), None) if share.fraction() > 0.0 => Ok(Selection::Share(share)),
        (Some(_), None) => Err("`share` is 0%, which is nobody; give more".to_owned()),
        (None, Some(count)) => u32::try_from(count)
            .map(Selection::Count)
            .map_err(|_| format!("`count` is {count}; at most 10000000")),
    }
}

/// The time over which the changes are spread.
pub(super) fn over(settings: &Settings) -> Duration {
    settings.span("over").unwrap_or(Duration::from_secs(1))
}
