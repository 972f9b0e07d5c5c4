//! Response times over time: a heat map of all answers, with percentile lines.
//!
//! A line alone hides that half of the answers took one millisecond and the rest a second; here both
//! are seen.

use plotters::element::{PathElement, Rectangle, Text};
use plotters::style::Color as _;
use plotters::style::text_anchor::HPos;

use crate::report::course::{BINS, Column, bin_start, quantile};
use crate::units::grouped;

use super::axis::{Axis, Unit};
use super::elements::{crisp, extent, step_series};
use super::frame::Frame;
use super::hover::Series;
use super::marks::Marks;
use super::outline::PIXEL;
use super::style::{HEAT, LABEL, MUTED, STRONG, Stroke, Theme, VERMILION, lettering, stroke};
use super::surface::{Panel, Rect};
use super::text::width;
use super::{Chart, Drawing, Input};

pub(super) const CHART: Chart = Chart {
    name: "latency-over-time",
    title: "Response time over time",
    about: "Each cell is a stretch of time and a range of response times, the darker (or, on a \
            dark page, the lighter) the more answers a second fell into it. Lines are percentiles \
            of each stretch, p99 where it has 20 answers and p90 where it has 5; bands are faults \
            under way.",
    draw,
};

/// The most columns: cells stay wide enough to be seen, and the chart small.
const COLUMNS: usize = 280;
/// Height of a row in pixels, and how many there are.
const ROW: f64 = 6.0;
const ROWS: usize = 50;
/// From the plot to the right edge: room for the names of the lines.
const NAMES: f64 = 52.0;
/// A stretch with fewer answers has no such percentile.
const LINES: [(&str, f64, u64, Stroke); 3] = [
    ("p99", 0.99, 20, stroke(&VERMILION, 1.6, "")),
    ("p90", 0.90, 5, stroke(&STRONG, 1.6, "4 2")),
    ("p50", 0.50, 1, stroke(&STRONG, 1.6, "")),
];

fn draw(input: &Input<'_>, theme: Theme) -> Option<Drawing> {
    let columns = input.course.columns(COLUMNS);
    let n: u64 = columns.iter().flat_map(|column| &column.bins).sum();
    let used = |bin: &usize| columns.iter().any(|column| column.bins[*bin] > 0);
    let (first, last) = ((0..BINS).find(used)?, (0..BINS).rev().find(used)?);
    let figures = format!("n = {} answers, warm-up included", grouped(n));
    let mut frame = Frame::new(&CHART, input, theme, &figures);
    frame.right = NAMES;
    let y = Axis::micros("response time", bin_start(first) as f64, bin_start(last + 1) as f64);
    let rows = Rows::of(&columns, &y);
    legend(&mut frame, rows.most);
    let marks = Marks::of(input);
    frame.faults(&marks);
    let panel = frame.time_panel(&marks, y, ROW * ROWS as f64);
    rows.draw(&mut frame, &panel, &columns);
    lines(&mut frame, &panel, &columns);
    frame.close_time_panel(&marks, &panel);
    frame.time_axis(&marks, &panel);
    Some(frame.finish())
}

/// What a level stands for, from the least to the most.
fn legend(frame: &mut Frame, most: f64) {
    let (x, y) = (16.0, frame.y + 14.0);
    let from = "answers a second in a cell: few";
    let style = lettering(LABEL, &MUTED, HPos::Left);
    frame.sheet.draw(&Text::new(from, (x, y), &style));
    let left = x + width(from, LABEL) + 8.0;
    for (n, ink) in HEAT.into_iter().enumerate() {
        let rect = Rect { x: left + n as f64 * 22.0, y: y - 10.5, width: 22.0, height: 13.0 };
        frame.sheet.draw(&Rectangle::new(rect.corners(), ink.filled()));
    }
    let most = if most >= 10.0 { grouped(most.round() as u64) } else { format!("{most:.1}") };
    let right = left + HEAT.len() as f64 * 22.0 + 8.0;
    let text = format!("up to {most}, evenly by logarithm");
    frame.sheet.draw(&Text::new(text, (right, y), &style));
    frame.y = y + 6.0;
}

/// Answers a second by column and row, rows from the bottom.
struct Rows {
    rates: Vec<[f64; ROWS]>,
    least: f64,
    most: f64,
}

impl Rows {
    /// Spreads the answers of each bin over the rows that it covers.
    fn of(columns: &[Column], y: &Axis) -> Self {
        let row = |micros: u64| y.place(micros as f64) * ROWS as f64;
        let covers: Vec<(f64, f64)> =
            (0..BINS).map(|bin| (row(bin_start(bin)), row(bin_start(bin + 1)))).collect();
        let column = |column: &Column| {
            let mut rates = [0.0; ROWS];
            let counts = column.bins.iter().zip(&covers).filter(|(count, _)| **count > 0);
            for (count, (from, until)) in counts {
                let rate = column.sum.rate(*count);
                let whole = (until - from).max(1e-9);
                let end = (until.ceil() as usize).clamp(1, ROWS);
                let begin = (from.floor() as usize).min(end - 1);
                for (n, sum) in (begin..).zip(&mut rates[begin..end]) {
                    let part = until.min(n as f64 + 1.0) - from.max(n as f64);
                    *sum += rate * (part / whole).clamp(0.0, 1.0);
                }
            }
            rates
        };
        let rates: Vec<[f64; ROWS]> = columns.iter().map(column).collect();
        // One answer in the longest column is the least that there can be.
        let longest = columns.iter().map(|column| column.sum.seconds).max().unwrap_or(1);
        let most = rates.iter().flatten().copied().fold(0.0, f64::max);
        Self { rates, least: (1.0 / longest.max(1) as f64).min(most), most }
    }

    /// From 1; 0 for nothing, or so little that it is a bin's edge that reaches into the row.
    fn level(&self, rate: f64) -> usize {
        if rate < self.least * 0.2 {
            return 0;
        }
        let all = (self.most / self.least).ln();
        let place = if all > 0.0 { (rate / self.least).max(1.0).ln() / all } else { 1.0 };
        1 + ((place * HEAT.len() as f64) as usize).min(HEAT.len() - 1)
    }

    /// Level lines as wide as a row is high, one for cells side by side; level by level, so that each
    /// is one path.
    fn draw(&self, frame: &mut Frame, panel: &Panel, columns: &[Column]) {
        let mut levels = vec![Vec::new(); HEAT.len() + 1];
        let edges: Vec<f64> = columns.iter().map(|column| panel.at_x(extent(column).0)).collect();
        let end = columns.last().map_or(0.0, |column| panel.at_x(extent(column).1));
        for row in 0..ROWS {
            let y = panel.rect().bottom() - (row as f64 + 0.5) * ROW;
            let cells: Vec<usize> = self.rates.iter().map(|rates| self.level(rates[row])).collect();
            let mut from = 0;
            for run in cells.chunk_by(|a, b| a == b) {
                let until = from + run.len();
                let right = edges.get(until).copied().unwrap_or(end);
                levels[run[0]].push([(edges[from], y), (right, y)]);
                from = until;
            }
        }
        for (ink, cells) in HEAT.into_iter().zip(&levels[1..]) {
            let style = ink.stroke_width(ROW as u32 * PIXEL);
            let cells = cells.iter().map(|ends| crisp(PathElement::new(*ends, style)));
            frame.sheet.draw_series(cells);
        }
    }
}

fn lines(frame: &mut Frame, panel: &Panel, columns: &[Column]) {
    let of = |column: &Column, share: f64, least: u64| {
        let enough = column.bins.iter().sum::<u64>() >= least;
        enough.then(|| quantile(&column.bins, share)).flatten()
    };
    let mut names = Vec::new();
    let mut series = Vec::new();
    for (name, share, least, stroke) in LINES {
        let value = |column: &Column| of(column, share, least);
        for stroke in stroke.raised() {
            panel.draw_series(step_series(columns, value, stroke));
        }
        let values: Vec<Option<f64>> = columns.iter().map(value).collect();
        if let Some(last) = values.iter().rev().flatten().next() {
            names.push((panel.at_y(*last), name, stroke.ink));
        }
        series.push(Series { name: name.to_owned(), unit: Unit::Micros, values });
    }
    frame.names(panel, names);
    let values = columns.iter().map(|c| Some(c.sum.rate(c.bins.iter().sum())));
    series.push(Series {
        name: "answers".to_owned(),
        unit: Unit::PerSecond,
        values: values.collect(),
    });
    let at = columns.iter().map(|column| extent(column).0).collect();
    frame.hover(panel, true, at, series);
}
