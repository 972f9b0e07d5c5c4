//! What a page needs to show values under the pointer: the plots of a chart with their axes, and
//! the series that were drawn, as numbers.

use serde::{Serialize, Serializer};

use super::axis::{Axis, Unit};
use super::surface::Rect;

/// The plots of one chart.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Hover {
    /// From top to bottom.
    pub plots: Vec<Plot>,
}

/// One plot. A value's place is in `rect`, by its axis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plot {
    /// Where it lies, in the units of the chart's `viewBox`.
    pub rect: Rect,
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    /// Where the series have values, ascending.
    #[serde(serialize_with = "short")]
    pub at: Vec<f64>,
    /// Whether a value holds up to the next place, or at its place only.
    pub steps: bool,
    /// What was drawn.
    pub series: Vec<Series>,
}

/// One series: a value for each place of its plot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// What it is called.
    pub name: String,
    /// What its values are.
    pub unit: Unit,
    /// The values; `None` where there is none.
    #[serde(serialize_with = "short_or_none")]
    pub values: Vec<Option<f64>>,
}

/// Four digits, as many as a tooltip shows.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let scale = 10_f64.powi(3 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

/// A whole number stands in JSON without a point.
#[derive(Serialize)]
#[serde(untagged)]
enum Short {
    Whole(i64),
    Real(f64),
}

impl From<f64> for Short {
    fn from(value: f64) -> Self {
        if value.fract() == 0.0 && value.abs() < 1e15 {
            Self::Whole(value as i64)
        } else {
            Self::Real(value)
        }
    }
}

fn short<S: Serializer>(values: &[f64], out: S) -> Result<S::Ok, S::Error> {
    // Places keep more digits: neighbours of a long run must not fall together.
    out.collect_seq(values.iter().map(|value| Short::from((value * 1e7).round() / 1e7)))
}

fn short_or_none<S: Serializer>(values: &[Option<f64>], out: S) -> Result<S::Ok, S::Error> {
    out.collect_seq(values.iter().map(|value| value.map(|value| Short::from(rounded(value)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let series = Series {
            name: "p99".into(),
            unit: Unit::Micros,
            values: vec![Some(1234.567), None, Some(0.123_456), Some(20_004.0)],
        };
        let json = serde_json::to_string(&series).unwrap();
        assert_eq!(json, r#"{"name":"p99","unit":"us","values":[1235,null,0.1235,20000]}"#);
    }
}
