//! What a chart is drawn on: plotters' drawing areas of one canvas, the whole of it in pixels
//! ([`Sheet`]), and each plot by its axes ([`Panel`]).

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::{CoordTranslate, Shift};
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::element::{Drawable, PointCollection};
use plotters::style::ShapeStyle;
use plotters_backend::BackendCoord;

use super::axis::Axis;
use super::outline::PIXEL;
use super::svg::Canvas;

/// A place: in pixels from the upper left corner of a chart, or by the axes of a plot.
pub type Point = (f64, f64);

/// Steps nearer to each other than so many pixels cannot be seen.
pub const FINE: f64 = 0.25;

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Rect {
    /// Its left edge.
    pub x: f64,
    /// Its upper edge.
    pub y: f64,
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

impl Rect {
    /// Its right edge.
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    /// Its lower edge.
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// The corners that say where it is.
    pub fn corners(&self) -> [Point; 2] {
        [(self.x, self.y), (self.right(), self.bottom())]
    }
}

/// Places in pixels.
#[derive(Clone, Copy, Debug)]
pub struct Pixels;

impl CoordTranslate for Pixels {
    type From = Point;

    fn translate(&self, (x, y): &Point) -> BackendCoord {
        (units(*x), units(*y))
    }
}

/// Pixels in units of the canvas.
fn units(pixels: f64) -> i32 {
    (pixels * f64::from(PIXEL)).round() as i32
}

fn pixels(units: i32) -> f64 {
    f64::from(units) / f64::from(PIXEL)
}

/// A drawing area on which drawing cannot fail.
pub struct Surface<C: CoordTranslate>(DrawingArea<Canvas, C>);

/// All of a chart.
pub type Sheet = Surface<Pixels>;

/// A plot.
pub type Panel = Surface<Cartesian2d<Axis, Axis>>;

impl<C: CoordTranslate> Surface<C> {
    /// Draws an element.
    pub fn draw<'a, E>(&self, element: &'a E)
    where
        E: Drawable<Canvas>,
        &'a E: PointCollection<'a, C::From>,
    {
        drawn(self.0.draw(element));
    }

    /// Draws the elements of a series.
    pub fn draw_series<E>(&self, series: impl IntoIterator<Item = E>)
    where
        E: Drawable<Canvas>,
        for<'a> &'a E: PointCollection<'a, C::From>,
    {
        for element in series {
            drawn(self.0.draw(&element));
        }
    }
}

/// The one place for plotters' errors. A canvas in memory has none of its own; the others tell of one
/// that is drawn on from two places at once, which a chart does not do, and of fonts, which this
/// canvas does not ask for.
fn drawn(result: Result<(), DrawingAreaErrorKind<Infallible>>) {
    if let Err(error) = result {
        unreachable!("a canvas in memory takes every element: {error}");
    }
}

impl Sheet {
    /// All of a canvas.
    pub fn of(canvas: &Rc<RefCell<Canvas>>) -> Self {
        Self(DrawingArea::<Canvas, Shift>::from(canvas).apply_coord_spec(Pixels))
    }

    /// A plot within it.
    pub fn panel(&self, rect: Rect, x: Axis, y: Axis) -> Panel {
        let corner = (units(rect.x), units(rect.y));
        let (width, height) = (units(rect.right()) - corner.0, units(rect.bottom()) - corner.1);
        let area = self.0.strip_coord_spec().shrink(corner, (width, height));
        let (across, down) = area.get_pixel_range();
        // Values grow upwards.
        let axes = Cartesian2d::new(x, y, (across, down.end..down.start));
        Surface(area.apply_coord_spec(axes))
    }
}

impl Panel {
    /// Where it is.
    pub fn rect(&self) -> Rect {
        let (across, down) = self.0.get_pixel_range();
        Rect {
            x: pixels(across.start),
            y: pixels(down.start),
            width: pixels(across.end - across.start),
            height: pixels(down.end - down.start),
        }
    }

    /// From left to right.
    pub fn x(&self) -> &Axis {
        self.0.as_coord_spec().x_spec()
    }

    /// From bottom to top.
    pub fn y(&self) -> &Axis {
        self.0.as_coord_spec().y_spec()
    }

    /// The pixel of a value of the level axis.
    pub fn at_x(&self, value: f64) -> f64 {
        pixels(self.0.map_coordinate(&(value, self.y().from)).0)
    }

    /// The pixel of a value of the upright axis.
    pub fn at_y(&self, value: f64) -> f64 {
        pixels(self.0.map_coordinate(&(self.x().from, value)).1)
    }

    /// Level lines at the key points of the upright axis, at most about so many.
    pub fn draw_mesh(&self, style: ShapeStyle, most: usize) {
        drawn(self.0.draw_mesh(|canvas, line| line.draw(canvas, &style), most, 0_usize));
    }
}

#[cfg(test)]
mod tests {
    use plotters::element::PathElement;
    use plotters::style::Color as _;

    use super::super::axis::{Scale, Unit};
    use super::super::style::{GRID, Theme};
    use super::*;

    fn drawn(draw: impl FnOnce(&Sheet)) -> String {
        let canvas = Rc::new(RefCell::new(Canvas::new("x", Theme::Light)));
        draw(&Sheet::of(&canvas));
        let svg = canvas.borrow_mut().finish(100.0, "label", "about");
        let (_, body) = svg.rsplit_once("stroke-linejoin=\"round\" d=\"").unwrap();
        body.split('"').next().unwrap().to_owned()
    }

    fn panel(sheet: &Sheet) -> Panel {
        let rect = Rect { x: 10.0, y: 20.5, width: 200.0, height: 50.0 };
        let linear =
            |to| Axis { name: "x", unit: Unit::Count, scale: Scale::Linear, from: 0.0, to };
        let panel = sheet.panel(rect, linear(8.0), linear(2.0));
        assert_eq!(panel.rect(), rect);
        panel
    }

    #[test]
    fn values_lie_where_the_axes_say_and_grow_upwards() {
        let d = drawn(|sheet| {
            let panel = panel(sheet);
            assert!((panel.at_x(2.0) - 60.0).abs() < 1e-9, "{}", panel.at_x(2.0));
            assert!((panel.at_y(2.0) - 20.5).abs() < 1e-9, "{}", panel.at_y(2.0));
            let points = [(0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (99.0, -7.0)];
            panel.draw(&PathElement::new(points, GRID.stroke_width(PIXEL)));
        });
        assert_eq!(d, "M10 70.5H60V45.5L210 70.5");
    }

    #[test]
    fn a_mesh_has_a_line_at_each_key_point() {
        let d = drawn(|sheet| panel(sheet).draw_mesh(GRID.stroke_width(PIXEL), 2));
        assert_eq!(d, "M10 70.5H210M10 45.5H210M10 20.5H210");
    }
}
