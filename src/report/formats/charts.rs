//! `charts/`: every chart as files of its own, SVG in both themes and PNG.

use super::super::charts;
use super::super::folder::CHARTS;
use super::{Format, Make, Material, NamedFile, RenderError};

pub(super) const FORMAT: Format = Format {
    name: "charts",
    file: CHARTS,
    about: "Every chart, for slides and reviews.",
    make: Make::Files(files),
};

fn files(material: &Material<'_>) -> Result<Vec<NamedFile>, RenderError> {
    charts::files(&material.input, material.light_charts())
        .map(|file| file.map(|file| (file.name, file.bytes)).map_err(Into::into))
        .collect()
}
