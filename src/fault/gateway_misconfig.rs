//! The gateway is set up wrongly for a while, as by a bad deployment that is rolled back.

use super::{Action, FOR, FaultKind, Misconfiguration};
use crate::setting::{Kind, Setting, Settings};

/// See the module.
pub static KIND: FaultKind = FaultKind {
    name: "gateway-misconfig",
    about: "The gateway looks for the wrong user, or in the wrong place.",
    settings: &[
        FOR,
        Setting::required(
            "mistake",
            Kind::Choice(&["claim", "prefix", "lower-case", "wrong-directory"]),
            "What is wrong: it reads another claim, puts a prefix before the subject, lower-cases \
             the subject, or asks a directory that holds other users.",
        ),
        Setting::optional(
            "value",
            Kind::Text,
            "The claim (`uid` if left out) or the prefix (`usr_` if left out).",
        ),
    ],
    embedded_only: true,
    build,
};

fn build(settings: &Settings) -> Result<Action, String> {
    let value = settings.text("value");
    let or = |default: &str| match &value {
        Some(value) if value.is_empty() => Err("`value` is empty".to_owned()),
        Some(value) => Ok(value.clone()),
        None => Ok(default.to_owned()),
    };
    let mistake = settings.text("mistake").ok_or("`mistake` is missing")?;
    let wrong = match mistake.as_str() {
        "claim" => Misconfiguration::Claim(or("uid")?),
        "prefix" => Misconfiguration::Prefix(or("usr_")?),
        other if value.is_some() => {
            return Err(format!("`value` has no meaning for \"{other}\"; leave it out"));
        }
        "lower-case" => Misconfiguration::LowerCase,
        _ => Misconfiguration::WrongDirectory,
    };
    Ok(Action::Misconfigure(wrong))
}
