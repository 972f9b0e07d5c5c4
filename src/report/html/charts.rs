//! The charts of the page.

use maud::{Markup, PreEscaped, html};

use super::super::chart::verdicts;
use super::super::formats::{Input, RenderError};
use super::heading;

/// What the charts add to the page's style.
pub(super) fn style() -> String {
    String::new()
}

pub(super) fn section(input: &Input<'_>) -> Result<Markup, RenderError> {
    let svg = verdicts(input.report, input.course.stretches())?;
    Ok(html! {
        @if let Some(svg) = svg {
            section aria-labelledby="charts" {
                (heading("charts", "Charts"))
                figure { (PreEscaped(svg)) }
            }
        }
    })
}
