//! Charts of a run: one file each, one style.
//!
//! A chart is drawn from [`Input`] alone, as SVG; PNG is made from that. Every chart names its
//! units and says on how many requests or users it rests. What all have in common is in [`frame`],
//! what they look like in [`style`].
//!
//! They are drawn with plotters: its elements, on drawing areas whose coordinates are the axes of
//! [`axis`]. The backend below it ([`svg`]) is our own, because a page wants to recolour charts and a
//! heat map must stay small; so is the layout around the plots, because names must not overlap however
//! many there are.

pub mod axis;
pub mod elements;
pub mod frame;
mod heat;
pub mod hover;
mod lag;
mod lookups;
mod marks;
mod matrix;
mod outline;
mod percentiles;
mod png;
mod rates;
mod send_lag;
mod stages;
pub mod style;
pub mod surface;
mod svg;
mod text;
mod verdicts;

use std::fmt::Write as _;

use super::course::Course;
use super::events::Event;
use super::model::RunReport;

pub use hover::Hover;
pub use png::{ChartError, png};
pub use style::Theme;

/// What charts are drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The figures.
    pub report: &'a RunReport,
    /// The course.
    pub course: &'a Course,
    /// Notes among the events; changes of users are counted in the course.
    pub events: &'a [Event],
}

/// A chart as it was drawn.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// The text of an SVG file.
    pub svg: String,
    /// The values in it.
    pub hover: Hover,
}

/// A kind of chart.
#[derive(Debug)]
pub struct Chart {
    /// What its files are called.
    pub name: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// How to read it, in a sentence or two.
    pub about: &'static str,
    /// Draws it; `None` where the run has nothing for it.
    pub draw: fn(&Input<'_>, Theme) -> Option<Drawing>,
}

/// All charts, in the order in which a report shows them.
pub static CHARTS: &[Chart] = &[
    verdicts::CHART,
    matrix::CHART,
    lag::REVOCATION,
    lag::PROVISIONING,
    percentiles::CHART,
    heat::CHART,
    stages::CHART,
    lookups::CHART,
    rates::CHART,
    send_lag::CHART,
];

/// A chart as a file of the folder of charts.
#[derive(Clone, Debug)]
pub struct ChartFile {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// All charts in this theme for which there is data.
pub fn drawn(input: &Input<'_>, theme: Theme) -> Vec<(&'static Chart, Drawing)> {
    CHARTS.iter().filter_map(|chart| Some((chart, (chart.draw)(input, theme)?))).collect()
}

/// The files of all charts for which there is data: SVG and PNG, in both themes. `light` is what
/// [`drawn`] gives for the light one.
pub fn files<'a>(
    input: &'a Input<'a>,
    light: &'a [(&'static Chart, Drawing)],
) -> impl Iterator<Item = Result<ChartFile, ChartError>> + use<'a> {
    light.iter().flat_map(move |(chart, light)| {
        let both = |svg: &str, ending: &str| {
            let name = format!("{}{ending}", chart.name);
            let picture = png(svg).map(|bytes| ChartFile { name: format!("{name}.png"), bytes });
            [Ok(ChartFile { name: format!("{name}.svg"), bytes: svg.into() }), picture]
        };
        let dark = (chart.draw)(input, Theme::Dark);
        let dark = dark.map(|drawing| both(&drawing.svg, "-dark"));
        both(&light.svg, "").into_iter().chain(dark.into_iter().flatten())
    })
}

/// A chart of the light theme with variables of [`css`] in place of its colours, to stand in a page.
pub fn themable(svg: &str) -> String {
    let mut out = svg.to_owned();
    for ink in style::INKS {
        out = out.replace(&format!("\"{}\"", ink.light), &format!("\"var(--chart-{})\"", ink.name));
    }
    out
}

/// The variables that [`themable`] charts need: the system's theme, or what `data-theme` of the
/// page's root says.
pub fn css() -> String {
    let (light, dark) = (css_values(Theme::Light), css_values(Theme::Dark));
    format!(
        ":root{{{light}}}\n\
         @media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\n\
         :root[data-theme=dark]{{{dark}}}\n"
    )
}

/// The values of these variables in one theme.
pub fn css_values(theme: Theme) -> String {
    style::INKS.iter().fold(String::new(), |mut out, ink| {
        // Writing to a string cannot fail.
        let _ = write!(out, "--chart-{}:{};", ink.name, ink.hex(theme));
        out
    })
}

#[cfg(test)]
mod tests;
