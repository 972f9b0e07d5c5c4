//! The same mean rate throughout, with the irregular gaps of many independent users.

use super::curve::Curve;
use super::paced::{Paced, Spacing, rate};
use super::{Arrival, ArrivalKind};
use crate::setting::{Kind, Setting, Settings};

/// See the module.
pub static KIND: ArrivalKind = ArrivalKind {
    name: "poisson",
    about: "Requests that come independently of each other, as from many users.",
    settings: &[Setting::required("rate", Kind::Rate, "Requests due in a time, on average.")],
    bare: Some("rate"),
    build: |settings, _| build(settings),
};

fn build(settings: &Settings) -> Result<Arrival, String> {
    Ok(Paced::arrival(Curve::flat(rate(settings, "rate")?), Spacing::Poisson))
}
