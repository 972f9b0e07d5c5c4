//! The gateway's directory answers late: the outage that health checks miss.

use std::time::Duration;

use super::{Action, FOR, FaultKind, LinkFault, LinkName};
use crate::setting::{ANY_SPAN, POSITIVE_SPAN, Setting, Settings};
use crate::units::format_span;

/// See the module.
pub static KIND: FaultKind = FaultKind {
    name: "store-slow",
    about: "The gateway's directory answers late.",
    settings: &[
        FOR,
        Setting::required("latency", POSITIVE_SPAN, "How late, on average."),
        Setting::with_default(
            "jitter",
            ANY_SPAN,
            "0s",
            "Give or take this, evenly spread; at most `latency`.",
        ),
    ],
    embedded_only: true,
    build,
};

fn build(settings: &Settings) -> Result<Action, String> {
    let latency = settings.span("latency").ok_or("`latency` is missing")?;
    let jitter = settings.span("jitter").unwrap_or(Duration::ZERO);
    if jitter > latency {
        return Err(format!(
            "`jitter` is {}; at most `latency`, which is {}",
            format_span(jitter),
            format_span(latency)
        ));
    }
    Ok(Action::Link { link: LinkName::Store, mode: LinkFault::Delay { latency, jitter } })
}
