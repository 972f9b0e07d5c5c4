//! Axes: from a value to its place, and where the ticks are.

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

/// A place on an axis that has a figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// The value.
    pub at: f64,
    /// The figure; empty for a tick that only divides.
    pub label: String,
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

    /// A logarithmic axis around values in microseconds.
    pub fn micros(name: &'static str, least: f64, largest: f64) -> Self {
        let from = least.max(1.0);
        let to = largest.max(from * 2.0) * 1.05;
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

    /// Ticks, at most about so many.
    pub fn ticks(&self, most: usize) -> Vec<Tick> {
        let most = most.max(2) as f64;
        match (self.scale, self.unit) {
            (Scale::Nines, _) => self.nines(),
            (Scale::Log, _) => self.decades(most),
            (Scale::Linear, Unit::Seconds) => {
                let (second, _) = time_unit(self.to);
                let label = |at: f64| trimmed(at / second);
                // Minutes and hours are divided as clocks are.
                let steps: &[f64] = if second > 1.0 {
                    &[1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0]
                } else {
                    &[1.0, 2.0, 5.0, 10.0, 20.0]
                };
                let longest = steps[steps.len() - 1];
                let first = self.to / most / second;
                let step = steps.iter().copied().find(|step| *step >= first);
                self.every(
                    step.unwrap_or_else(|| (first / longest).ceil() * longest) * second,
                    label,
                )
            }
            (Scale::Linear, unit) => {
                let rough = (self.to - self.from) / most;
                let power = 10_f64.powf(rough.log10().floor());
                let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
                // A lone figure would leave the other end open.
                let fits = |step: &&f64| **step >= rough && self.to / **step >= 1.0;
                let mut step = steps.iter().find(fits).copied().unwrap_or(power);
                if unit == Unit::Count {
                    step = step.max(1.0);
                }
                self.every(step, |at| figure(unit, at))
            }
        }
    }

    fn every(&self, step: f64, label: impl Fn(f64) -> String) -> Vec<Tick> {
        let first = (self.from / step).ceil() as i64;
        let last = (self.to / step + 1e-9).floor() as i64;
        let ticks = (first..=last).map(|n| n as f64 * step);
        ticks.map(|at| Tick { at, label: label(at) }).collect()
    }

    fn decades(&self, most: f64) -> Vec<Tick> {
        let (from, to) = (self.from.max(1e-9), self.to);
        let decades = (to / from).log10();
        let figures: &[f64] = match decades {
            d if d * 3.0 <= most => &[1.0, 2.0, 5.0],
            d if d * 2.0 <= most + 1.0 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let powers = (from.log10().floor() as i32)..=(to.log10().ceil() as i32);
        let all = powers.flat_map(|power| figures.iter().map(move |n| n * 10_f64.powi(power)));
        let seen = all.filter(|at| (from..=to).contains(at));
        seen.map(|at| Tick { at, label: figure(self.unit, at) }).collect()
    }

    fn nines(&self) -> Vec<Tick> {
        let shares = [0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999_999, 0.999_999_9];
        let seen = shares.into_iter().filter(|share| *share <= self.to);
        seen.map(|at| Tick { at, label: percent(at) }).collect()
    }
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
    use super::*;

    fn labels(axis: &Axis, most: usize) -> Vec<String> {
        axis.ticks(most).into_iter().map(|tick| tick.label).collect()
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
    fn times_and_shares_have_round_ticks() {
        let axis = Axis::micros("response time", 350.0, 80_000.0);
        assert_eq!(labels(&axis, 8), ["500 µs", "1 ms", "2 ms", "5 ms", "10 ms", "20 ms", "50 ms"]);
        let wide = Axis::micros("response time", 90.0, 8e6);
        assert_eq!(labels(&wide, 6), ["100 µs", "1 ms", "10 ms", "100 ms", "1 s"]);
        let nines = Axis {
            name: "percentile",
            unit: Unit::Share,
            scale: Scale::Nines,
            from: 0.0,
            to: 0.9995,
        };
        assert_eq!(labels(&nines, 8), ["0%", "50%", "90%", "99%", "99.9%"]);
        let gap = |a: f64, b: f64| nines.place(b) - nines.place(a);
        assert!((gap(0.9, 0.99) - gap(0.99, 0.999)).abs() < 1e-9);
        let rate = Axis::from_zero("answers", Unit::PerSecond, 20_100.0);
        assert_eq!(labels(&rate, 5), ["0", "5,000", "10,000", "15,000", "20,000"]);
    }

    #[test]
    fn what_lies_beyond_an_axis_stays_at_its_end() {
        let axis = Axis::micros("response time", 100.0, 1_000.0);
        assert_eq!((axis.place(0.0), axis.place(1e9)), (0.0, 1.0));
        assert!(Axis::from_zero("x", Unit::Count, 0.0).place(f64::NAN) < 1e-9);
    }
}
