//! A steady come and go of users, as any directory of some size has.

use super::{Action, FOR, FaultKind};
use crate::setting::{Kind, Setting, Settings};

/// Changes a second that one directory can be expected to take.
const GREATEST: f64 = 1_000.0;

/// See the module.
pub static KIND: FaultKind = FaultKind {
    name: "churn",
    about: "Users are deleted and created in turn, at a steady rate.",
    settings: &[
        FOR,
        Setting::required(
            "rate",
            Kind::Rate,
            "Changes in a time, every other one a delete; at most 1000/s.",
        ),
    ],
    embedded_only: false,
    build,
};

fn build(settings: &Settings) -> Result<Action, String> {
    let rate = settings.rate("rate").ok_or("`rate` is missing")?;
    if rate.as_per_second() <= 0.0 || rate.as_per_second() > GREATEST {
        return Err(format!("`rate` is {rate}; must be above 0/s and at most {GREATEST}/s"));
    }
    Ok(Action::Churn { rate })
}
