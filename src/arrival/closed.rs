//! Virtual users that wait for their answers.
//!
//! A closed process slows down with the gateway it tests, so its response times hide what users
//! of an open one would feel (coordinated omission). It answers another question: how much a
//! given number of clients gets done.

use std::time::Duration;

use super::{Arrival, ArrivalKind};
use crate::setting::{ANY_SPAN, Kind, Setting, Settings};

/// See the module.
pub static KIND: ArrivalKind = ArrivalKind {
    name: "closed",
    about: "Virtual users that each send, wait for the answer, think, and send again.",
    settings: &[
        Setting::required(
            "users",
            Kind::Count { min: 1, max: 1_000_000 },
            "Virtual users, over all workers.",
        ),
        Setting::with_default(
            "think",
            ANY_SPAN,
            "0s",
            "The pause between an answer and the next request.",
        ),
    ],
    bare: Some("users"),
    build: |settings, _| build(settings),
};

fn build(settings: &Settings) -> Result<Arrival, String> {
    let users = settings.count("users").ok_or("`users` is missing")?;
    Ok(Arrival::Closed {
        users: u32::try_from(users).map_err(|_| format!("`users` is {users}; at most 1000000"))?,
        think: settings.span("think").unwrap_or(Duration::ZERO),
    })
}
