//! How late the generator sent, and what it did not send: what the other charts may be believed by.

use crate::report::course::{Column, Stretch};
use crate::units::{counted, grouped};

use super::axis::{Axis, Unit, micros};
use super::elements::{extent, step_series};
use super::frame::{Frame, Swatch};
use super::hover::Series;
use super::marks::Marks;
use super::style::{BLUE, ORANGE, SLATE, Stroke, Theme, VERMILION, stroke};
use super::verdicts::COLUMNS;
use super::{Chart, Drawing, Input};

pub(super) const CHART: Chart = Chart {
    name: "send-lag",
    title: "Send lag: how late the generator was",
    about: "From the instant a request was due until it was sent: the 99th percentile and the \
            largest of a second. A run whose generator lags measures itself. Below: requests a \
            second that had to wait because every connection was busy, and those never sent.",
    draw,
};

type Line = (&'static str, Stroke, fn(&Stretch) -> Option<u64>);

const LAGS: [Line; 2] = [
    ("largest", stroke(&SLATE, 1.8, "3 2"), |stretch| stretch.send_lag_max_us),
    ("p99", stroke(&BLUE, 1.8, ""), |stretch| stretch.send_lag_p99_us),
];

const HELD_UP: [Line; 2] = [
    ("waited for a connection", stroke(&ORANGE, 1.8, ""), |stretch| Some(stretch.waited)),
    ("never sent", stroke(&VERMILION, 1.8, "3 2"), |stretch| Some(stretch.unsent)),
];

fn draw(input: &Input<'_>, theme: Theme) -> Option<Drawing> {
    let columns = input.course.columns(COLUMNS);
    let lags = columns.iter().flat_map(|column| LAGS.iter().filter_map(|l| (l.2)(&column.sum)));
    let (least, largest) = lags.fold((u64::MAX, 0), |(a, b), lag| (a.min(lag), b.max(lag)));
    if least == u64::MAX {
        return None;
    }
    let report = input.report;
    let validity = match (report.valid, report.reasons.len() as u64) {
        _ if report.partial => String::new(),
        (true, _) => " · the run is valid".to_owned(),
        (false, n) => format!(" · the run is INVALID, for {}", counted(n, "reason", "reasons")),
    };
    let sent: u64 = columns.iter().map(|column| column.sum.sent).sum();
    let figures = format!("n = {} requests sent, warm-up included{validity}", grouped(sent));
    let mut frame = Frame::new(&CHART, input, theme, &figures);
    let of_run = report.send_lag;
    let own = format!(
        " (p99 {} over the run, {} without waits for a connection)",
        micros(of_run.p99 as f64),
        micros(report.own_lag.p99 as f64)
    );
    let held_up: Vec<&Line> = HELD_UP
        .iter()
        .filter(|line| columns.iter().any(|column| (line.2)(&column.sum) > Some(0)))
        .collect();
    let entry = |(name, stroke, _): &Line| {
        let text = if *name == "p99" && of_run.count > 0 { &own } else { "" };
        (Swatch::Line(*stroke), format!("{name}{text}"))
    };
    let entries = LAGS.iter().chain(held_up.iter().copied()).map(entry);
    frame.legend(&entries.collect::<Vec<_>>());
    let marks = Marks::of(input);
    frame.faults(&marks);
    let axis = Axis::micros("send lag", least as f64, largest as f64);
    let value = |line: &Line, column: &Column| (line.2)(&column.sum).map(|value| value as f64);
    let at: Vec<f64> = columns.iter().map(|column| extent(column).0).collect();
    let mut panel = frame.time_panel(&marks, axis, 190.0);
    for line in &LAGS {
        panel.draw_series(step_series(&columns, |column| value(line, column), line.1));
    }
    frame.close_time_panel(&marks, &panel);
    let series = LAGS.iter().map(|line| Series {
        name: line.0.to_owned(),
        unit: Unit::Micros,
        values: columns.iter().map(|column| value(line, column)).collect(),
    });
    frame.hover(&panel, true, at.clone(), series.collect());
    if !held_up.is_empty() {
        frame.y += 10.0;
        let rate =
            |line: &Line, column: &Column| column.sum.rate((line.2)(&column.sum).unwrap_or(0));
        let all = columns.iter().flat_map(|column| held_up.iter().map(|line| rate(line, column)));
        let axis = Axis::from_zero("held up", Unit::PerSecond, all.fold(0.0, f64::max));
        panel = frame.time_panel(&marks, axis, 100.0);
        for line in &held_up {
            panel.draw_series(step_series(&columns, |column| Some(rate(line, column)), line.1));
        }
        frame.close_time_panel(&marks, &panel);
        let series = held_up.iter().map(|line| Series {
            name: line.0.to_owned(),
            unit: Unit::PerSecond,
            values: columns.iter().map(|column| Some(rate(line, column))).collect(),
        });
        frame.hover(&panel, true, at, series.collect());
    }
    frame.time_axis(&marks, &panel);
    Some(frame.finish())
}
