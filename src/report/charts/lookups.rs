//! What reached the user store: lookups per request, how often the cache answered instead, and
//! where many entries ended at once.

use plotters::element::PathElement;
use plotters::style::Color as _;

use crate::report::course::Column;
use crate::report::model::Lookups;
use crate::report::wording::share;
use crate::units::grouped;

use super::axis::{Axis, Scale, Unit};
use super::elements::{extent, step_series, triangle};
use super::frame::{Frame, Swatch};
use super::hover::Series;
use super::marks::Marks;
use super::outline::PIXEL;
use super::style::{BLUE, GREEN, SLATE, Stroke, Theme, VERMILION, stroke};
use super::surface::{Panel, Point};
use super::verdicts::COLUMNS;
use super::{Chart, Drawing, Input};

pub(super) const CHART: Chart = Chart {
    name: "lookups",
    title: "Lookups in the user store",
    about: "Queries seen on the way to the store for each request sent, and the share of requests \
            that the gateway's cache answered. A triangle marks a second with more than twice the \
            usual lookups per request: a stampede. Green ticks stand one cache lifetime after a \
            fault's beginning or end, where entries that were made together end together.",
    draw,
};

/// A second with so many times the median's lookups per request is a stampede.
const STAMPEDE: f64 = 2.0;
/// Height of the ticks where entries end, in pixels.
const TICK: f64 = 14.0;
/// With fewer lookups per request than this, twice as many are still few.
const FEW: f64 = 0.05;
/// What the lines of a mean and of the most in a second look like.
const MEAN: Stroke = stroke(&BLUE, 2.0, "");
const PEAK: Stroke = stroke(&SLATE, 1.4, "3 2");

fn draw(input: &Input<'_>, theme: Theme) -> Option<Drawing> {
    let columns = input.course.columns(COLUMNS);
    let n: u64 = columns.iter().filter_map(|column| column.sum.lookups).sum();
    if columns.iter().all(|column| column.sum.lookups_per_request().is_none()) || n == 0 {
        return None;
    }
    let requests: u64 = columns.iter().map(|column| column.sum.sent).sum();
    let of_run = input.report.lookups.unwrap_or_default();
    let hit_share = of_run.cache_hit_share;
    let told = hit_share.map(|hits| format!(", cache hits {}", share(hits))).unwrap_or_default();
    let figures = format!("n = {} lookups for {} requests{told}", grouped(n), grouped(requests));
    let mut frame = Frame::new(&CHART, input, theme, &figures);
    let marks = Marks::of(input);
    let edges = lifetimes(&marks, &of_run);
    let stampedes = stampedes(&columns);
    let mut legend = vec![(Swatch::Line(MEAN), "lookups per request".to_owned())];
    if columns.iter().any(|column| column.sum.seconds > 1) {
        legend.push((Swatch::Line(PEAK), "the most in one second".to_owned()));
    }
    if !stampedes.is_empty() {
        legend.push((Swatch::Triangle(&VERMILION), "more than twice the median".to_owned()));
    }
    if let Some(ttl) = of_run.cache_ttl_s.filter(|_| !edges.is_empty()) {
        let text = format!("one cache lifetime ({ttl} s) after a fault began or ended");
        legend.push((Swatch::Tick(&GREEN), text));
    }
    frame.legend(&legend);
    frame.faults(&marks);
    let panel = per_request(&mut frame, &marks, &columns, (&edges, &stampedes));
    let last = hits(&mut frame, &marks, &columns).unwrap_or(panel);
    frame.time_axis(&marks, &last);
    Some(frame.finish())
}

/// When entries end that were made as a fault began or ended.
fn lifetimes(marks: &Marks, lookups: &Lookups) -> Vec<f64> {
    let Some(ttl) = lookups.cache_ttl_s else { return Vec::new() };
    let edges = marks.faults.iter().flat_map(|fault| [fault.from, fault.until]);
    let mut ends: Vec<f64> = edges.map(|at| at + ttl).filter(|at| *at < marks.end).collect();
    ends.sort_by(f64::total_cmp);
    ends.dedup_by(|a, b| (*a - *b).abs() < marks.end / 400.0);
    ends
}

/// Middles of the columns with a second of unusually many lookups.
fn stampedes(columns: &[Column]) -> Vec<Point> {
    let mut peaks: Vec<f64> = columns.iter().filter_map(|column| column.sum.lookups_peak).collect();
    peaks.sort_by(f64::total_cmp);
    let Some(median) = peaks.get(peaks.len() / 2).copied() else { return Vec::new() };
    let limit = (median * STAMPEDE).max(FEW);
    let beyond = columns.iter().filter_map(|column| {
        let peak = column.sum.lookups_peak.filter(|peak| *peak > limit)?;
        let (from, until) = extent(column);
        Some((f64::midpoint(from, until), peak))
    });
    beyond.collect()
}

fn per_request(
    frame: &mut Frame,
    marks: &Marks,
    columns: &[Column],
    (edges, stampedes): (&[f64], &[Point]),
) -> Panel {
    let mean = |column: &Column| column.sum.lookups_per_request();
    let peak = |column: &Column| column.sum.lookups_peak;
    let all = columns.iter().flat_map(|column| mean(column).into_iter().chain(peak(column)));
    // Room for the triangles.
    let top = all.fold(0.0, f64::max) * 1.08;
    let y = Axis::from_zero("lookups per request", Unit::Ratio, top);
    let panel = frame.time_panel(marks, y, 200.0);
    let edge = panel.rect().y;
    frame.sheet.draw_series(edges.iter().map(|at| {
        let x = panel.at_x(*at);
        PathElement::new([(x, edge), (x, edge + TICK)], GREEN.stroke_width(2 * PIXEL))
    }));
    panel.draw_series(step_series(columns, peak, PEAK));
    panel.draw_series(step_series(columns, mean, MEAN));
    let mut free = f64::MIN;
    for stampede in stampedes {
        let x = panel.at_x(stampede.0);
        if x >= free {
            panel.draw(&triangle(*stampede, 30, &VERMILION));
            free = x + 9.0;
        }
    }
    frame.close_time_panel(marks, &panel);
    let values = |name: &str, of: &dyn Fn(&Column) -> Option<f64>| Series {
        name: name.to_owned(),
        unit: Unit::Ratio,
        values: columns.iter().map(of).collect(),
    };
    let series = vec![values("lookups per request", &mean), values("most in one second", &peak)];
    frame.hover(&panel, true, columns.iter().map(|c| extent(c).0).collect(), series);
    panel
}

/// The share of requests that the cache answered; nothing where the target does not tell.
fn hits(frame: &mut Frame, marks: &Marks, columns: &[Column]) -> Option<Panel> {
    let of = |column: &Column| column.sum.cache_hit_share();
    columns.iter().find_map(of)?;
    frame.y += 10.0;
    let asked: u64 = columns.iter().filter_map(|column| column.sum.cache_asked).sum();
    let y = Axis {
        name: "requests that the gateway's cache answered",
        unit: Unit::Share,
        scale: Scale::Linear,
        from: 0.0,
        to: 1.0,
    };
    let panel = frame.time_panel(marks, y, 110.0);
    frame.note(&panel, &format!("n = {} requests that it was asked for", grouped(asked)));
    panel.draw_series(step_series(columns, of, MEAN));
    frame.close_time_panel(marks, &panel);
    let values = columns.iter().map(of).collect();
    let series = Series { name: "cache hits".to_owned(), unit: Unit::Share, values };
    frame.hover(&panel, true, columns.iter().map(|c| extent(c).0).collect(), vec![series]);
    Some(panel)
}
