//! `report.html`: one file that opens from a disk, without a network, and answers first what people
//! ask first.
//!
//! Everything is in the page: the one style, the one script (`report.css`; `theme.js`,
//! `hover.js` and `report.js`), the charts.
//! A Content-Security-Policy allows those two by their digests and nothing else, so that whatever a
//! target, a scenario or a file name holds stays text; it is escaped besides, by `maud`. Without
//! scripts the page has everything but sorting, the values under the pointer, the shades where a frame
//! cuts what is in it, and the choice of a theme.

mod answers;
pub mod charts;
mod figures;
mod setup;
mod table;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::formats::{Material, RenderError};
use super::model::{RunReport, SCHEMA_VERSION};
use super::overview::Outcome;
use super::visible::visible;
use super::wording::span;

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str =
    concat!(include_str!("theme.js"), include_str!("hover.js"), include_str!("report.js"));

/// The whole page.
pub(super) fn page(material: &Material<'_>) -> Result<String, RenderError> {
    let input = &material.input;
    let report = input.report;
    let style = format!("{STYLE}{}", charts::style());
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:; \
         base-uri 'none'; form-action 'none'",
        digest(&style),
        digest(SCRIPT)
    );
    let outcome = Outcome::of(report);
    let charts = charts::section(material.light_charts())?;
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content={ "Substorm " (report.build.version) };
                title { (outcome.word()) ": " (visible(&report.scenario)) ", seed " (report.seed) }
                // Asked for otherwise, by browsers that the page was sent to over HTTP.
                link rel="icon" href="data:,";
                style { (PreEscaped(&style)) }
            }
            body {
                a.skip href="#answers" { "Skip to the answers" }
                (head(report, outcome))
                main {
                    (answers::answers(input))
                    (charts)
                    section.details aria-labelledby="details" {
                        div.bar {
                            (heading("details", "Details"))
                            button #fold type="button" hidden aria-pressed="false" { "Open all" }
                        }
                        (figures::figures(report))
                        (setup::setup(report, input.events))
                    }
                }
                (foot(report))
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    Ok(markup.into_string())
}

/// A digest as a Content-Security-Policy names it (CSP Level 3 §2.3.1).
fn digest(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text.as_bytes())))
}

fn head(report: &RunReport, outcome: Outcome) -> Markup {
    let target = match report.target.as_str() {
        "embedded" => "embedded stack",
        url => url,
    };
    html! {
        header {
            div.bar {
                p.product { "Substorm" }
                button #theme type="button" hidden { "Dark theme" }
            }
            h1 {
                bdi { (visible(&report.scenario)) } " "
                span class={ "label " (answers::tone(outcome)) } { (outcome.word()) }
            }
            @if !report.about.is_empty() { p.about { bdi { (visible(&report.about)) } } }
            p.note {
                @if !report.started_at.is_empty() { time datetime=(report.started_at) { (report.started_at) } " · " }
                (span(report.load_s * 1e3)) " of load · seed " (report.seed)
                @if !target.is_empty() { " · " bdi { (visible(target)) } }
                @if !matches!(report.approach.as_str(), "" | "HTTP/1.1") { " · " bdi { (visible(&report.approach)) } }
            }
            @if report.schema_version > SCHEMA_VERSION {
                p.note { "This report has version " (report.schema_version) ", this build knows up to " (SCHEMA_VERSION) ": some figures may be missing." }
            }
            @if report.build.debug { p.note { "Measured with a debug build: its times are not the gateway's alone." } }
        }
    }
}

fn foot(report: &RunReport) -> Markup {
    html! {
        footer {
            p.note {
                "Made by Substorm"
                @if !report.build.version.is_empty() { " " (report.build.version) }
                ". The figures are in " code { "run.json" } ", every second in " code { "timeline.csv" }
                ", histograms in " code { "latency.hlog" } ", beside this file. Verdicts: what a gateway \
                 answered against what was true of the user."
            }
        }
    }
}

/// A heading that can be linked to.
fn heading(id: &str, title: &str) -> Markup {
    html! {
        h2 id=(id) {
            (title) " "
            a.permalink href={ "#" (id) } aria-label={ "Link to " (title) } { "#" }
        }
    }
}

/// The same of a part within one.
fn subheading(id: &str, title: &str) -> Markup {
    html! {
        h3 id=(id) {
            (title) " "
            a.permalink href={ "#" (id) } aria-label={ "Link to " (title) } { "#" }
        }
    }
}

/// A part of the details, folded: its heading stays in the outline, and opens by a link.
fn fold(id: &str, title: &str, summary: &str, body: &Markup) -> Markup {
    html! {
        section.fold aria-labelledby=(id) {
            (subheading(id, title))
            details {
                summary { (summary) }
                div.body { (body) }
            }
        }
    }
}

#[cfg(test)]
mod tests;
