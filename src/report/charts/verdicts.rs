//! Answers a second by verdict, with the faults behind them.
//!
//! Two plots share the time axis: all answers, and, on a scale of their own, those that are not
//! correct, which would be a hair's breadth in the first.

use crate::outcome::Verdict;
use crate::report::course::Column;
use crate::units::grouped;

use super::axis::{Axis, Unit};
use super::elements::{extent, step_area};
use super::frame::{Frame, Swatch};
use super::hover::Series;
use super::marks::Marks;
use super::style::{Fill, SILVER, SLATE, Texture, Theme, VERDICTS};
use super::surface::Panel;
use super::{Chart, Drawing, Input};

pub(super) const CHART: Chart = Chart {
    name: "verdicts",
    title: "Answers by verdict",
    about: "Answers a second, stacked by verdict: above all of them, below those that are not \
            correct, on a scale of their own. Bands are faults under way.",
    draw,
};

/// The most columns of a chart over time; longer runs are averaged over as many seconds as it
/// takes.
pub(super) const COLUMNS: usize = 600;

type Layer = (Verdict, Fill);

fn draw(input: &Input<'_>, theme: Theme) -> Option<Drawing> {
    if input.course.is_empty() {
        return None;
    }
    let columns = input.course.columns(COLUMNS);
    let total = |verdict: Verdict| -> u64 {
        columns.iter().map(|column| column.sum.verdicts[verdict.index()]).sum()
    };
    let n: u64 = Verdict::ALL.into_iter().map(total).sum();
    let figures = format!("n = {} answers, warm-up included", grouped(n));
    let mut frame = Frame::new(&CHART, input, theme, &figures);
    let layers: Vec<Layer> =
        VERDICTS.into_iter().filter(|(verdict, _)| total(*verdict) > 0).collect();
    let entry = |(verdict, fill): &Layer| {
        let text = format!("{} (n = {})", verdict.name(), grouped(total(*verdict)));
        (Swatch::Area(*fill), text)
    };
    frame.legend(&layers.iter().map(entry).collect::<Vec<_>>());
    let marks = Marks::of(input);
    frame.faults(&marks);
    let mut panel = stack(&mut frame, &marks, "answers", &layers, &columns, 220.0);
    let wrong: Vec<Layer> =
        layers.into_iter().filter(|(verdict, _)| !verdict.is_correct()).collect();
    if !wrong.is_empty() {
        frame.y += 10.0;
        panel = stack(&mut frame, &marks, "not correct", &wrong, &columns, 150.0);
    }
    panel = changes(&mut frame, &marks, &columns).unwrap_or(panel);
    frame.time_axis(&marks, &panel);
    Some(frame.finish())
}

/// Changes of users a second, as they were acknowledged; nothing where there were none.
fn changes(frame: &mut Frame, marks: &Marks, columns: &[Column]) -> Option<Panel> {
    let removed = |column: &Column| column.sum.rate(column.sum.removed);
    let all = |column: &Column| column.sum.rate(column.sum.removed + column.sum.added);
    let n = columns.iter().fold((0, 0), |(removed, added), column| {
        (removed + column.sum.removed, added + column.sum.added)
    });
    let most = columns.iter().map(all).fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    frame.y += 10.0;
    let axis = Axis::from_zero("users changed", Unit::PerSecond, most);
    let panel = frame.time_panel(marks, axis, 44.0);
    let text =
        format!("hatched: removed, n = {}; plain: added, n = {}", grouped(n.0), grouped(n.1));
    frame.note(&panel, &text);
    panel.draw(&step_area(columns, all, &SILVER));
    let hatched = Fill { ink: &SLATE, texture: Texture::Rising };
    panel.draw(&step_area(columns, removed, hatched));
    frame.close_time_panel(marks, &panel);
    let of = |name: &str, count: fn(&Column) -> u64| Series {
        name: name.to_owned(),
        unit: Unit::PerSecond,
        values: columns.iter().map(|column| Some(column.sum.rate(count(column)))).collect(),
    };
    let series = vec![of("removed", |c| c.sum.removed), of("added", |c| c.sum.added)];
    let at = columns.iter().map(|column| extent(column).0).collect();
    frame.hover(&panel, true, at, series);
    Some(panel)
}

fn stack(
    frame: &mut Frame,
    marks: &Marks,
    name: &'static str,
    layers: &[Layer],
    columns: &[Column],
    height: f64,
) -> Panel {
    // From the bottom up to a layer.
    let up_to = |column: &Column, most: usize| {
        let below = layers[..most].iter().map(|(v, _)| column.sum.verdicts[v.index()]);
        column.sum.rate(below.sum())
    };
    let top = columns.iter().map(|column| up_to(column, layers.len())).fold(0.0, f64::max);
    let panel = frame.time_panel(marks, Axis::from_zero(name, Unit::PerSecond, top), height);
    // Each layer covers those below it, so it is drawn down to the axis, the upper ones first.
    for (n, (_, fill)) in layers.iter().enumerate().rev() {
        panel.draw(&step_area(columns, |column| up_to(column, n + 1), *fill));
    }
    frame.close_time_panel(marks, &panel);
    let at = columns.iter().map(|column| extent(column).0).collect();
    let series = layers.iter().map(|(verdict, _)| Series {
        name: verdict.name().to_owned(),
        unit: Unit::PerSecond,
        values: columns
            .iter()
            .map(|column| Some(column.sum.rate(column.sum.verdicts[verdict.index()])))
            .collect(),
    });
    frame.hover(&panel, true, at, series.collect());
    panel
}
