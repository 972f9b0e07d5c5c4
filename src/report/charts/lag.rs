//! How long changes of users took to show, as survival curves: the share of changed users for whom
//! the gateway still answered as before.
//!
//! The truth lies between two probes, so there are two curves: one for the latest instant at which
//! it was surely not known yet, one for the earliest at which it surely was. Between them lies what
//! this run cannot tell. Users for whom the right answer never came are censored: they stay in the
//! upper curve for ever, and have a mark where they were last seen.

use plotters::coord::ranged1d::ReversibleRanged as _;
use plotters::element::Polygon;
use plotters::style::Color as _;

use crate::report::figures::{LagBounds, LagReport};
use crate::report::wording::span;
use crate::units::{counted, grouped};

use super::axis::{Axis, Scale, Unit};
use super::elements::cross;
use super::frame::{Frame, Swatch};
use super::hover::Series;
use super::style::{BLUE, HEAT_2, Stroke, Theme, VERMILION, stroke};
use super::surface::{FINE, Panel, Point};
use super::{Chart, Drawing, Input};

pub(super) const REVOCATION: Chart = Chart {
    name: "revocation-lag",
    title: "Revocation lag: users still let in after their removal",
    about: "The share of removed users who were still let in so long after the removal was \
            acknowledged. The truth lies in the band between the curves; a cross is a user \
            whose lag was not known when the run ended.",
    draw: |input, theme| {
        draw(input, theme, &REVOCATION, &input.report.revocation_lag, REVOCATION_AXES)
    },
};

pub(super) const PROVISIONING: Chart = Chart {
    name: "provisioning-lag",
    title: "Provisioning lag: users still turned away after their creation",
    about: "The share of created users who were still turned away so long after the creation was \
            acknowledged. The truth lies in the band between the curves; a cross is a user \
            whose lag was not known when the run ended.",
    draw: |input, theme| {
        draw(input, theme, &PROVISIONING, &input.report.provisioning_lag, PROVISIONING_AXES)
    },
};

/// Names of the level axis, and of the upright one for each cohort.
type Axes = (&'static str, [&'static str; 2]);

const REVOCATION_AXES: Axes = (
    "time since the removal was acknowledged",
    ["users still let in, of those probed", "of the quiet cohort, asked for once only"],
);
const PROVISIONING_AXES: Axes = (
    "time since the creation was acknowledged",
    ["users still turned away, of those probed", "of the quiet cohort, asked for once only"],
);

/// Places along the axis for values under the pointer.
const PLACES: i32 = 160;
/// The least between two marks, in pixels.
const MARK: f64 = 4.0;
/// What the two curves look like.
const AT_MOST: Stroke = stroke(&BLUE, 2.0, "");
const AT_LEAST: Stroke = stroke(&BLUE, 1.4, "4 2");

/// A curve that falls from 1: at each of these times (in microseconds) to this share.
struct Survival(Vec<(f64, f64)>);

impl Survival {
    fn at(&self, time: f64) -> f64 {
        let passed = self.0.partition_point(|(at, _)| *at <= time);
        passed.checked_sub(1).map_or(1.0, |last| self.0[last].1)
    }
}

/// Both curves of a cohort.
struct Curves {
    users: u64,
    at_least: Survival,
    at_most: Survival,
    /// When censored users were last seen.
    censored: Vec<f64>,
}

fn micros(ms: f64) -> f64 {
    ms * 1e3
}

impl Curves {
    /// `None` where nobody was seen.
    fn of(lag: &LagReport) -> Option<Self> {
        if lag.users == 0 {
            return None;
        }
        let intervals: Vec<(f64, LagBounds)> = if lag.intervals.is_empty() {
            lag.distribution.iter().map(|place| (place.share, place.bounds)).collect()
        } else {
            let all = lag.intervals.len() as f64;
            let mut highs: Vec<Option<f64>> = lag.intervals.iter().map(|i| i.high_ms).collect();
            highs.sort_by(|a, b| {
                let or_never = |high: &Option<f64>| high.unwrap_or(f64::INFINITY);
                or_never(a).total_cmp(&or_never(b))
            });
            let ends = lag.intervals.iter().zip(highs).enumerate();
            ends.map(|(n, (interval, high_ms))| {
                ((n + 1) as f64 / all, LagBounds { low_ms: interval.low_ms, high_ms })
            })
            .collect()
        };
        if intervals.is_empty() {
            return None;
        }
        let at_least = intervals.iter().map(|(share, i)| (micros(i.low_ms), 1.0 - share));
        let at_most =
            intervals.iter().filter_map(|(share, i)| Some((micros(i.high_ms?), 1.0 - share)));
        // Places of a distribution do not tell where each such user was last let in.
        let open = lag.intervals.iter().filter(|i| i.high_ms.is_none());
        let censored = open.map(|i| micros(i.low_ms)).collect();
        Some(Self {
            users: lag.users,
            at_least: Survival(at_least.collect()),
            at_most: Survival(at_most.collect()),
            censored,
        })
    }

    fn end(&self) -> f64 {
        let ends = self.at_least.0.iter().chain(&self.at_most.0).map(|(at, _)| *at);
        ends.chain(self.censored.iter().copied()).fold(0.0, f64::max)
    }
}

fn draw(
    input: &Input<'_>,
    theme: Theme,
    chart: &Chart,
    lag: &LagReport,
    (x_name, y_names): Axes,
) -> Option<Drawing> {
    let cohorts = [Some(lag), lag.quiet.as_deref()];
    let curves: Vec<(Curves, &LagReport, &'static str)> = cohorts
        .into_iter()
        .zip(y_names)
        .filter_map(|(lag, name)| Some((Curves::of(lag?)?, lag?, name)))
        .collect();
    let users: u64 = curves.iter().map(|(curves, ..)| curves.users).sum();
    let unseen: u64 = curves.iter().map(|(_, lag, _)| lag.unseen).sum();
    let end = curves.iter().map(|(curves, ..)| curves.end()).reduce(f64::max)?;
    let never = match unseen {
        0 => String::new(),
        n => format!(" ({} more never asked for again)", grouped(n)),
    };
    let figures = format!("n = {}{never}", counted(users, "user", "users"));
    let mut frame = Frame::new(chart, input, theme, &figures);
    legend(&mut frame, curves.iter().any(|(curves, ..)| !curves.censored.is_empty()));
    let x = Axis {
        name: x_name,
        unit: Unit::Micros,
        scale: Scale::Linear,
        from: 0.0,
        to: end.max(1_000.0) * 1.06,
    };
    let mut last = None;
    for (n, (curves, lag, name)) in curves.iter().enumerate() {
        frame.y += if n > 0 { 14.0 } else { 0.0 };
        let height = if n > 0 { 110.0 } else { 240.0 };
        let y = Axis { name, unit: Unit::Share, scale: Scale::Linear, from: 0.0, to: 1.0 };
        let panel = frame.panel(x.clone(), y, height);
        cohort(&mut frame, &panel, curves, lag);
        last = Some(panel);
    }
    frame.x_axis(&last?, "");
    Some(frame.finish())
}

fn legend(frame: &mut Frame, any_censored: bool) {
    let mut entries = vec![
        (Swatch::Line(AT_MOST), "at most".to_owned()),
        (Swatch::Line(AT_LEAST), "at least".to_owned()),
        (Swatch::Area((&HEAT_2).into()), "between them: what the probes cannot tell".to_owned()),
    ];
    if any_censored {
        entries.push((Swatch::Cross(&VERMILION), "not known when the run ended".to_owned()));
    }
    frame.legend(&entries);
}

/// One cohort's curves, its figures beside the name of the axis.
fn cohort(frame: &mut Frame, panel: &Panel, curves: &Curves, lag: &LagReport) {
    let bound = |name: &str, bounds: Option<LagBounds>| match bounds {
        Some(LagBounds { high_ms: Some(high), .. }) => format!("{name} ≤ {}", span(high)),
        Some(LagBounds { low_ms, .. }) => format!("{name} ≥ {}", span(low_ms)),
        None => format!("{name} unknown"),
    };
    let open = match lag.censored {
        0 => String::new(),
        n => format!(", {} to the end", grouped(n)),
    };
    let text = format!(
        "n = {}: {}, {}, {}{open}",
        grouped(curves.users),
        bound("p50", lag.p50),
        bound("p99", lag.p99),
        bound("max", lag.max)
    );
    frame.note(panel, &text);
    let (below, above) = (steps(panel, &curves.at_least), steps(panel, &curves.at_most));
    let between: Vec<Point> = above.iter().chain(below.iter().rev()).copied().collect();
    panel.draw(&Polygon::new(between, HEAT_2.filled()));
    panel.draw(&AT_LEAST.path(below));
    panel.draw(&AT_MOST.path(above));
    crosses(panel, curves);
    frame.baseline(panel);
    let places: Vec<f64> = (0..=PLACES).filter_map(|n| panel.x().unmap(n, (0, PLACES))).collect();
    let series = [("at most", &curves.at_most), ("at least", &curves.at_least)];
    let series = series.map(|(name, curve)| Series {
        name: name.to_owned(),
        unit: Unit::Share,
        values: places.iter().map(|at| Some(curve.at(*at))).collect(),
    });
    frame.hover(panel, false, places, series.into());
}

/// A curve as steps.
fn steps(panel: &Panel, curve: &Survival) -> Vec<Point> {
    let (mut corners, mut share) = (vec![(0.0, 1.0)], 1.0);
    for (at, next) in &curve.0 {
        match corners.last_mut() {
            // As fine as can be seen; what is nearer joins the step before.
            Some(last) if panel.at_x(*at) - panel.at_x(last.0) < FINE => last.1 = *next,
            _ => corners.extend([(*at, share), (*at, *next)]),
        }
        share = *next;
    }
    corners.push((panel.x().to, share));
    corners
}

/// A cross for each censored user, as long as they are told apart.
fn crosses(panel: &Panel, curves: &Curves) {
    let mut free = f64::MIN;
    for at in &curves.censored {
        let x = panel.at_x(*at);
        if x >= free {
            panel.draw(&cross((*at, curves.at_most.at(*at)), &VERMILION));
            free = x + MARK;
        }
    }
}
