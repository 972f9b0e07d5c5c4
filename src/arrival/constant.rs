//! The same rate throughout, at even gaps.

use super::curve::Curve;
use super::paced::{Paced, Spacing, rate};
use super::{Arrival, ArrivalKind};
use crate::setting::{Kind, Setting, Settings};

/// See the module.
pub static KIND: ArrivalKind = ArrivalKind {
    name: "constant",
    about: "Requests at even gaps, such as a timer makes.",
    settings: &[Setting::required("rate", Kind::Rate, "Requests due in a time.")],
    bare: Some("rate"),
    build: |settings, _| build(settings),
};

fn build(settings: &Settings) -> Result<Arrival, String> {
    Ok(Paced::arrival(Curve::flat(rate(settings, "rate")?), Spacing::Even))
}
