//! Latency by percentile, as HdrHistogram's plots show it: the axis gives each further nine the
//! same room, so that the tail, which is what users remember, is not a hair at the edge.

use plotters::coord::ranged1d::ReversibleRanged as _;

use crate::measure::{Latency, LatencyKind};
use crate::outcome::Class;
use crate::report::hlog::phase_tag;
use crate::units::grouped;

use super::axis::{Axis, Scale, Unit, micros};
use super::frame::{Frame, Swatch};
use super::hover::Series;
use super::style::{LINES, Stroke, Theme};
use super::surface::{FINE, Panel, Point};
use super::{Chart, Drawing, Input};

pub(super) const CHART: Chart = Chart {
    name: "latency-percentiles",
    title: "Latency by percentile",
    about: "The time that so many of all answers did not exceed; each division to the right is \
            one more nine, and a line is thin where fewer than ten answers lie beyond it. Above: \
            response time, from the instant a request was due, and service time, from when it \
            was sent. Below: response time by class of answer. Warm-up is left out.",
    draw,
};

/// Places along the axis for values under the pointer.
const PLACES: i32 = 120;
/// With fewer answers beyond a percentile, it is a matter of chance.
const ENOUGH: f64 = 10.0;
/// How wide a line is there. Its dash stays, by which it is told apart.
const LOOSE: f64 = 0.8;

struct Curve {
    name: String,
    latency: Latency,
    stroke: Stroke,
}

fn draw(input: &Input<'_>, theme: Theme) -> Option<Drawing> {
    let warm_up: Vec<String> = input
        .report
        .phases
        .iter()
        .filter(|phase| phase.warm_up)
        .map(|phase| phase_tag(&phase.name))
        .collect();
    let counts = |tag: &str| !warm_up.iter().any(|name| name == tag);
    let of = |class, kind| input.course.times().sum(class, kind, counts);
    let all = |kind| {
        Class::ALL.into_iter().fold(Latency::default(), |mut sum, class| {
            sum.merge(&of(class, kind));
            sum
        })
    };
    let kinds = [("response time", LatencyKind::Response), ("service time", LatencyKind::Service)];
    let both: Vec<Curve> = kinds
        .into_iter()
        .zip(LINES)
        .map(|((name, kind), stroke)| Curve { name: name.to_owned(), latency: all(kind), stroke })
        .collect();
    let n = both[0].latency.count();
    if n == 0 {
        return None;
    }
    let mut classes: Vec<Curve> = Class::ALL
        .into_iter()
        .map(|class| (class.name().to_owned(), of(class, LatencyKind::Response)))
        .filter(|(_, latency)| latency.count() > 0)
        .map(|(name, latency)| Curve { name, latency, stroke: LINES[0] })
        .collect();
    classes.sort_by_key(|curve| std::cmp::Reverse(curve.latency.count()));
    let left_out = classes.len().saturating_sub(LINES.len());
    classes.truncate(LINES.len());
    classes.iter_mut().zip(LINES).for_each(|(curve, stroke)| curve.stroke = stroke);

    let figures = format!("n = {} answers, warm-up left out", grouped(n));
    let mut frame = Frame::new(&CHART, input, theme, &figures);
    let x = Axis {
        name: "percentile",
        unit: Unit::Share,
        scale: Scale::Nines,
        from: 0.0,
        to: (1.0 - 1.0 / n as f64).max(0.9),
    };
    let mut panel = plot(&mut frame, &x, "response and service time, all classes", &both, 230.0);
    if classes.len() > 1 {
        frame.y += 30.0;
        let name = "response time by class";
        panel = plot(&mut frame, &x, name, &classes, 230.0);
    }
    let more = match left_out {
        0 => String::new(),
        n => format!(" · {n} rarer classes are not shown"),
    };
    frame.x_axis(&panel, &more);
    Some(frame.finish())
}

fn plot(frame: &mut Frame, x: &Axis, name: &'static str, curves: &[Curve], height: f64) -> Panel {
    let entry = |curve: &Curve| {
        let at = |share| micros(curve.latency.at(share).unwrap_or(0) as f64);
        let text = format!(
            "{} (n = {}, p50 {}, p99 {}, max {})",
            curve.name,
            grouped(curve.latency.count()),
            at(0.5),
            at(0.99),
            at(1.0)
        );
        (Swatch::Line(curve.stroke), text)
    };
    frame.legend(&curves.iter().map(entry).collect::<Vec<_>>());
    let ends = curves.iter().filter_map(|c| Some((c.latency.at(0.0)?, c.latency.at(1.0)?)));
    let (least, largest) = ends.fold((u64::MAX, 0), |(a, b), (c, d)| (a.min(c), b.max(d)));
    let y = Axis::micros(name, least as f64, largest as f64);
    let panel = frame.panel(x.clone(), y, height);
    // The first lie on top.
    for curve in curves.iter().rev() {
        let (firm, loose) = parted(steps(&panel, &curve.latency), curve.latency.count());
        panel.draw(&curve.stroke.path(firm));
        panel.draw(&Stroke { width: LOOSE, ..curve.stroke }.path(loose));
    }
    frame.baseline(&panel);
    let places: Vec<f64> = (0..=PLACES).filter_map(|n| x.unmap(n, (0, PLACES))).collect();
    let series = curves.iter().map(|curve| Series {
        name: curve.name.clone(),
        unit: Unit::Micros,
        values: places.iter().map(|at| curve.latency.at(*at).map(|us| us as f64)).collect(),
    });
    frame.hover(&panel, false, places.clone(), series.collect());
    panel
}

/// The part of a line that rests on enough answers, and the rest of it, which begins where the first
/// ends.
fn parted(steps: Vec<Point>, answers: u64) -> (Vec<Point>, Vec<Point>) {
    let end = (1.0 - ENOUGH / answers as f64).max(0.0);
    let at = steps.partition_point(|(share, _)| *share <= end);
    let mut firm = steps;
    let mut loose = firm.split_off(at);
    // Steps go up where they are, so what goes on beyond the end is level.
    if let Some((_, value)) = firm.last().copied().filter(|_| !loose.is_empty()) {
        firm.push((end, value));
        loose.insert(0, (end, value));
    }
    (firm, loose)
}

/// The quantiles as steps: each value holds for as many answers as had it.
fn steps(panel: &Panel, latency: &Latency) -> Vec<Point> {
    let all = latency.count() as f64;
    let mut corners: Vec<Point> = Vec::new();
    let mut seen = 0;
    for (cell, count) in latency.cells() {
        let from = seen as f64 / all;
        seen += count;
        let (until, value) = (seen as f64 / all, cell.highest() as f64);
        if let Some((x, before)) = corners.last().copied() {
            // As fine as can be seen.
            let is_fine = (panel.at_y(before) - panel.at_y(value)).abs() < FINE
                || panel.at_x(until) - panel.at_x(x) < FINE;
            if is_fine && seen < latency.count() {
                continue;
            }
            corners.push((from, before));
        }
        corners.extend([(from, value), (until, value)]);
    }
    corners
}
