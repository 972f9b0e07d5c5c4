//! Requests due, sent and done a second, and how many were in flight: whether the target kept up,
//! and whether the generator did.

use crate::report::course::{Column, Stretch};
use crate::units::grouped;

use super::axis::{Axis, Unit};
use super::elements::{extent, step_area, step_series};
use super::frame::{Frame, Swatch};
use super::hover::Series;
use super::marks::Marks;
use super::style::{BLUE, ORANGE, SLATE, Stroke, Theme, VERMILION, stroke};
use super::verdicts::COLUMNS;
use super::{Chart, Drawing, Input};

pub(super) const CHART: Chart = Chart {
    name: "rates",
    title: "Requests due, sent and done",
    about: "Requests a second that were due by the scenario, that were sent, and that were done. \
            Where done falls below due the target lags; where sent does, the generator or its \
            connections do. Below: the most requests in flight at the end of a second.",
    draw,
};

/// Name, look and count of one line.
type Line = (&'static str, Stroke, fn(&Stretch) -> u64);

/// Those drawn first lie below.
const LINES: [Line; 4] = [
    ("due", stroke(&SLATE, 5.0, ""), |stretch| stretch.due),
    ("sent", stroke(&ORANGE, 2.6, ""), |stretch| stretch.sent),
    ("done", stroke(&BLUE, 1.3, ""), |stretch| stretch.done),
    ("unsent", stroke(&VERMILION, 2.0, "3 2"), |stretch| stretch.unsent),
];

fn draw(input: &Input<'_>, theme: Theme) -> Option<Drawing> {
    let columns = input.course.columns(COLUMNS);
    let total = |count: fn(&Stretch) -> u64| -> u64 {
        columns.iter().map(|column| count(&column.sum)).sum()
    };
    let due = total(|stretch| stretch.due);
    if due == 0 {
        return None;
    }
    let figures = format!("n = {} requests due, warm-up included", grouped(due));
    let mut frame = Frame::new(&CHART, input, theme, &figures);
    let lines: Vec<&Line> =
        LINES.iter().filter(|(name, .., count)| *name != "unsent" || total(*count) > 0).collect();
    let entry = |(name, stroke, count): &&Line| {
        (Swatch::Line(*stroke), format!("{name} (n = {})", grouped(total(*count))))
    };
    frame.legend(&lines.iter().map(entry).collect::<Vec<_>>());
    let marks = Marks::of(input);
    frame.faults(&marks);
    let rate = |column: &Column, count: fn(&Stretch) -> u64| column.sum.rate(count(&column.sum));
    let largest = columns
        .iter()
        .flat_map(|column| lines.iter().map(|(.., count)| rate(column, *count)))
        .fold(0.0, f64::max);
    let axis = Axis::from_zero("requests", Unit::PerSecond, largest);
    let panel = frame.time_panel(&marks, axis, 210.0);
    for (_, stroke, count) in &lines {
        panel.draw_series(step_series(&columns, |column| Some(rate(column, *count)), *stroke));
    }
    frame.close_time_panel(&marks, &panel);
    let at: Vec<f64> = columns.iter().map(|column| extent(column).0).collect();
    let series = lines.iter().map(|(name, .., count)| Series {
        name: (*name).to_owned(),
        unit: Unit::PerSecond,
        values: columns.iter().map(|column| Some(rate(column, *count))).collect(),
    });
    frame.hover(&panel, true, at.clone(), series.collect());
    frame.y += 10.0;
    let in_flight = |column: &Column| column.sum.in_flight as f64;
    let most = columns.iter().map(in_flight).fold(0.0, f64::max);
    let axis = Axis::from_zero("requests in flight", Unit::Count, most.max(4.0));
    let panel = frame.time_panel(&marks, axis, 90.0);
    panel.draw(&step_area(&columns, in_flight, &SLATE));
    frame.close_time_panel(&marks, &panel);
    let values = columns.iter().map(|column| Some(in_flight(column))).collect();
    let series = Series { name: "in flight".to_owned(), unit: Unit::Count, values };
    frame.hover(&panel, true, at, vec![series]);
    frame.time_axis(&marks, &panel);
    Some(frame.finish())
}
