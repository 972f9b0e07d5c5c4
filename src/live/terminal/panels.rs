//! The panels: each a titled part of the picture.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph, Sparkline, SparklineBar};

use super::figures::{HEADS, columns, cut, rate, seconds};
use super::state::State;
use crate::live::moment::{Point, Standing};
use crate::measure::LatencyKind;
use crate::outcome::Verdict;
use crate::report::model::FaultReport;
use crate::report::wording::{hits, micros, percent};
use crate::report::{ActiveFault, Step};
use crate::units::grouped;

/// Draws a panel's title, as a rule; gives the room below it.
pub fn titled(frame: &mut Frame<'_>, area: Rect, state: &State, title: &str) -> Rect {
    let title = Line::styled(format!("{title} "), state.palette.strong());
    let block = Block::new().borders(Borders::TOP).border_style(state.palette.faint()).title(title);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    inside
}

/// How far the load is, with the starts of its phases; before it, how far the tokens are.
pub fn progress(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let width = usize::from(area.width);
    let Some(standing) = &state.moment.standing else {
        let share = match state.moment.step {
            Some(Step::Minting { done, total }) if total > 0 => done as f64 / total as f64,
            _ => 0.0,
        };
        let filled = (share * width as f64).round() as usize;
        let bar = ["━".repeat(filled), "─".repeat(width.saturating_sub(filled))];
        let [done, left] = bar;
        let spans =
            [Span::styled(done, state.palette.bar()), Span::styled(left, state.palette.faint())];
        return frame.render_widget(Line::from(spans.to_vec()), area);
    };
    let length = standing.length.as_secs_f64().max(1e-9);
    let column = |at: f64| (at / length * width as f64).round() as usize;
    let done = column(standing.elapsed.as_secs_f64()).min(width);
    let starts: Vec<usize> =
        standing.report.phases.iter().skip(1).map(|phase| column(phase.at)).collect();
    // More marks than there is room to tell apart say nothing.
    let marks = if starts.len() * 4 > width { &[][..] } else { &starts[..] };
    let cells = (0..width).map(|at| match (marks.contains(&at), at < done) {
        (true, true) => Span::styled("┿", state.palette.bar()),
        (true, false) => Span::styled("┼", state.palette.faint()),
        (false, true) => Span::styled("━", state.palette.bar()),
        (false, false) => Span::styled("─", state.palette.faint()),
    });
    frame.render_widget(cells.collect::<Line<'_>>(), area);
}

/// What was asked of the generator, and what it did.
pub fn rates(frame: &mut Frame<'_>, area: Rect, state: &State, standing: &Standing) {
    let inside = titled(frame, area, state, "Rates");
    let row = &standing.row;
    let line = |name: &str, now: u64, all: u64| {
        Line::from(vec![
            Span::styled(format!("{name:<8}"), state.palette.faint()),
            Span::raw(format!("{:>9}", rate(now))),
            Span::styled(format!("{:>13}", grouped(all)), state.palette.faint()),
        ])
    };
    let lines = vec![
        line("offered", row.due, standing.due),
        line("sent", row.sent, standing.sent),
        line("done", row.done, standing.done),
    ];
    frame.render_widget(Paragraph::new(lines), inside);
}

/// Response times of the last second and of all, and the generator's own lag.
pub fn percentiles(frame: &mut Frame<'_>, area: Rect, state: &State, standing: &Standing) {
    let lag = standing.row.send_lag_p99_us.map_or_else(|| "-".to_owned(), micros);
    let (in_flight, unsent) = (grouped(standing.row.in_flight), grouped(standing.row.unsent));
    let title = if area.width >= 60 {
        format!("Response time   in flight {in_flight}, unsent {unsent}, send lag p99 {lag}")
    } else {
        format!("Response   {in_flight} in flight, lag {lag}")
    };
    let inside =
        titled(frame, area, state, &cut(&title, usize::from(area.width).saturating_sub(1)));
    let name = 8;
    let column = (usize::from(inside.width).saturating_sub(name) / HEADS.len()).clamp(7, 12);
    let row = |title: &str, cells: [String; 5]| {
        let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:>column$}")).collect();
        let cells = cells.concat();
        (Span::styled(format!("{title:<name$}"), state.palette.faint()), cells)
    };
    let (title, heads) = row("", HEADS.map(str::to_owned));
    let mut lines = vec![Line::from(vec![title, Span::styled(heads, state.palette.faint())])];
    let now = standing.now.map(Into::into);
    let overall = standing.report.overall(LatencyKind::Response);
    for (title, times) in [("now", now), ("overall", overall)] {
        let (title, cells) = row(title, columns(times));
        lines.push(Line::from(vec![title, Span::raw(cells)]));
    }
    frame.render_widget(Paragraph::new(lines), inside);
}

/// The verdicts that occurred, those that need a look first.
pub fn verdict_rows(standing: &Standing) -> Vec<(Verdict, u64)> {
    let counted = Verdict::ALL.into_iter().zip(standing.verdicts).filter(|(_, count)| *count > 0);
    let mut rows: Vec<(Verdict, u64)> = counted.collect();
    rows.sort_by_key(|(verdict, _)| is_usual(*verdict));
    rows
}

fn is_usual(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::CorrectAccept | Verdict::CorrectReject | Verdict::Grey)
}

/// Counts, shares and rates of verdicts.
pub fn verdicts(frame: &mut Frame<'_>, area: Rect, state: &State, standing: &Standing) {
    let inside = titled(frame, area, state, "Verdicts");
    let lines: Vec<Line<'_>> = verdict_rows(standing)
        .into_iter()
        .map(|(verdict, count)| {
            let now = standing.row.verdicts[verdict.index()];
            let mark = if is_usual(verdict) { ' ' } else { '!' };
            Line::from(vec![
                Span::styled(
                    format!("{mark} {:<14}{:>10}", verdict.name(), grouped(count)),
                    state.palette.verdict(verdict),
                ),
                Span::raw(format!("{:>7}", percent(count, standing.done))),
                Span::styled(format!("{:>9}", rate(now)), state.palette.faint()),
            ])
        })
        .collect();
    frame.render_widget(Paragraph::new(lines), inside);
}

/// How long a fault still goes on.
pub fn time_left(fault: &ActiveFault, now: Duration) -> String {
    match fault.until {
        _ if fault.over => "ended".to_owned(),
        None => "at an instant".to_owned(),
        Some(until) => format!("{} s left", seconds(until.saturating_sub(now))),
    }
}

/// The faults under way, and below them those that are over.
pub fn faults(frame: &mut Frame<'_>, area: Rect, state: &State, standing: &Standing) {
    let inside = titled(frame, area, state, "Faults");
    let width = usize::from(inside.width);
    let mut lines: Vec<Line<'_>> = Vec::new();
    for fault in standing.faults.iter().filter(|fault| !fault.over) {
        let head = format!("▶ {}", fault.name);
        let left = format!("  {}", time_left(fault, standing.elapsed));
        let hits = hits(fault.hits, fault.hit_unit);
        let taken = head.chars().count() + left.chars().count();
        let mut head = vec![
            Span::styled(head, state.palette.fault()),
            Span::styled(left, state.palette.strong()),
        ];
        let text = Some(fault.text.as_str()).filter(|text| *text != fault.kind);
        // Where there is no room for the hits beside the name they begin the line below.
        let below = if taken + 2 + hits.chars().count() <= width {
            head.push(Span::styled(format!("  {hits}"), state.palette.faint()));
            text.map(str::to_owned)
        } else {
            Some(text.map_or_else(|| hits.clone(), |text| format!("{hits}: {text}")))
        };
        lines.push(Line::from(head));
        lines.extend(
            below.map(|below| {
                Line::styled(cut(&format!("  {below}"), width), state.palette.faint())
            }),
        );
    }
    if lines.is_empty() {
        lines.push(Line::styled("none under way", state.palette.faint()));
    }
    let under_way =
        |report: &FaultReport| standing.faults.iter().any(|fault| !fault.over && fault.is(report));
    let told = standing.report.faults.iter().zip(standing.report.fault_names());
    let over: Vec<_> = told.filter(|(report, _)| !under_way(report)).collect();
    for (report, name) in over.into_iter().rev() {
        let hits = hits(report.hits, &report.hit_unit);
        let text = format!("· {name} at {:.0} s, {hits} hit", report.at);
        lines.push(Line::styled(cut(&text, width), state.palette.faint()));
    }
    frame.render_widget(Paragraph::new(lines), inside);
}

/// One of a second's times, in microseconds.
type TimeOf = fn(&Point) -> Option<u64>;

/// Columns of the names beside the bars.
const NAME: u16 = 4;

/// Response times of the last minutes, on a logarithmic scale; seconds with a fault stand out.
pub fn course(frame: &mut Frame<'_>, area: Rect, state: &State, standing: &Standing) {
    let width = usize::from(area.width.saturating_sub(NAME));
    let points = &standing.recent[standing.recent.len().saturating_sub(width)..];
    let times: [(&str, TimeOf); 2] = [("p99", |point| point.p99_us), ("p50", |point| point.p50_us)];
    let all = || points.iter().flat_map(|point| [point.p99_us, point.p50_us]).flatten();
    let range = (all().min().unwrap_or(1), all().max().unwrap_or(1));
    let title = format!(
        "Last {} s of response time, {} to {}, logarithmic",
        points.len(),
        micros(range.0),
        micros(range.1)
    );
    let inside =
        titled(frame, area, state, &cut(&title, usize::from(area.width).saturating_sub(1)));
    let rows: [Rect; 2] =
        Layout::vertical([Constraint::Fill(1), Constraint::Fill(1)]).areas(inside);
    for (row, (name, of)) in rows.into_iter().zip(times) {
        let [head, bars] =
            Layout::horizontal([Constraint::Length(NAME), Constraint::Fill(1)]).areas(row);
        frame.render_widget(Line::styled(name, state.palette.faint()), head);
        let bar = |point: &Point| {
            let colour = if point.faulted { state.palette.fault() } else { state.palette.bar() };
            SparklineBar::from(of(point).map(|us| height(us, range))).style(colour)
        };
        let line = Sparkline::default()
            .data(points.iter().map(bar))
            .max(TOP)
            .absent_value_symbol(" ")
            .absent_value_style(state.palette.faint());
        frame.render_widget(line, bars);
    }
}

/// The height of the largest bar; the smallest still shows.
const TOP: u64 = 1_000;

fn height(us: u64, (low, high): (u64, u64)) -> u64 {
    let log = |us: u64| (us.max(1) as f64).ln();
    let span = log(high) - log(low);
    let share = if span > 0.0 { (log(us) - log(low)) / span } else { 1.0 };
    let least = TOP as f64 / 12.0;
    (least + share * (TOP as f64 - least)).round() as u64
}
