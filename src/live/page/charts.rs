//! The report's charts, of the run so far.

use maud::{Markup, html};

use super::super::moment::Standing;
use crate::report::RunReport;
use crate::report::charts::{CHARTS, Input, Theme, css};
use crate::report::course::Course;
use crate::report::html::charts::{label, picture, values};

/// Name and contents of each chart for which there is something to draw, with its values.
pub fn drawn(standing: &Standing, course: &Course) -> Vec<(String, Markup)> {
    let report = up_to_now(standing);
    let input = Input { report: &report, course, events: &[] };
    let drawn = CHARTS.iter().filter_map(|chart| {
        let drawing = (chart.draw)(&input, Theme::Light)?;
        let name = place(chart.name);
        // Without its values a chart is still a chart.
        let values = values(&drawing).unwrap_or_default();
        let contents = html! { (picture(&drawing)) (values) };
        Some((name, contents))
    });
    drawn.collect()
}

/// The places of all charts, in their order, with what is drawn by now. The frame stays when a chart
/// is drawn anew, and with it how far somebody has scrolled; without a chart it is hidden.
pub fn places(drawn: impl Fn(&str) -> Markup) -> Markup {
    html! {
        @for chart in CHARTS {
            @let name = place(chart.name);
            @let drawing = drawn(&name);
            figure hidden[drawing.0.is_empty()] {
                // The drawing shows its title itself.
                figcaption { p.note { (chart.about) } }
                div.chart id=(name) tabindex="0" role="group" aria-label=(label(chart)) { (drawing) }
            }
        }
    }
}

/// The colours of charts.
pub fn style() -> String {
    css()
}

fn place(name: &str) -> String {
    format!("chart-{name}")
}

/// The figures, with faults that are under way reaching up to now.
fn up_to_now(standing: &Standing) -> RunReport {
    let mut report = RunReport::clone(&standing.report);
    let now = standing.elapsed.as_secs_f64();
    for active in standing.faults.iter().filter(|fault| !fault.over && fault.until.is_some()) {
        let began = active.began.as_secs_f64();
        let is_it = |fault: &&mut crate::report::model::FaultReport| {
            fault.kind == active.kind && (fault.at - began).abs() < 1e-6
        };
        if let Some(fault) = report.faults.iter_mut().find(is_it) {
            fault.until = Some(now.max(fault.at));
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::report::ActiveFault;
    use crate::report::model::FaultReport;

    #[test]
    fn a_fault_under_way_reaches_up_to_now() {
        let fault = FaultReport { kind: "store-outage".into(), at: 4.25, ..FaultReport::default() };
        let over = FaultReport { until: Some(3.0), at: 1.0, ..fault.clone() };
        let report = RunReport { faults: vec![over, fault], ..RunReport::default() };
        let standing = Standing {
            elapsed: Duration::from_secs(9),
            report: Arc::new(report),
            faults: vec![ActiveFault {
                index: 1,
                kind: "store-outage",
                name: "store-outage".to_owned(),
                text: String::new(),
                began: Duration::from_millis(4_250),
                until: Some(Duration::from_secs(20)),
                over: false,
                hits: 0,
                hit_unit: "connections",
            }],
            ..Standing::default()
        };
        let ends: Vec<_> = up_to_now(&standing).faults.iter().map(|fault| fault.until).collect();
        assert_eq!(ends, [Some(3.0), Some(9.0)]);
    }
}
