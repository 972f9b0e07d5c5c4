//! Elements of charts that plotters does not have: its own with a look that its styles cannot say, and
//! series of steps over the columns of a run.

use std::convert::Infallible;

use plotters::element::{
    Cross, Drawable, DynElement, EmptyElement, IntoDynElement as _, PathElement, PointCollection,
    Polygon, Rectangle,
};
use plotters::style::Color as _;
use plotters_backend::{BackendCoord, DrawingErrorKind};

use crate::report::course::Column;

use super::style::{Fill, Ink, Look, Stroke, stroke};
use super::surface::Point;
use super::svg::Canvas;

/// An element of plotters with a look.
pub struct Styled {
    element: DynElement<'static, Canvas, Point>,
    look: Look,
}

impl<'a> PointCollection<'a, Point> for &'a Styled {
    type Point = &'a Point;
    type IntoIter = &'a Vec<Point>;

    fn point_iter(self) -> Self::IntoIter {
        self.element.point_iter()
    }
}

impl Drawable<Canvas> for Styled {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        points: I,
        canvas: &mut Canvas,
        parent: (u32, u32),
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        canvas.with(self.look, |canvas| self.element.draw(points, canvas, parent))
    }
}

/// A line with sharp edges, for cells side by side.
pub fn crisp(line: PathElement<Point>) -> Styled {
    Styled { element: line.into_dyn(), look: Look { is_crisp: true, ..Look::default() } }
}

impl Stroke {
    /// A line through points.
    pub fn path(&self, points: impl Into<Vec<Point>>) -> Styled {
        let element = PathElement::new(points, self.style()).into_dyn();
        Styled { element, look: Look { dash: self.dash, ..Look::default() } }
    }
}

impl Fill {
    /// The area within points.
    pub fn polygon(&self, points: impl Into<Vec<Point>>) -> Styled {
        let element = Polygon::new(points, self.ink.filled()).into_dyn();
        Styled { element, look: self.look() }
    }

    /// The area between two corners.
    pub fn rectangle(&self, corners: [Point; 2]) -> Styled {
        let element = Rectangle::new(corners, self.ink.filled()).into_dyn();
        Styled { element, look: self.look() }
    }

    fn look(&self) -> Look {
        Look { texture: self.texture, ..Look::default() }
    }
}

/// A cross, seven pixels wide.
pub fn cross(at: Point, ink: &'static Ink) -> Cross<Point, i32> {
    Cross::new(at, 35, stroke(ink, 1.8, "").style())
}

/// A triangle that stands on its tip, so far above a place, in units of the canvas.
pub fn triangle(at: Point, above: i32, ink: &'static Ink) -> DynElement<'static, Canvas, Point> {
    let corners = [(0, -above), (-45, -above - 80), (45, -above - 80)];
    (EmptyElement::<Point, Canvas>::at(at) + Polygon::new(corners, ink.filled())).into_dyn()
}

/// Steps through one value a column; a break where there is none.
pub fn step_series(
    columns: &[Column],
    value: impl Fn(&Column) -> Option<f64>,
    stroke: Stroke,
) -> Vec<Styled> {
    let values: Vec<_> = columns.iter().map(|column| (extent(column), value(column))).collect();
    let runs = values.chunk_by(|(_, a), (_, b)| a.is_some() == b.is_some());
    runs.map(|run| steps(run.iter().filter_map(|(extent, value)| Some((*extent, (*value)?)))))
        .filter(|corners| !corners.is_empty())
        .map(|corners| stroke.path(corners))
        .collect()
}

/// The area below steps, down to zero.
pub fn step_area(
    columns: &[Column],
    value: impl Fn(&Column) -> f64,
    fill: impl Into<Fill>,
) -> Styled {
    let mut corners = steps(columns.iter().map(|column| (extent(column), value(column))));
    let ends = corners.first().zip(corners.last()).map(|(begin, end)| [end.0, begin.0]);
    corners.extend(ends.into_iter().flatten().map(|x| (x, 0.0)));
    fill.into().polygon(corners)
}

/// The corners of steps; each goes on to where the next begins.
fn steps(values: impl Iterator<Item = ((f64, f64), f64)>) -> Vec<Point> {
    let mut corners: Vec<Point> = Vec::new();
    let mut end = None;
    for ((from, until), value) in values {
        if let Some((_, before)) = corners.last() {
            corners.push((from, *before));
        }
        corners.push((from, value));
        end = Some((until, value));
    }
    corners.extend(end);
    corners
}

/// When a column begins and ends, in seconds.
pub fn extent(column: &Column) -> (f64, f64) {
    let from = column.sum.second as f64;
    (from, from + column.sum.seconds as f64)
}

#[cfg(test)]
mod tests {
    use crate::report::course::Stretch;

    use super::super::style::BLUE;
    use super::*;

    fn columns(rows: &[(u64, u64)]) -> Vec<Column> {
        let column = |&(second, done): &(u64, u64)| {
            let mut sum = Stretch::default();
            (sum.second, sum.seconds, sum.done) = (second, 2, done);
            Column { sum, bins: Vec::new() }
        };
        rows.iter().map(column).collect()
    }

    fn points(element: &Styled) -> Vec<Point> {
        element.point_iter().clone()
    }

    #[test]
    fn steps_break_where_there_is_no_value() {
        let columns = columns(&[(0, 5), (2, 6), (4, 0), (6, 7)]);
        let value = |column: &Column| (column.sum.done > 0).then_some(column.sum.done as f64);
        let stroke = Stroke { ink: &BLUE, width: 2.0, dash: "" };
        let runs: Vec<_> = step_series(&columns, value, stroke).iter().map(points).collect();
        let first = vec![(0.0, 5.0), (2.0, 5.0), (2.0, 6.0), (4.0, 6.0)];
        assert_eq!(runs, [first, vec![(6.0, 7.0), (8.0, 7.0)]]);
    }

    #[test]
    fn an_area_goes_down_to_zero_at_both_ends() {
        let area = step_area(&columns(&[(1, 3)]), |column| column.sum.done as f64, &BLUE);
        assert_eq!(points(&area), [(1.0, 3.0), (3.0, 3.0), (3.0, 0.0), (1.0, 0.0)]);
        assert!(points(&step_area(&[], |_| 0.0, &BLUE)).is_empty());
    }
}
