//! `charts/`: every chart as a file of its own.

use super::super::chart::{VERDICTS_SVG, verdicts};
use super::super::folder::CHARTS;
use super::{Format, Input, Make, RenderError};

pub(super) const FORMAT: Format = Format {
    name: "charts",
    file: CHARTS,
    about: "Every chart, for slides and reviews.",
    make: Make::Files(files),
};

fn files(input: &Input<'_>) -> Result<Vec<(String, Vec<u8>)>, RenderError> {
    let svg = verdicts(input.report, input.course.stretches())?;
    Ok(svg.map(|svg| (VERDICTS_SVG.to_owned(), svg.into_bytes())).into_iter().collect())
}
