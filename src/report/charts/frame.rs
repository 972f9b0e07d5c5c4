//! What all charts have in common: title, legend, plots with their axes, faults and phases along
//! the time axis. A chart adds from top to bottom; the height comes of itself.

use std::cell::RefCell;
use std::rc::Rc;

use plotters::coord::ranged1d::{Ranged as _, ValueFormatter as _};
use plotters::element::{PathElement, Rectangle, Text};
use plotters::style::Color as _;
use plotters::style::text_anchor::HPos;

use crate::units::counted;

use super::axis::Axis;
use super::elements::{cross, triangle};
use super::hover::{Hover, Plot, Series};
use super::marks::Marks;
use super::outline::PIXEL;
use super::style::{
    AXIS, BAND, EDGE, Fill, GRID, Ink, LABEL, MUTED, SMALL, SUBTITLE, Stroke, TEXT, TITLE, Theme,
    WIDTH, lettering, stroke,
};
use super::surface::{Panel, Rect, Sheet};
use super::svg::Canvas;
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
    Line(Stroke),
    /// A cross.
    Cross(&'static Ink),
    /// An upright tick.
    Tick(&'static Ink),
    /// A triangle that stands on its tip.
    Triangle(&'static Ink),
}

/// A chart in the making.
pub struct Frame {
    /// All of it.
    pub sheet: Sheet,
    /// The lower edge of what is there.
    pub y: f64,
    /// From the plots to the right edge.
    pub right: f64,
    canvas: Rc<RefCell<Canvas>>,
    label: String,
    about: &'static str,
    hover: Hover,
}

impl Frame {
    /// A chart with its title; `figures` say on what it rests.
    pub fn new(chart: &Chart, input: &Input<'_>, theme: Theme, figures: &str) -> Self {
        let run = format!("{}, seed {}", input.report.scenario, input.report.seed);
        let partial = if input.report.partial { " · partial" } else { "" };
        let canvas = Rc::new(RefCell::new(Canvas::new(chart.name, theme)));
        let sheet = Sheet::of(&canvas);
        let room = WIDTH - 2.0 * MARGIN;
        let title = lettering(TITLE, &TEXT, HPos::Left);
        sheet.draw(&Text::new(chart.title, (MARGIN, 28.0), title));
        let figures = format!("{figures}{partial}");
        let run = fitted(&run, SUBTITLE, room - width(" · ", SUBTITLE) - width(&figures, SUBTITLE));
        let subtitle = format!("{run} · {figures}");
        let label = format!("{}: {subtitle}", chart.title);
        let muted = lettering(SUBTITLE, &MUTED, HPos::Left);
        sheet.draw(&Text::new(subtitle, (MARGIN, 47.0), muted));
        let (y, right, about, hover) = (58.0, RIGHT, chart.about, Hover::default());
        Self { sheet, y, right, canvas, label, about, hover }
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
                Swatch::Line(_) => (26.0, width(&text, LABEL)),
                _ => (12.0, width(&text, LABEL)),
            };
            let next = x + mark + 6.0 + wide;
            if next > WIDTH - MARGIN && x > MARGIN {
                (x, y) = (MARGIN, y + 18.0);
            }
            match swatch {
                Swatch::Area(fill) => {
                    let rect = Rect { x, y: y - 10.5, width: mark, height: mark };
                    self.sheet.draw(&fill.rectangle(rect.corners()));
                }
                Swatch::Line(stroke) => {
                    self.sheet.draw(&stroke.path([(x, y - 4.5), (x + mark, y - 4.5)]));
                }
                Swatch::Cross(ink) => {
                    self.sheet.draw(&cross((x + 5.5, y - 4.5), ink));
                }
                Swatch::Tick(ink) => {
                    let ends = [(x + 6.0, y - 11.0), (x + 6.0, y + 1.0)];
                    self.sheet.draw(&PathElement::new(ends, ink.stroke_width(2 * PIXEL)));
                }
                Swatch::Triangle(ink) => self.sheet.draw(&triangle((x + 6.0, y - 1.0), 0, ink)),
            }
            let style = lettering(LABEL, &TEXT, HPos::Left);
            self.sheet.draw(&Text::new(text, (x + mark + 6.0, y), style));
            x += mark + 6.0 + wide + 20.0;
        }
        self.y = y + 6.0;
    }

    /// Names and bars of the faults, above the plots.
    pub fn faults(&mut self, marks: &Marks) {
        self.y += 4.0;
        let room = WIDTH - LEFT - self.right;
        let (height, unnamed) = marks.draw_faults(&self.sheet, (LEFT, self.y), room);
        if unnamed > 0 {
            let place = (LEFT - 8.0, self.y + height - 4.0);
            let style = lettering(SMALL, &MUTED, HPos::Right);
            self.sheet.draw(&Text::new(format!("{unnamed} more"), place, style));
        }
        self.y += height;
    }

    /// A plot over time, with bands where faults were under way.
    pub fn time_panel(&mut self, marks: &Marks, y: Axis, height: f64) -> Panel {
        let panel = self.place(marks.axis(), y, height);
        let band = |band: Rect| Rectangle::new(band.corners(), BAND.filled());
        self.sheet.draw_series(marks.bands(panel.rect()).map(band));
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
        let style = lettering(LABEL, &MUTED, HPos::Left);
        self.sheet.draw(&Text::new(y.title(), (LEFT, self.y + 16.0), style));
        let rect = Rect { x: LEFT, y: self.y + 24.0, width: WIDTH - LEFT - self.right, height };
        self.y = rect.bottom();
        self.sheet.panel(rect, x, y)
    }

    /// Level lines with the figures of the upright axis.
    fn grid(&mut self, panel: &Panel) {
        let rect = panel.rect();
        let most = (rect.height / TICK_HEIGHT) as usize;
        panel.draw_mesh(GRID.stroke_width(PIXEL), most);
        let style = lettering(SMALL, &MUTED, HPos::Right);
        for at in panel.y().key_points(most) {
            let place = (rect.x - 8.0, panel.at_y(at) + 4.0);
            self.sheet.draw(&Text::new(panel.y().format_ext(&at), place, &style));
        }
    }

    /// Where faults begin and end, over what was drawn; and the axis below it. To be called when
    /// the plot is full.
    pub fn close_time_panel(&mut self, marks: &Marks, panel: &Panel) {
        let edge = stroke(&EDGE, 1.0, "2 3");
        self.sheet.draw_series(marks.edges(panel.rect()).map(|ends| edge.path(ends)));
        self.baseline(panel);
    }

    /// The line below a plot.
    pub fn baseline(&mut self, panel: &Panel) {
        let rect = panel.rect();
        let ends = [(rect.x, rect.bottom()), (rect.right(), rect.bottom())];
        self.sheet.draw(&PathElement::new(ends, AXIS.stroke_width(PIXEL)));
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
            let rect = panel.rect();
            unnamed = marks.draw_phases(&self.sheet, (rect.x, self.y + 6.0), rect.width);
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
        let (rect, axis) = (panel.rect(), panel.x());
        let bottom = rect.bottom();
        let points = axis.key_points((rect.width / TICK_WIDTH) as usize);
        self.sheet.draw_series(points.iter().map(|at| {
            let x = panel.at_x(*at);
            PathElement::new([(x, bottom), (x, bottom + 4.0)], AXIS.stroke_width(PIXEL))
        }));
        let style = lettering(SMALL, &MUTED, HPos::Center);
        let mut free = f64::MIN;
        for at in points {
            let (x, figure) = (panel.at_x(at), axis.format_ext(&at));
            let half = width(&figure, SMALL) / 2.0;
            if x - half >= free {
                self.sheet.draw(&Text::new(figure, (x, bottom + 16.0), &style));
                free = x + half + 8.0;
            }
        }
        self.y = bottom + 18.0;
    }

    fn x_title(&mut self, panel: &Panel, more: &str) {
        let rect = panel.rect();
        let place = (rect.x + rect.width / 2.0, self.y + 14.0);
        let style = lettering(LABEL, &MUTED, HPos::Center);
        self.sheet.draw(&Text::new(format!("{}{more}", panel.x().title()), place, style));
        self.y += 18.0;
    }

    /// Names of lines to the right of a plot, each near the height at which its line ends.
    pub fn names(&mut self, panel: &Panel, mut names: Vec<(f64, &str, &'static Ink)>) {
        const APART: f64 = 14.0;
        names.sort_by(|a, b| a.0.total_cmp(&b.0));
        let rect = panel.rect();
        // Down from the first, and up again from the lower edge where that is passed.
        let mut free = rect.y;
        for name in &mut names {
            name.0 = name.0.max(free);
            free = name.0 + APART;
        }
        free = rect.bottom();
        for name in names.iter_mut().rev() {
            name.0 = name.0.min(free);
            free = name.0 - APART;
        }
        for (y, name, ink) in names {
            let place = (rect.right() + 7.0, y + 4.0);
            self.sheet.draw(&Text::new(name, place, lettering(LABEL, ink, HPos::Left)));
        }
    }

    /// A remark above a plot, at its right end.
    pub fn note(&mut self, panel: &Panel, text: &str) {
        let rect = panel.rect();
        let room = rect.width - width(&panel.y().title(), LABEL) - 16.0;
        let style = lettering(LABEL, &MUTED, HPos::Right);
        let place = (rect.right(), rect.y - 8.0);
        self.sheet.draw(&Text::new(fitted(text, LABEL, room), place, style));
    }

    /// Figures for whoever points at a plot.
    pub fn hover(&mut self, panel: &Panel, steps: bool, at: Vec<f64>, series: Vec<Series>) {
        let (rect, x, y, names) = (panel.rect(), panel.x().clone(), panel.y().clone(), Vec::new());
        self.hover.plots.push(Plot { rect, x, y, at, names, steps, series });
    }

    /// The same for things that lie side by side: each from its place to the next one's, the last to
    /// the end of the axis.
    pub fn hover_named(&mut self, plot: Plot) {
        debug_assert_eq!(plot.at.len(), plot.names.len());
        self.hover.plots.push(plot);
    }

    /// The chart.
    pub fn finish(self) -> Drawing {
        let svg = self.canvas.borrow_mut().finish(self.y + 12.0, &self.label, self.about);
        Drawing { svg, hover: self.hover }
    }
}
