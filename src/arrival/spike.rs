//! A steady rate with one burst in it.

use std::time::Duration;

use super::curve::Curve;
use super::paced::{Paced, Spacing, rate};
use super::{Arrival, ArrivalKind};
use crate::setting::{ANY_SPAN, Kind, POSITIVE_SPAN, Setting, Settings};
use crate::units::format_span;

/// See the module.
pub static KIND: ArrivalKind = ArrivalKind {
    name: "spike",
    about: "A steady rate that jumps to another for a while and back.",
    settings: &[
        Setting::required("base", Kind::Rate, "The rate before and after the spike."),
        Setting::required("peak", Kind::Rate, "The rate during the spike."),
        Setting::required("at", ANY_SPAN, "When the spike starts, from the start of the phase."),
        Setting::required("for", POSITIVE_SPAN, "How long the spike lasts."),
        Spacing::SETTING,
    ],
    bare: None,
    build,
};

fn build(settings: &Settings, length: Duration) -> Result<Arrival, String> {
    let (base, peak) = (rate(settings, "base")?, rate(settings, "peak")?);
    let at = settings.span("at").ok_or("`at` is missing")?;
    let span = settings.span("for").ok_or("`for` is missing")?;
    if at.saturating_add(span) > length {
        return Err(format!(
            "the spike ends {} into a phase of {}; make `at` + `for` at most the phase's length",
            format_span(at.saturating_add(span)),
            format_span(length),
        ));
    }
    let curve = Curve::new().then(base, base, at).then(peak, peak, span).then_hold(base);
    Ok(Paced::arrival(curve, Spacing::of(settings)))
}
