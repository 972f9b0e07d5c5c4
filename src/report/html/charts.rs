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
                figure { (PreEscaped(told(&svg, "verdicts", "Answers by verdict", "Answers a second."))) }
            }
        }
    })
}

/// The SVG with a title and a description for those who do not see it.
fn told(svg: &str, id: &str, title: &str, about: &str) -> String {
    let Some((before, rest)) = svg.split_once("<svg") else { return String::new() };
    let Some((attributes, inside)) = rest.split_once('>') else { return before.to_owned() };
    let said = html! {
        title id={ "title-" (id) } { (title) }
        desc id={ "about-" (id) } { (about) }
    };
    format!(
        "<svg role=\"img\" aria-labelledby=\"title-{id}\" aria-describedby=\"about-{id}\"{attributes}>{}{inside}",
        said.into_string()
    )
}
