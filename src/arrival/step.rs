//! A rate that climbs or falls in steps, to find the load at which something gives.

use std::time::Duration;

use super::curve::Curve;
use super::paced::{Paced, Spacing, rate};
use super::{Arrival, ArrivalKind};
use crate::setting::{Kind, Setting, Settings};
use crate::units::Rate;

/// See the module.
pub static KIND: ArrivalKind = ArrivalKind {
    name: "step",
    about: "A rate that goes from one value to another in equal steps of equal length.",
    settings: &[
        Setting::required("from", Kind::Rate, "The rate of the first step."),
        Setting::required("to", Kind::Rate, "The rate of the last step."),
        Setting::with_default(
            "steps",
            Kind::Count { min: 2, max: 1_000 },
            "5",
            "How many levels there are, the first and the last included.",
        ),
        Spacing::SETTING,
    ],
    bare: None,
    build,
};

fn build(settings: &Settings, length: Duration) -> Result<Arrival, String> {
    let (from, to) = (rate(settings, "from")?, rate(settings, "to")?);
    let steps = settings.count("steps").unwrap_or(5).clamp(2, 1_000);
    let (low, rise) = (from.as_per_second(), to.as_per_second() - from.as_per_second());
    let mut curve = Curve::new();
    for step in 0..steps - 1 {
        let level = low + rise * step as f64 / (steps - 1) as f64;
        let level = Rate::per_second(level.max(0.0)).unwrap_or_default();
        curve = curve.then(level, level, length.div_f64(steps as f64));
    }
    Ok(Paced::arrival(curve.then_hold(to), Spacing::of(settings)))
}
