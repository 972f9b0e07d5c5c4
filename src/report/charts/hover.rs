//! What a page needs to show values under the pointer: the plots of a chart with their axes, and
//! the series that were drawn, as numbers.

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::axis::{Axis, Unit};
use super::surface::Rect;
use crate::report::visible::visible;

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
    /// What the places are called, where their values on the axis say nothing to a reader: such a plot
    /// has its values to itself. Empty where the axis names them.
    #[serde(serialize_with = "legible", skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Whether a value holds up to the next place, or at its place only.
    pub steps: bool,
    /// What was drawn.
    pub series: Vec<Series>,
}

/// One series: a value for each place of its plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What it is called.
    pub name: String,
    /// What its values are.
    pub unit: Unit,
    /// The values; `None` where there is none.
    pub values: Vec<Option<f64>>,
}

impl Serialize for Series {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        // As many as a tooltip shows; of shares more, for nearly all is not all.
        let digits = match self.unit {
            Unit::Share => 6,
            // Things are counted one by one.
            Unit::Count => 15,
            _ => 4,
        };
        let short = |value: f64| Short::from(rounded(value, digits));
        let values: Vec<_> = self.values.iter().map(|value| value.map(short)).collect();
        let mut series = out.serialize_struct("Series", 3)?;
        series.serialize_field("name", &visible(&self.name))?;
        series.serialize_field("unit", &self.unit)?;
        series.serialize_field("values", &values)?;
        series.end()
    }
}

/// To so many digits.
fn rounded(value: f64, digits: i32) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let scale = 10_f64.powi(digits - 1 - value.abs().log10().floor() as i32);
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

fn legible<S: Serializer>(names: &[String], out: S) -> Result<S::Ok, S::Error> {
    out.collect_seq(names.iter().map(|name| visible(name)))
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
        let values = vec![Some(0.999_96), Some(1.0), Some(0.123_456_78)];
        let series = Series { name: "a\u{202e}".into(), unit: Unit::Share, values };
        let json = serde_json::to_string(&series).unwrap();
        assert_eq!(json, r#"{"name":"a<U+202E>","unit":"share","values":[0.99996,1,0.123457]}"#);
        let values = vec![Some(66_254_400.0)];
        let json = serde_json::to_string(&Series { name: "n".into(), unit: Unit::Count, values });
        assert_eq!(json.unwrap(), r#"{"name":"n","unit":"count","values":[66254400]}"#);
    }
}
