//! The charts of the page: drawn for the light theme, coloured by variables, and with their values for
//! a pointer or for the arrow keys beside them.

use maud::{Markup, PreEscaped, html};

use super::super::charts::{Chart, Drawing, Theme, css, css_values, themable};
use super::super::formats::RenderError;
use super::heading;

/// What the charts add to the page's style.
pub(super) fn style() -> String {
    // Paper is light, whatever theme was chosen or is the system's.
    let light = css_values(Theme::Light);
    css()
        + &format!(
            "@media print{{:root,:root[data-theme=dark],:root:not([data-theme=light]){{{light}}}}}\n"
        )
}

/// `light`: the charts as they are drawn for the light theme.
pub(super) fn section(light: &[(&'static Chart, Drawing)]) -> Result<Markup, RenderError> {
    let figures = light.iter().map(|(chart, drawing)| figure(chart, drawing));
    let figures = figures.collect::<Result<Vec<_>, _>>()?;
    Ok(html! {
        @if !figures.is_empty() {
            section aria-labelledby="charts" {
                (heading("charts", "Charts"))
                p.note {
                    "Values show under the pointer; with the keyboard, go to a chart with Tab and along it \
                     with the arrow keys."
                }
                @for figure in &figures { (figure) }
            }
        }
    })
}

fn figure(chart: &Chart, drawing: &Drawing) -> Result<Markup, RenderError> {
    let id = format!("chart-{}", chart.name);
    let values = values(drawing)?;
    Ok(html! {
        figure aria-labelledby=(id) {
            figcaption {
                // The drawing shows its title itself.
                h3 id=(id) {
                    span.voice { (chart.title) } " "
                    a.permalink href={ "#" (id) } aria-label={ "Link to " (chart.title) } { "#" }
                }
                p.note { (chart.about) }
            }
            div.frame {
                div.chart tabindex="0" role="group" aria-label=(label(chart)) {
                    (picture(drawing))
                }
            }
            (values)
        }
    })
}

/// What a chart is to those who cannot see it.
pub fn label(chart: &Chart) -> String {
    format!("{}, values by arrow keys", chart.title)
}

/// A drawing of the light theme, coloured by variables. Names within it begin with the chart's.
pub fn picture(drawing: &Drawing) -> Markup {
    PreEscaped(themable(&drawing.svg))
}

/// The values of a drawing, for the page's script: as JSON in an element that no browser runs.
pub fn values(drawing: &Drawing) -> std::io::Result<Markup> {
    let json = serde_json::to_string(&drawing.hover)?;
    Ok(html! { script type="application/json" { (PreEscaped(inert(&json))) } })
}

/// JSON that cannot end the element it stands in: `<` occurs within strings only, and is escaped there.
fn inert(json: &str) -> String {
    json.replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::super::super::charts::style::INKS;
    use super::*;

    #[test]
    fn paper_has_the_light_value_of_every_colour_and_the_last_word() {
        let style = style();
        let (screen, paper) = style.split_once("@media print").unwrap();
        assert!(!paper.contains("@media"), "{paper}");
        for ink in INKS {
            assert!(
                screen.contains(&format!("--chart-{}:{};", ink.name, ink.dark)),
                "{}",
                ink.name
            );
            assert!(
                paper.contains(&format!("--chart-{}:{};", ink.name, ink.light)),
                "{}",
                ink.name
            );
        }
    }

    #[test]
    fn values_cannot_leave_their_element() {
        let json = serde_json::to_string(&["</script><script>", "<!--"]).unwrap();
        let inert = inert(&json);
        assert!(!inert.contains('<'), "{inert}");
        assert_eq!(
            serde_json::from_str::<Vec<String>>(&inert).unwrap(),
            ["</script><script>", "<!--"]
        );
    }
}
