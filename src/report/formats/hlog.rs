//! `latency.hlog`: latency histograms, as the run recorded them.

use super::super::folder::LATENCY_HLOG;
use super::{Format, Make};

pub(super) const FORMAT: Format = Format {
    name: "hlog",
    file: LATENCY_HLOG,
    about: "Latency histograms, for the tools of HdrHistogram.",
    make: Make::Recorded,
};
