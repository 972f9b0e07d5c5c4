//! A rate that rises or falls in a straight line over the phase.

use std::time::Duration;

use super::curve::Curve;
use super::paced::{Paced, Spacing, rate};
use super::{Arrival, ArrivalKind};
use crate::setting::{Kind, Setting, Settings};

/// See the module.
pub static KIND: ArrivalKind = ArrivalKind {
    name: "ramp",
    about: "A rate that goes from one value to another in a straight line over the phase.",
    settings: &[
        Setting::required("from", Kind::Rate, "The rate at the start of the phase."),
        Setting::required("to", Kind::Rate, "The rate at its end."),
        Spacing::SETTING,
    ],
    bare: None,
    build,
};

fn build(settings: &Settings, length: Duration) -> Result<Arrival, String> {
    let (from, to) = (rate(settings, "from")?, rate(settings, "to")?);
    let curve = Curve::new().then(from, to, length).then_hold(to);
    Ok(Paced::arrival(curve, Spacing::of(settings)))
}
