//! The page's frame: what stays, and the places of what changes.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::charts;
use super::parts::Parts;

/// What the browser runs: the report's theme and the values of its charts, and what is the page's own.
pub const SCRIPT: &str = concat!(
    include_str!("../../report/html/theme.js"),
    include_str!("../../report/html/hover.js"),
    include_str!("page.js")
);

/// The report's, which the page becomes; its own is only what the report has not.
const REPORT_STYLE: &str = include_str!("../../report/html/report.css");
const STYLE: &str = include_str!("page.css");

/// What the page looks like.
pub fn style() -> String {
    format!("{REPORT_STYLE}{STYLE}{}", charts::style())
}

/// The whole page, with everything that there is to see by now.
pub fn page(parts: &Parts, title: &str, about: &str) -> String {
    let place = |name: &str| -> Markup { PreEscaped(parts.html(name).to_owned()) };
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Live: " (title) }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="live.css";
                script src="live.js" defer {}
            }
            body {
                a.skip href="#answers" { "Skip to the figures" }
                header {
                    div.bar {
                        p.product { "Substorm, live" }
                        div.controls {
                            button #pause type="button" hidden aria-pressed="false" { "Pause" }
                            button #theme type="button" hidden { "Dark theme" }
                        }
                    }
                    h1 { bdi { (title) } " " span #state { (place("state")) } }
                    @if !about.is_empty() { p.about { bdi { (about) } } }
                    div #progress { (place("progress")) }
                    p #connection .note role="status" { noscript { "Without scripts the page stands still; load it again to see more." } }
                    p #spoken .unseen aria-live="polite" { (parts.spoken) }
                }
                main {
                    section #answers .cards aria-label="So far" { (place("answers")) }
                    section aria-labelledby="figures-title" {
                        h2 #figures-title { "Figures" }
                        div.tables {
                            div #rates .scroll { (place("rates")) }
                            div #times .scroll tabindex="0" role="region" aria-label="Response time" { (place("times")) }
                            div #verdicts .scroll tabindex="0" role="region" aria-label="Verdicts" { (place("verdicts")) }
                        }
                    }
                    section aria-labelledby="charts-title" {
                        h2 #charts-title { "Course" }
                        p.note {
                            "Values show under the pointer; with the keyboard, go to a chart with Tab and \
                             along it with the arrow keys."
                        }
                        (charts::places(place))
                    }
                    section aria-labelledby="faults-title" {
                        h2 #faults-title { "Faults" }
                        div #faults .scroll tabindex="0" role="region" aria-labelledby="faults-title" { (place("faults")) }
                    }
                    section aria-labelledby="findings-title" {
                        h2 #findings-title { "Findings so far" }
                        div #findings { (place("findings")) }
                    }
                    section aria-labelledby="log-title" {
                        h2 #log-title { "Log" }
                        div #log tabindex="0" role="region" aria-labelledby="log-title" { (place("log")) }
                    }
                }
                footer { p.note { "The page follows the run and becomes its report." } }
            }
        }
    };
    markup.into_string()
}
