//! Where the time goes on the lookup path: the stages that the gateway tells of (`Server-Timing`),
//! one after the other, at the median and at the 99th percentile.

use plotters::element::Text;
use plotters::style::text_anchor::HPos;

use crate::measure::LatencyKind;
use crate::report::figures::{ALL, Percentiles, StageReport};
use crate::units::grouped;

use super::axis::{Axis, Scale, Unit, micros};
use super::frame::{Frame, LEFT, RIGHT, Swatch};
use super::hover::{Plot, Series};
use super::style::{
    AREAS, LABEL, MUTED, SMALL, STRONG, Stroke, TEXT, Theme, WIDTH, lettering, stroke,
};
use super::surface::{Panel, Rect};
use super::text::{fitted, width};
use super::{Chart, Drawing, Input};

pub(super) const CHART: Chart = Chart {
    name: "stages",
    title: "Stages of the lookup path",
    about: "The time of each stage that the gateway tells of in Server-Timing fields, laid end to \
            end at the median and at the 99th percentile, each on a scale of its own. The line is \
            the service time seen from outside. Percentiles of stages do not add up to that of the \
            whole: a request is rarely slow in all of them, and not every request reaches all. \
            Warm-up is left out.",
    draw,
};

/// Stages in the order in which a gateway goes through them; others follow.
const ORDER: [&str; 4] = ["verify", "cache", "lookup", "upstream"];
const BAR: f64 = 44.0;
/// What the service time's line looks like.
const SERVICE: Stroke = stroke(&STRONG, 2.4, "");

type Quantile = fn(&Percentiles) -> u64;

fn draw(input: &Input<'_>, theme: Theme) -> Option<Drawing> {
    let mut stages: Vec<&StageReport> =
        input.report.stages.iter().filter(|s| s.phase == ALL && s.percentiles.count > 0).collect();
    if stages.is_empty() {
        return None;
    }
    stages.sort_by_key(|stage| ORDER.iter().position(|name| *name == stage.stage).unwrap_or(9));
    let left_out = stages.len().saturating_sub(AREAS.len());
    stages.truncate(AREAS.len());
    let service = input.report.overall(LatencyKind::Service).unwrap_or_default();
    let told = stages.iter().map(|stage| stage.percentiles.count).max().unwrap_or(0);
    let more = match left_out {
        0 => String::new(),
        n => format!(" · {n} more stages are not shown"),
    };
    let figures =
        format!("n = {} answers that tell of stages, warm-up left out{more}", grouped(told));
    let mut frame = Frame::new(&CHART, input, theme, &figures);
    let entry = |(stage, fill): (&&StageReport, _)| {
        let Percentiles { count, p50, p99, .. } = stage.percentiles;
        let (p50, p99) = (micros(p50 as f64), micros(p99 as f64));
        let name = fitted(&stage.stage, LABEL, 240.0);
        (Swatch::Area(fill), format!("{name} (n = {}, p50 {p50}, p99 {p99})", grouped(count)))
    };
    let mut legend: Vec<(Swatch, String)> = stages.iter().zip(AREAS).map(entry).collect();
    if service.count > 0 {
        let text = format!("service time (n = {})", grouped(service.count));
        legend.push((Swatch::Line(SERVICE), text));
    }
    frame.legend(&legend);
    let quantiles: [(&'static str, Quantile); 2] = [("p50", |p| p.p50), ("p99", |p| p.p99)];
    for (name, of) in quantiles {
        frame.y += 20.0;
        bar(&mut frame, name, &stages, (of, of(&service)));
    }
    Some(frame.finish())
}

/// The stages end to end at one quantile.
fn bar(
    frame: &mut Frame,
    name: &'static str,
    stages: &[&StageReport],
    (of, service): (Quantile, u64),
) {
    let sum: u64 = stages.iter().map(|stage| of(&stage.percentiles)).sum();
    let axis = |unit, to| Axis { name, unit, scale: Scale::Linear, from: 0.0, to };
    let x = axis(Unit::Micros, sum.max(service).max(1) as f64 * 1.04);
    let rect = Rect { x: LEFT, y: frame.y + 4.0, width: WIDTH - LEFT - RIGHT, height: BAR };
    let panel = frame.sheet.panel(rect, x, axis(Unit::Share, 1.0));
    let place = (LEFT - 12.0, rect.y + BAR / 2.0 + 4.0);
    frame.sheet.draw(&Text::new(name, place, lettering(LABEL, &TEXT, HPos::Right)));
    let mut from = 0.0;
    for (stage, fill) in stages.iter().zip(AREAS) {
        let until = from + of(&stage.percentiles) as f64;
        let (left, right) = (panel.at_x(from), panel.at_x(until));
        if right > left {
            // A seam, so that neighbours are told apart.
            let wide = (right - left - 1.0).max(0.5);
            let bar = Rect { x: left, width: wide, ..rect };
            frame.sheet.draw(&fill.rectangle(bar.corners()));
        }
        from = until;
    }
    if service > 0 {
        let x = panel.at_x(service as f64);
        for stroke in SERVICE.raised() {
            frame.sheet.draw(&stroke.path([(x, rect.y - 5.0), (x, rect.bottom() + 5.0)]));
        }
        let text = micros(service as f64);
        let half = width(&text, SMALL) / 2.0;
        let x = x.clamp(LEFT + half, rect.right() - half);
        let style = lettering(SMALL, &MUTED, HPos::Center);
        frame.sheet.draw(&Text::new(text, (x, rect.y - 8.0), style));
    }
    frame.hover_named(values(name, &panel, stages, of));
    frame.y = rect.bottom();
    frame.baseline(&panel);
    frame.x_figures(&panel);
}

/// Each stage of a bar with its time, its share of the bar and the answers that tell of it.
fn values(name: &str, panel: &Panel, stages: &[&StageReport], of: Quantile) -> Plot {
    let times: Vec<f64> = stages.iter().map(|stage| of(&stage.percentiles) as f64).collect();
    let sum: f64 = times.iter().sum();
    let at = times.iter().scan(0.0, |from, time| Some(std::mem::replace(from, *from + time)));
    let series =
        |name: &str, unit, values: Vec<Option<f64>>| Series { name: name.into(), unit, values };
    let counts = stages.iter().map(|stage| Some(stage.percentiles.count as f64));
    Plot {
        rect: Rect { width: panel.at_x(sum) - panel.rect().x, ..panel.rect() },
        x: Axis { to: sum, ..panel.x().clone() },
        y: panel.y().clone(),
        at: at.collect(),
        names: stages.iter().map(|stage| format!("{} at {name}", stage.stage)).collect(),
        steps: true,
        series: vec![
            series("time", Unit::Micros, times.iter().copied().map(Some).collect()),
            series(
                "share of the bar",
                Unit::Share,
                times.iter().map(|time| ratio(*time, sum)).collect(),
            ),
            series("answers", Unit::Count, counts.collect()),
        ],
    }
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::course::Course;
    use crate::report::model::RunReport;

    #[test]
    fn each_stage_has_its_own_values_under_the_pointer() {
        let stage = |name: &str, phase: &str, count, p50, p99| StageReport {
            stage: name.into(),
            phase: phase.into(),
            percentiles: Percentiles { count, p50, p99, ..Percentiles::default() },
        };
        let stages = vec![
            stage("lookup", ALL, 40, 300, 900),
            stage("lookup", "steady", 30, 7, 7),
            stage("verify", ALL, 100, 100, 100),
        ];
        let report = RunReport { stages, ..RunReport::default() };
        let input = Input { report: &report, course: &Course::default(), events: &[] };
        let plots = draw(&input, Theme::Light).unwrap().hover.plots;
        let told: Vec<_> = plots.iter().map(|plot| (&plot.names[..], &plot.at[..])).collect();
        let names =
            ["p50", "p99"].map(|at| ["verify", "lookup"].map(|name| format!("{name} at {at}")));
        assert_eq!(told, [(&names[0][..], &[0.0, 100.0][..]), (&names[1], &[0.0, 100.0])]);
        for (plot, times) in plots.iter().zip([[100.0, 300.0], [100.0, 900.0]]) {
            let sum = times[0] + times[1];
            assert_eq!((plot.x.from, plot.x.to), (0.0, sum));
            let values: Vec<_> = plot.series.iter().map(|series| &series.values[..]).collect();
            let wanted = [times, times.map(|time| time / sum), [100.0, 40.0]];
            assert_eq!(values, wanted.map(|values| values.map(Some)), "{:?}", plot.names);
        }
    }
}
