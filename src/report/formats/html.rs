//! `report.html`: one file for people, that opens without a network.

use super::super::folder::REPORT_HTML;
use super::super::html::page;
use super::{Format, Make};

pub(super) const FORMAT: Format = Format {
    name: "html",
    file: REPORT_HTML,
    about: "One page with charts and tables, which opens offline.",
    make: Make::Text(page),
};
