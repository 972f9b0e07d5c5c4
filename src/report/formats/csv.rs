//! `timeline.csv`: a row a second, as the run recorded it.

use super::super::folder::TIMELINE_CSV;
use super::{Format, Make};

pub(super) const FORMAT: Format = Format {
    name: "csv",
    file: TIMELINE_CSV,
    about: "A row a second, for spreadsheets.",
    make: Make::Recorded,
};
