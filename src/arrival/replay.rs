//! Requests as they were recorded: what was asked for, by how many users, at which gaps.
//!
//! The recording is read while the phase goes on; `docs/replay.md` says how, and what is taken out
//! of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Arrival, ArrivalKind};
use crate::replay::formats::{self, NAMES, ROLES};
use crate::replay::{Cleaning, PathPattern, ReplayPlan};
use crate::setting::{ANY_SPAN, Kind, Setting, Settings};

/// See the module.
pub static KIND: ArrivalKind = ArrivalKind {
    name: "replay",
    about: "Requests of a recording with its own gaps: an access log, or a file of another tool.",
    settings: &[
        Setting::required("file", Kind::Text, "The recording, relative to the scenario."),
        Setting::optional(
            "format",
            Kind::Choice(NAMES),
            "Its format; recognised by its first lines if left out.",
        ),
        Setting::with_default(
            "speed",
            Kind::Number { min: 0.001, max: 10_000.0 },
            "1",
            "Recorded gaps are divided by this.",
        ),
        Setting::with_default(
            "loop",
            Kind::Flag,
            "false",
            "Start again when the recording ends before the phase does.",
        ),
        Setting::optional(
            "rate",
            Kind::Rate,
            "How fast requests that were recorded without times follow one another.",
        ),
        Setting::optional(
            "methods",
            Kind::Texts,
            "Replay these methods only, such as `[\"GET\", \"HEAD\"]`.",
        ),
        Setting::optional(
            "paths",
            Kind::Texts,
            "Patterns such as `/users/{user}/orders/*`, which say which segment of a path is the \
             user's, or a `{secret}`.",
        ),
        Setting::optional("drop", Kind::Texts, "Further query parameters to leave out."),
        Setting::optional(
            "keep",
            Kind::Texts,
            "Query parameters to keep although their names are those of credentials.",
        ),
        Setting::with_default(
            "reorder",
            ANY_SPAN,
            "10s",
            "How far a request may stand behind its place in time, as slow ones do in a log.",
        ),
        Setting::optional(
            "fields",
            Kind::Map(ROLES),
            "Where a line tells what: names of JSON fields or JSON pointers, or, for `user`, \
             `header:NAME` or `cookie:NAME` where the format has header fields.",
        ),
    ],
    bare: Some("file"),
    build: |settings, _| build(settings),
};

fn build(settings: &Settings) -> Result<Arrival, String> {
    let file = settings.text("file").ok_or("`file` is missing")?;
    if file.is_empty() {
        return Err("`file` is empty; name the recording".to_owned());
    }
    let texts = |key| settings.texts(key).unwrap_or_default();
    let patterns = texts("paths");
    let patterns = patterns.iter().map(|text| text.parse::<PathPattern>());
    let patterns = patterns.collect::<Result<_, _>>();
    let patterns = patterns.map_err(|error| format!("`paths`: {error}"))?;
    let methods = texts("methods");
    if let Some(odd) = methods.iter().find(|method| !is_method(method)) {
        return Err(format!("`methods` has \"{odd}\"; a method is a word such as GET"));
    }
    if settings.has("methods") && methods.is_empty() {
        return Err("`methods` is empty, so nothing would be replayed; leave it out".to_owned());
    }
    let rate = settings.rate("rate");
    if rate.is_some_and(|rate| rate.as_per_second() <= 0.0) {
        return Err("`rate` is 0, so nothing would be due; leave it out or raise it".to_owned());
    }
    Ok(Arrival::Replay(Arc::new(ReplayPlan {
        file: PathBuf::from(file),
        format: settings.text("format").as_deref().and_then(formats::named),
        fields: settings.map("fields").unwrap_or_default(),
        cleaning: Cleaning { patterns, drop: texts("drop"), keep: texts("keep") },
        methods: methods.iter().map(|method| method.to_ascii_uppercase()).collect(),
        speed: settings.number("speed").unwrap_or(1.0),
        repeat: settings.flag("loop").unwrap_or(false),
        rate,
        window: settings.span("reorder").unwrap_or(Duration::from_secs(10)),
        survey: None,
    })))
}

fn is_method(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
}
