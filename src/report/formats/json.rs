//! `run.json` as this build writes it: of an older run, with the fields that have come since.

use std::io;

use super::super::folder::RUN_JSON;
use super::{Format, Make};

pub(super) const FORMAT: Format = Format {
    name: "json",
    file: RUN_JSON,
    about: "Manifest and figures, for programs; docs/run.schema.json describes it.",
    make: Make::Text(|material| {
        let text = serde_json::to_string_pretty(material.input.report).map_err(io::Error::other)?;
        Ok(text + "\n")
    }),
};
