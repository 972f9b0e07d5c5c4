//! `summary.txt`: the summary that the console shows, without colours.

use super::super::console::{Style, summary};
use super::super::folder::SUMMARY_TXT;
use super::{Format, Make};

pub(super) const FORMAT: Format = Format {
    name: "text",
    file: SUMMARY_TXT,
    about: "The summary of the console, without colours.",
    make: Make::Text(|material| Ok(summary(material.input.report, Style::plain()))),
};
