//! From points to the `d` of an SVG path, as short as it can be: what is level is written as `H`, what
//! is upright as `V`, points on the way along either are left out, and from one run to the next on the
//! same level it is a step aside.

use std::fmt::Write as _;

use plotters_backend::BackendCoord;

/// Units of the canvas in a pixel. Backends of plotters have whole coordinates, and a tenth of a pixel
/// is as fine as a chart needs.
pub const PIXEL: u32 = 10;

/// Adds a run of points; one that is closed goes back to where it began. Nothing where there are not
/// two different points. `after` is where the run before it ended, if it was open; gives where this
/// one does.
pub fn outline(
    d: &mut String,
    after: Option<BackendCoord>,
    points: impl IntoIterator<Item = BackendCoord>,
    is_closed: bool,
) -> Option<BackendCoord> {
    let mut corners: Vec<BackendCoord> = Vec::new();
    for point in points {
        match corners[..] {
            [.., last] if last == point => {}
            [.., before, last] if is_on_the_way(before, last, point) => {
                corners.pop();
                corners.push(point);
            }
            _ => corners.push(point),
        }
    }
    if is_closed && corners.first() == corners.last() {
        corners.pop();
    }
    if corners.len() < 2 {
        return after;
    }
    let (x, y) = corners[0];
    match after {
        Some((before, level)) if level == y => command(d, 'm', &[x - before, 0]),
        _ => command(d, 'M', &[x, y]),
    }
    for pair in corners.windows(2) {
        let (x, y) = pair[1];
        match (pair[0].0 == x, pair[0].1 == y) {
            (_, true) => command(d, 'H', &[x]),
            (true, _) => command(d, 'V', &[y]),
            _ => command(d, 'L', &[x, y]),
        }
    }
    if is_closed {
        d.push('Z');
        return None;
    }
    corners.last().copied()
}

/// Whether a point is passed on a level or upright way from the one before it to the one after it.
fn is_on_the_way(before: BackendCoord, point: BackendCoord, after: BackendCoord) -> bool {
    let goes_on =
        |before: i32, point: i32, after: i32| (point - before).signum() == (after - point).signum();
    let is_level = before.1 == point.1 && point.1 == after.1;
    let is_upright = before.0 == point.0 && point.0 == after.0;
    is_level && goes_on(before.0, point.0, after.0)
        || is_upright && goes_on(before.1, point.1, after.1)
}

fn command(d: &mut String, letter: char, values: &[i32]) {
    d.push(letter);
    for (n, value) in values.iter().enumerate() {
        if n > 0 {
            d.push(' ');
        }
        pixels(d, *value);
    }
}

/// Writes units of the canvas in pixels: with one decimal, and none where it is zero.
pub fn pixels(out: &mut String, units: i32) {
    let sign = if units < 0 { "-" } else { "" };
    let (whole, rest) = (units.unsigned_abs() / PIXEL, units.unsigned_abs() % PIXEL);
    // Writing to a string cannot fail.
    let _ = match rest {
        0 => write!(out, "{sign}{whole}"),
        _ => write!(out, "{sign}{whole}.{rest}"),
    };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(points: &[BackendCoord], is_closed: bool) -> String {
        let mut d = String::new();
        outline(&mut d, None, points.iter().copied(), is_closed);
        d
    }

    /// The corners that a `d` names.
    fn read(d: &str) -> Vec<BackendCoord> {
        let mut corners: Vec<BackendCoord> = Vec::new();
        let starts: Vec<usize> =
            d.char_indices().filter(|(_, c)| c.is_ascii_alphabetic()).map(|(at, _)| at).collect();
        for (n, start) in starts.iter().enumerate() {
            let end = starts.get(n + 1).copied().unwrap_or(d.len());
            let values: Vec<i32> = d[start + 1..end]
                .split_whitespace()
                .map(|value| (value.parse::<f64>().unwrap() * 10.0).round() as i32)
                .collect();
            let last = corners.last().copied().unwrap_or_default();
            match (&d[*start..=*start], &values[..]) {
                ("M" | "L", [x, y]) => corners.push((*x, *y)),
                ("m", [x, y]) => corners.push((last.0 + x, last.1 + y)),
                ("H", [x]) => corners.push((*x, last.1)),
                ("V", [y]) => corners.push((last.0, *y)),
                ("Z", []) => {}
                other => panic!("{other:?} in {d}"),
            }
        }
        corners
    }

    /// Whether a point lies on the level or upright way between two others, or is one of them.
    fn lies_between(point: BackendCoord, a: BackendCoord, b: BackendCoord) -> bool {
        let within = |point: i32, a: i32, b: i32| (a.min(b)..=a.max(b)).contains(&point);
        (a.0 == b.0 || a.1 == b.1) && within(point.0, a.0, b.0) && within(point.1, a.1, b.1)
    }

    #[test]
    fn an_outline_is_short() {
        let points = [(10, 0), (-123, 60), (-100, 60), (30, 60), (30, 60), (30, 5)];
        assert_eq!(written(&points, true), "M1 0L-12.3 6H3V0.5Z");
        // There and back again is no way on.
        assert_eq!(written(&[(0, 0), (90, 0), (40, 0)], false), "M0 0H9H4");
        assert_eq!(written(&[(0, 0), (0, 90), (0, 95), (0, 0)], true), "M0 0V9.5Z");
        assert_eq!(written(&[(7, 7), (7, 7)], false), "");
        assert_eq!(written(&[], true), "");
        let mut d = String::new();
        let cells = [[(0, 35), (60, 35)], [(90, 35), (120, 35)], [(60, 95), (90, 95)]];
        cells.into_iter().fold(None, |after, cell| outline(&mut d, after, cell, false));
        assert_eq!(d, "M0 3.5H6m3 0H12M6 9.5H9");
    }

    proptest! {
        /// What is written goes through all points in their order, and turns at none but them.
        #[test]
        fn an_outline_goes_through_its_points(
            points in prop::collection::vec((-4..4_i32, -4..4_i32), 0..40),
        ) {
            let corners = read(&written(&points, false));
            let mut different = points.clone();
            different.dedup();
            if different.len() < 2 {
                prop_assert!(corners.is_empty());
                return Ok(());
            }
            let (mut corner, mut last) = (0, points[0]);
            prop_assert_eq!(corners[0], points[0]);
            for point in different[1..].iter().copied() {
                let next = corners[corner + 1];
                if point == next {
                    corner += 1;
                } else {
                    prop_assert!(lies_between(point, last, next), "{:?} in {:?}", point, corners);
                }
                last = point;
            }
            prop_assert_eq!(corner + 1, corners.len());
        }

        /// Runs of one path do not change each other.
        #[test]
        fn outlines_follow_each_other(
            runs in prop::collection::vec(
                (prop::collection::vec((-4..4_i32, -4..4_i32), 0..5), any::<bool>()),
                0..6,
            ),
        ) {
            let (mut together, mut alone, mut after) = (String::new(), String::new(), None);
            for (points, is_closed) in &runs {
                after = outline(&mut together, after, points.iter().copied(), *is_closed);
                alone += &written(points, *is_closed);
            }
            prop_assert_eq!(read(&together), read(&alone));
        }
    }
}
