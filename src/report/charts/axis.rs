//! Axes: from a value to its place, and which values have a figure, as plotters asks for them.

use std::ops::Range;

use plotters::coord::ranged1d::{
    KeyPointHint, NoDefaultFormatting, Ranged, ReversibleRanged, ValueFormatter,
};
use serde::Serialize;

use crate::units::grouped;

/// How values are spread along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Evenly.
    Linear,
    /// Evenly by their logarithm.
    Log,
    /// Shares from 0 to 1 by the logarithm of what is left to 1: as far from 90 % to 99 % as from
    /// there to 99.9 %.
    Nines,
}

/// What the values of an axis or of a series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Unit {
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Microseconds.
    #[serde(rename = "us")]
    Micros,
    /// A second.
    #[serde(rename = "1/s")]
    PerSecond,
    /// A number of things.
    #[serde(rename = "count")]
    Count,
    /// A part of a whole, from 0 to 1.
    #[serde(rename = "share")]
    Share,
    /// A number for each of something else.
    #[serde(rename = "ratio")]
    Ratio,
}

/// The least between a round value on a logarithmic axis and its end, in parts of what a figure has
/// for itself.
const APART: f64 = 0.4;

/// One axis of a plot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Axis {
    /// What it shows.
    pub name: &'static str,
    /// In what.
    pub unit: Unit,
    /// How.
    pub scale: Scale,
    /// The value at its beginning: left, or below.
    pub from: f64,
    /// The value at its end.
    pub to: f64,
}

impl Axis {
    /// Time since the start of load.
    pub fn time(end: f64) -> Self {
        let (unit, scale) = (Unit::Seconds, Scale::Linear);
        Self { name: "time since the start of load", unit, scale, from: 0.0, to: end.max(1.0) }
    }

    /// From zero to a little above the largest value.
    pub fn from_zero(name: &'static str, unit: Unit, largest: f64) -> Self {
        let to = if largest > 0.0 { largest * 1.06 } else { 1.0 };
        Self { name, unit, scale: Scale::Linear, from: 0.0, to }
    }

    /// A logarithmic axis around values in microseconds, from one round value to another.
    pub fn micros(name: &'static str, least: f64, largest: f64) -> Self {
        let from = round_down(least.max(1.0));
        let to = round_up(largest.max(from * 2.0));
        Self { name, unit: Unit::Micros, scale: Scale::Log, from, to }
    }

    /// Where a value lies: 0 at the beginning, 1 at the end; held to that range.
    pub fn place(&self, value: f64) -> f64 {
        let of = |value: f64| match self.scale {
            Scale::Linear => value,
            Scale::Log => value.max(1e-9).ln(),
            Scale::Nines => nines(value),
        };
        let (from, to) = (of(self.from), of(self.to));
        let place = (of(value) - from) / (to - from);
        if place.is_nan() { 0.0 } else { place.clamp(0.0, 1.0) }
    }

    /// What stands beside the axis: its name and unit.
    pub fn title(&self) -> String {
        match self.unit {
            Unit::Seconds => format!("{}, {}", self.name, time_unit(self.to).1),
            // Each figure carries its own.
            Unit::Micros | Unit::Share | Unit::Count | Unit::Ratio => self.name.to_owned(),
            Unit::PerSecond => format!("{}/s", self.name),
        }
    }

    fn linear(&self, most: f64) -> Vec<f64> {
        let rough = (self.to - self.from) / most;
        let step = match self.unit {
            Unit::Seconds => {
                let (second, _) = time_unit(self.to);
                // Minutes and hours are divided as clocks are.
                let steps: &[f64] = if second > 1.0 {
                    &[1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0]
                } else {
                    &[1.0, 2.0, 5.0, 10.0, 20.0]
                };
                let longest = steps[steps.len() - 1];
                let first = rough / second;
                let step = steps.iter().copied().find(|step| *step >= first);
                step.unwrap_or_else(|| (first / longest).ceil() * longest) * second
            }
            unit => {
                let power = 10_f64.powf(rough.log10().floor());
                let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
                // A lone figure would leave the other end open.
                let fits = |step: &&f64| **step >= rough && self.to / **step >= 1.0;
                let step = steps.iter().find(fits).copied().unwrap_or(power);
                if unit == Unit::Count { step.max(1.0) } else { step }
            }
        };
        let first = (self.from / step).ceil() as i64;
        let last = (self.to / step + 1e-9).floor() as i64;
        (first..=last).map(|n| n as f64 * step).collect()
    }

    /// Both ends, and round values between them that are not too near to an end.
    fn decades(&self, most: f64) -> Vec<f64> {
        let decades = (self.to / self.from).log10();
        let figures: &[f64] = match decades {
            d if d * 3.0 <= most + 1.0 => &[1.0, 2.0, 5.0],
            d if d * 2.0 <= most + 1.0 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let powers = (self.from.log10().floor() as i32)..=(self.to.log10().ceil() as i32);
        let each = (decades / most).ceil().max(1.0) as usize;
        let all = powers
            .step_by(each)
            .flat_map(|power| figures.iter().map(move |n| n * 10_f64.powi(power)));
        let apart = APART / most;
        let within = all.filter(|at| (apart..=1.0 - apart).contains(&self.place(*at)));
        [self.from].into_iter().chain(within).chain([self.to]).collect()
    }

    fn nines(&self) -> Vec<f64> {
        let shares = [0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999_999, 0.999_999_9];
        shares.into_iter().filter(|share| (self.from..=self.to).contains(share)).collect()
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (begin, end): (i32, i32)) -> i32 {
        begin + (f64::from(end - begin) * self.place(*value)).round() as i32
    }

    /// The values that have a figure, ascending; about as many as may be, but never a lone one.
    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        let most = match hint.max_num_points() {
            0 => return Vec::new(),
            most => most.max(2) as f64,
        };
        match self.scale {
            Scale::Linear => self.linear(most),
            Scale::Log => self.decades(most),
            Scale::Nines => self.nines(),
        }
    }

    fn range(&self) -> Range<f64> {
        self.from..self.to
    }
}

impl ReversibleRanged for Axis {
    fn unmap(&self, input: i32, (begin, end): (i32, i32)) -> Option<f64> {
        let place = f64::from(input - begin) / f64::from(end - begin);
        let between = |from: f64, to: f64| from + (to - from) * place;
        (0.0..=1.0).contains(&place).then(|| match self.scale {
            Scale::Linear => between(self.from, self.to),
            Scale::Log => between(self.from.ln(), self.to.ln()).exp(),
            Scale::Nines => 1.0 - 10_f64.powf(-between(nines(self.from), nines(self.to))),
        })
    }
}

impl ValueFormatter<f64> for Axis {
    /// The figure at a value; that of a time is in the unit that the axis' title names.
    fn format_ext(&self, value: &f64) -> String {
        match (self.scale, self.unit) {
            (Scale::Linear, Unit::Seconds) => trimmed(value / time_unit(self.to).0),
            (_, unit) => figure(unit, *value),
        }
    }
}

/// The nearest of 1, 2, 5, 10 and so on that is not above a value.
fn round_down(value: f64) -> f64 {
    let power = 10_f64.powi(value.log10().floor() as i32);
    let all = [10.0, 5.0, 2.0].map(|n| n * power);
    all.into_iter().find(|round| *round <= value).unwrap_or(power)
}

/// The nearest of 1, 2, 5, 10 and so on that is not below a value.
fn round_up(value: f64) -> f64 {
    let power = 10_f64.powi(value.log10().floor() as i32);
    let all = [1.0, 2.0, 5.0].map(|n| n * power);
    all.into_iter().find(|round| *round >= value).unwrap_or(power * 10.0)
}

/// How many nines a share has: 1 for 0.9, 2 for 0.99.
pub fn nines(share: f64) -> f64 {
    -(1.0 - share).max(1e-12).log10()
}

/// Seconds of the unit in which a time up to `end` seconds is shown, and its name.
fn time_unit(end: f64) -> (f64, &'static str) {
    match end {
        end if end <= 180.0 => (1.0, "s"),
        end if end <= 10_800.0 => (60.0, "min"),
        _ => (3_600.0, "h"),
    }
}

/// A value with its unit, as short as can be.
pub fn figure(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Seconds => format!("{} s", trimmed(value)),
        Unit::Micros => micros(value),
        Unit::PerSecond | Unit::Count if value >= 10.0 => grouped(value.round() as u64),
        Unit::PerSecond | Unit::Count | Unit::Ratio => trimmed(value),
        Unit::Share => percent(value),
    }
}

/// `500 µs`, `1.5 ms`, `20 s`.
pub fn micros(value: f64) -> String {
    match value {
        v if v < 0.005 => "0".to_owned(),
        v if v >= 999_500.0 => format!("{} s", significant(v / 1e6)),
        v if v >= 999.5 => format!("{} ms", significant(v / 1e3)),
        v => format!("{} µs", significant(v)),
    }
}

fn percent(share: f64) -> String {
    format!("{}%", trimmed(share * 100.0))
}

/// Three digits, without zeros at the end.
fn significant(value: f64) -> String {
    match value {
        v if v >= 99.95 => grouped(v.round() as u64),
        v if v >= 9.995 => trimmed((v * 10.0).round() / 10.0),
        v => trimmed((v * 100.0).round() / 100.0),
    }
}

/// Up to five decimals, as few as it takes.
fn trimmed(value: f64) -> String {
    let text = format!("{value:.5}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn labels(axis: &Axis, most: usize) -> Vec<String> {
        axis.key_points(most).iter().map(|at| axis.format_ext(at)).collect()
    }

    fn nines_to(to: f64) -> Axis {
        let (unit, scale) = (Unit::Share, Scale::Nines);
        Axis { name: "percentile", unit, scale, from: 0.0, to }
    }

    #[test]
    fn time_is_shown_in_the_unit_that_fits() {
        assert_eq!(labels(&Axis::time(30.0), 8), ["0", "5", "10", "15", "20", "25", "30"]);
        assert_eq!(labels(&Axis::time(600.0), 8), ["0", "2", "4", "6", "8", "10"]);
        let hour = Axis::time(3_600.0);
        assert_eq!(labels(&hour, 8), ["0", "10", "20", "30", "40", "50", "60"]);
        assert_eq!(hour.title(), "time since the start of load, min");
        assert_eq!(labels(&Axis::time(86_400.0), 8).last().unwrap(), "20");
        assert_eq!(labels(&Axis::time(0.0), 8), ["0", "1"]);
    }

    #[test]
    fn times_and_shares_have_round_figures() {
        let axis = Axis::micros("response time", 350.0, 80_000.0);
        let all = "200 µs, 500 µs, 1 ms, 2 ms, 5 ms, 10 ms, 20 ms, 50 ms, 100 ms";
        assert_eq!(labels(&axis, 8).join(", "), all);
        let wide = Axis::micros("response time", 90.0, 8e6);
        assert_eq!(labels(&wide, 6), ["50 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s"]);
        let nines = nines_to(0.9995);
        assert_eq!(labels(&nines, 8), ["0%", "50%", "90%", "99%", "99.9%"]);
        let gap = |a: f64, b: f64| nines.place(b) - nines.place(a);
        assert!((gap(0.9, 0.99) - gap(0.99, 0.999)).abs() < 1e-9);
        let rate = Axis::from_zero("answers", Unit::PerSecond, 20_100.0);
        assert_eq!(labels(&rate, 5), ["0", "5,000", "10,000", "15,000", "20,000"]);
        assert!(labels(&rate, 0).is_empty());
    }

    proptest! {
        #[test]
        fn a_logarithmic_axis_has_figures_on_both_sides_of_its_values(
            least in 0.0..9e6_f64,
            times in 1.0..1e6_f64,
            most in 1..12_usize,
        ) {
            let largest = least * times;
            let axis = Axis::micros("response time", least, largest);
            let points = axis.key_points(most);
            prop_assert_eq!(axis.range(), points[0]..points[points.len() - 1]);
            prop_assert!(axis.from <= least.max(1.0) && axis.to >= largest, "{:?}", axis);
            // Not more than a step of the figures beyond them.
            prop_assert!(axis.from * 2.6 > least && axis.to < largest.max(axis.from * 2.0) * 2.6);
            prop_assert!(points.len() <= most.max(2) + 4, "{:?}", points);
            let places: Vec<f64> = points.iter().map(|at| axis.place(*at)).collect();
            let apart = APART / most.max(2) as f64 - 1e-9;
            prop_assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= apart), "{:?}", points);
            let labels: BTreeSet<String> = points.iter().map(|at| axis.format_ext(at)).collect();
            prop_assert_eq!(labels.len(), points.len());
        }

        #[test]
        fn every_axis_maps_its_range_on_its_pixels_and_back(
            kind in 0..4_usize,
            end in 1.0..1e6_f64,
            // Steps of time are up to three times the one before.
            most in 4..12_usize,
            pixel in 0..=1_000_i32,
        ) {
            let axes = [
                Axis::time(end),
                Axis::from_zero("answers", Unit::PerSecond, end),
                Axis::micros("response time", end, end * end),
                nines_to(1.0 - 0.1 / end),
            ];
            let axis = &axes[kind];
            for limit in [(300_i32, 1_300_i32), (1_300, 300)] {
                let input = limit.0 + (limit.1 - limit.0).signum() * pixel;
                let value = axis.unmap(input, limit).unwrap();
                prop_assert_eq!(axis.map(&value, limit), input);
                prop_assert_eq!(axis.map(&axis.range().start, limit), limit.0);
                prop_assert_eq!(axis.map(&axis.range().end, limit), limit.1);
                prop_assert_eq!(axis.unmap(limit.0.min(limit.1) - 1, limit), None);
            }
            let points = axis.key_points(most);
            prop_assert!(points.len() >= 2, "{:?}", points);
            prop_assert!(points.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", points);
            let Range { start, end } = axis.range();
            let reach = 1e-9 * end;
            prop_assert!(points.iter().all(|at| (start..=end + reach).contains(at)), "{:?}", points);
        }
    }

    #[test]
    fn what_lies_beyond_an_axis_stays_at_its_end() {
        let axis = Axis::micros("response time", 100.0, 1_000.0);
        assert_eq!((axis.place(0.0), axis.place(1e9)), (0.0, 1.0));
        assert!(Axis::from_zero("x", Unit::Count, 0.0).place(f64::NAN) < 1e-9);
    }
}
