//! `events.jsonl`: faults and changes of users, as the run recorded them.

use super::super::folder::EVENTS_JSONL;
use super::{Format, Make};

pub(super) const FORMAT: Format = Format {
    name: "events",
    file: EVENTS_JSONL,
    about: "Faults and changes of users, a JSON object a line.",
    make: Make::Recorded,
};
