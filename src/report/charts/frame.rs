//! What all charts have in common: title, legend, plots with their axes, faults and phases along
//! the time axis. A chart adds from top to bottom; the height comes of itself.

use crate::report::course::Column;
use crate::units::counted;

use super::axis::Axis;
use super::hover::{Hover, Plot, Series};
use super::marks::Marks;
use super::style::{
    AXIS, BAND, Dash, EDGE, Fill, GRID, Ink, LABEL, MUTED, SMALL, SUBTITLE, TEXT, TITLE, Theme,
    WIDTH,
};
use super::svg::{Anchor, Canvas, Path, Rect};
use super::text::{fitted, width};
use super::{Chart, Drawing, Input};

/// From the left edge to the plots: room for figures.
pub const LEFT: f64 = 76.0;
/// From the plots to the right edge.
pub const RIGHT: f64 = 24.0;
/// The margin of titles and legends.
const MARGIN: f64 = 16.0;
/// The least between two ticks of an upright axis, and of a level one, in pixels.
const TICK_HEIGHT: f64 = 34.0;
const TICK_WIDTH: f64 = 88.0;

/// How an entry of a legend is marked.
#[derive(Clone, Copy, Debug)]
pub enum Swatch {
    /// A square.
    Area(Fill),
    /// A piece of line.
    Line {
        /// Its colour.
        ink: &'static Ink,
        /// How it is broken.
        dash: Dash,
        /// How wide it is, in pixels.
        width: f64,
    },
    /// A cross.
    Cross(&'static Ink),
    /// An upright tick.
    Tick(&'static Ink),
    /// A triangle that stands on its tip.
    Triangle(&'static Ink),
}

/// A chart in the making.
pub struct Frame {
    /// Where it is drawn.
    pub canvas: Canvas,
    /// The lower edge of what is there.
    pub y: f64,
    /// From the plots to the right edge.
    pub right: f64,
    label: String,
    about: &'static str,
    hover: Hover,
}

/// A plot with its axes.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Where it is.
    pub rect: Rect,
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
}

impl Panel {
    /// The pixel of a value of the level axis.
    pub fn at_x(&self, value: f64) -> f64 {
        self.rect.x + self.rect.width * self.x.place(value)
    }

    /// The pixel of a value of the upright axis.
    pub fn at_y(&self, value: f64) -> f64 {
        self.rect.bottom() - self.rect.height * self.y.place(value)
    }

    /// Steps through one value a column; a break where there is none.
    pub fn steps(&self, columns: &[Column], value: impl Fn(&Column) -> Option<f64>) -> Path {
        let mut path = Path::default();
        let mut last = None;
        for column in columns {
            let x = self.at_x(extent(column).0);
            let y = value(column).map(|value| tenths(self.at_y(value)));
            match (last, y) {
                (Some(_), None) => {
                    path.across(x);
                }
                (None, Some(y)) => {
                    path.move_to(x, pixels(y));
                }
                // What is level stays one line.
                (Some(before), Some(y)) if before != y => {
                    path.across(x).up_or_down(pixels(y));
                }
                _ => {}
            }
            last = y;
        }
        if let (Some(_), Some(column)) = (last, columns.last()) {
            path.across(self.at_x(extent(column).1));
        }
        path
    }

    /// The area below steps.
    pub fn area(&self, columns: &[Column], value: impl Fn(&Column) -> f64) -> Path {
        let mut path = Path::default();
        let ends = columns.first().zip(columns.last());
        let Some((begin, end)) = ends.map(|(a, b)| (extent(a).0, extent(b).1)) else {
            return path;
        };
        let floor = self.rect.bottom();
        path.move_to(self.at_x(begin), floor);
        let mut last = tenths(floor);
        for column in columns {
            let y = tenths(self.at_y(value(column)));
            if y != last {
                path.across(self.at_x(extent(column).0)).up_or_down(pixels(y));
                last = y;
            }
        }
        path.across(self.at_x(end)).up_or_down(floor).close();
        path
    }
}

/// When a column begins and ends, in seconds.
pub fn extent(column: &Column) -> (f64, f64) {
    let from = column.sum.second as f64;
    (from, from + column.sum.seconds as f64)
}

/// As exact as coordinates are written.
fn tenths(pixels: f64) -> i64 {
    (pixels * 10.0).round() as i64
}

fn pixels(tenths: i64) -> f64 {
    tenths as f64 / 10.0
}

impl Frame {
    /// A chart with its title; `figures` say on what it rests.
    pub fn new(chart: &Chart, input: &Input<'_>, theme: Theme, figures: &str) -> Self {
        let run = format!("{}, seed {}", input.report.scenario, input.report.seed);
        let partial = if input.report.partial { " · partial" } else { "" };
        let mut canvas = Canvas::new(chart.name, theme);
        let room = WIDTH - 2.0 * MARGIN;
        canvas.text((MARGIN, 28.0), Anchor::Start, TITLE, &TEXT, chart.title);
        let figures = format!("{figures}{partial}");
        let run = fitted(&run, SUBTITLE, room - width(" · ", SUBTITLE) - width(&figures, SUBTITLE));
        let subtitle = format!("{run} · {figures}");
        canvas.text((MARGIN, 47.0), Anchor::Start, SUBTITLE, &MUTED, &subtitle);
        let label = format!("{}: {subtitle}", chart.title);
        let (y, right) = (58.0, RIGHT);
        Self { canvas, y, right, label, about: chart.about, hover: Hover::default() }
    }

    /// Entries side by side, in as many lines as it takes.
    pub fn legend(&mut self, entries: &[(Swatch, String)]) {
        if entries.is_empty() {
            return;
        }
        let (mut x, mut y) = (MARGIN, self.y + 14.0);
        for (swatch, text) in entries {
            let text = fitted(text, LABEL, WIDTH - 2.0 * MARGIN - 30.0);
            let (mark, wide) = match swatch {
                Swatch::Line { .. } => (26.0, width(&text, LABEL)),
                _ => (12.0, width(&text, LABEL)),
            };
            let next = x + mark + 6.0 + wide;
            if next > WIDTH - MARGIN && x > MARGIN {
                (x, y) = (MARGIN, y + 18.0);
            }
            match swatch {
                Swatch::Area(fill) => {
                    let rect = Rect { x, y: y - 10.5, width: mark, height: mark };
                    self.canvas.rectangle(rect, *fill);
                }
                Swatch::Line { ink, dash, width } => {
                    let mut path = Path::default();
                    path.move_to(x, y - 4.5).across(x + mark);
                    self.canvas.line(&path, ink, *width, dash);
                }
                Swatch::Cross(_) | Swatch::Tick(_) | Swatch::Triangle(_) => {}
            }
            if let Swatch::Cross(ink) = swatch {
                let mut path = Path::default();
                path.move_to(x + 2.0, y - 8.0).line_to(x + 9.0, y - 1.0);
                path.move_to(x + 2.0, y - 1.0).line_to(x + 9.0, y - 8.0);
                self.canvas.line(&path, ink, 1.8, "");
            }
            if let Swatch::Tick(ink) = swatch {
                let mut path = Path::default();
                path.move_to(x + 6.0, y - 11.0).up_or_down(y + 1.0);
                self.canvas.line(&path, ink, 2.0, "");
            }
            if let Swatch::Triangle(ink) = swatch {
                let mut path = Path::default();
                path.move_to(x + 6.0, y - 1.0).line_to(x + 1.5, y - 9.0).line_to(x + 10.5, y - 9.0);
                self.canvas.area(path.close(), *ink);
            }
            self.canvas.text((x + mark + 6.0, y), Anchor::Start, LABEL, &TEXT, &text);
            x += mark + 6.0 + wide + 20.0;
        }
        self.y = y + 6.0;
    }

    /// Names and bars of the faults, above the plots.
    pub fn faults(&mut self, marks: &Marks) {
        self.y += 4.0;
        let room = WIDTH - LEFT - self.right;
        let (height, unnamed) = marks.draw_faults(&mut self.canvas, (LEFT, self.y), room);
        if unnamed > 0 {
            let more = format!("{unnamed} more");
            let place = (LEFT - 8.0, self.y + height - 4.0);
            self.canvas.text(place, Anchor::End, SMALL, &MUTED, &more);
        }
        self.y += height;
    }

    /// A plot over time, with bands where faults were under way.
    pub fn time_panel(&mut self, marks: &Marks, y: Axis, height: f64) -> Panel {
        let panel = self.place(marks.axis(), y, height);
        self.canvas.area(&marks.bands(panel.rect), &BAND);
        self.grid(&panel);
        panel
    }

    /// A plot.
    pub fn panel(&mut self, x: Axis, y: Axis, height: f64) -> Panel {
        let panel = self.place(x, y, height);
        self.grid(&panel);
        panel
    }

    fn place(&mut self, x: Axis, y: Axis, height: f64) -> Panel {
        let heading = (LEFT, self.y + 16.0);
        self.canvas.text(heading, Anchor::Start, LABEL, &MUTED, &y.title());
        let rect = Rect { x: LEFT, y: self.y + 24.0, width: WIDTH - LEFT - self.right, height };
        self.y = rect.bottom();
        Panel { rect, x, y }
    }

    /// Level lines with the figures of the upright axis.
    fn grid(&mut self, panel: &Panel) {
        let mut lines = Path::default();
        for tick in panel.y.ticks((panel.rect.height / TICK_HEIGHT) as usize) {
            let y = panel.at_y(tick.at);
            lines.move_to(panel.rect.x, y).across(panel.rect.right());
            let place = (panel.rect.x - 8.0, y + 4.0);
            self.canvas.text(place, Anchor::End, SMALL, &MUTED, &tick.label);
        }
        self.canvas.line(&lines, &GRID, 1.0, "");
    }

    /// Where faults begin and end, over what was drawn; and the axis below it. To be called when
    /// the plot is full.
    pub fn close_time_panel(&mut self, marks: &Marks, panel: &Panel) {
        self.canvas.line(&marks.edges(panel.rect), &EDGE, 1.0, "2 3");
        self.baseline(panel);
    }

    /// The line below a plot.
    pub fn baseline(&mut self, panel: &Panel) {
        let mut line = Path::default();
        line.move_to(panel.rect.x, panel.rect.bottom()).across(panel.rect.right());
        self.canvas.line(&line, &AXIS, 1.0, "");
    }

    /// The figures below the last plot; `more` follows the name of the axis.
    pub fn x_axis(&mut self, panel: &Panel, more: &str) {
        self.x_figures(panel);
        self.x_title(panel, more);
    }

    /// The figures below the last plot over time, the phases below them, and the name of the axis.
    pub fn time_axis(&mut self, marks: &Marks, panel: &Panel) {
        self.x_figures(panel);
        let mut unnamed = 0;
        if !marks.phases.is_empty() {
            let place = (panel.rect.x, self.y + 6.0);
            unnamed = marks.draw_phases(&mut self.canvas, place, panel.rect.width);
            self.y += 24.0;
        }
        let more = match unnamed {
            0 => String::new(),
            n => format!(" · {} too narrow for a name", counted(n, "phase", "phases")),
        };
        self.x_title(panel, &more);
    }

    /// The figures below a plot.
    pub fn x_figures(&mut self, panel: &Panel) {
        let bottom = panel.rect.bottom();
        let mut ticks = Path::default();
        let mut free = f64::MIN;
        for tick in panel.x.ticks((panel.rect.width / TICK_WIDTH) as usize) {
            let x = panel.at_x(tick.at);
            ticks.move_to(x, bottom).up_or_down(bottom + 4.0);
            let half = width(&tick.label, SMALL) / 2.0;
            if x - half >= free {
                let place = (x, bottom + 16.0);
                self.canvas.text(place, Anchor::Middle, SMALL, &MUTED, &tick.label);
                free = x + half + 8.0;
            }
        }
        self.canvas.line(&ticks, &AXIS, 1.0, "");
        self.y = bottom + 18.0;
    }

    fn x_title(&mut self, panel: &Panel, more: &str) {
        let middle = panel.rect.x + panel.rect.width / 2.0;
        let title = format!("{}{more}", panel.x.title());
        self.canvas.text((middle, self.y + 14.0), Anchor::Middle, LABEL, &MUTED, &title);
        self.y += 18.0;
    }

    /// Names of lines to the right of a plot, each near the height at which its line ends.
    pub fn names(&mut self, panel: &Panel, mut names: Vec<(f64, &str, &Ink)>) {
        const APART: f64 = 14.0;
        names.sort_by(|a, b| a.0.total_cmp(&b.0));
        // Down from the first, and up again from the lower edge where that is passed.
        let mut free = panel.rect.y;
        for name in &mut names {
            name.0 = name.0.max(free);
            free = name.0 + APART;
        }
        free = panel.rect.bottom();
        for name in names.iter_mut().rev() {
            name.0 = name.0.min(free);
            free = name.0 - APART;
        }
        for (y, name, ink) in names {
            let place = (panel.rect.right() + 7.0, y + 4.0);
            self.canvas.text(place, Anchor::Start, LABEL, ink, name);
        }
    }

    /// A remark above a plot, at its right end.
    pub fn note(&mut self, panel: &Panel, text: &str) {
        let room = panel.rect.width - width(&panel.y.title(), LABEL) - 16.0;
        let place = (panel.rect.right(), panel.rect.y - 8.0);
        self.canvas.text(place, Anchor::End, LABEL, &MUTED, &fitted(text, LABEL, room));
    }

    /// Figures for whoever points at a plot.
    pub fn hover(&mut self, panel: &Panel, steps: bool, at: Vec<f64>, series: Vec<Series>) {
        let Panel { rect, x, y } = panel.clone();
        self.hover.plots.push(Plot { rect, x, y, at, steps, series });
    }

    /// The chart.
    pub fn finish(self) -> Drawing {
        let svg = self.canvas.finish(self.y + 12.0, &self.label, self.about);
        Drawing { svg, hover: self.hover }
    }
}
