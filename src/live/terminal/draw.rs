//! The whole picture: which panels there is room for, and where they stand.

use ratatui::Frame;
use ratatui::layout::{Constraint, Flex, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::figures::{cut, rate, seconds};
use super::panels;
use super::state::State;
use super::words;
use crate::live::moment::{Moment, Standing};
use crate::report::Step;
use crate::report::wording::micros;
use crate::units::grouped;

/// Below either of these there is room for lines alone.
const LEAST: (u16, u16) = (76, 18);

/// Columns that every figure of rates and of verdicts has room in.
const RATES: u16 = 30;
const VERDICTS: u16 = 42;

/// From here on findings and log stand beside each other.
const WIDE: u16 = 100;

/// Draws what the state holds.
pub fn draw(frame: &mut Frame<'_>, state: &State) {
    let area = frame.area();
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(2), Constraint::Fill(1), Constraint::Length(1)])
            .areas(area);
    header(frame, head, state);
    match &state.moment.standing {
        None => waiting(frame, body, state),
        Some(standing) if area.width < LEAST.0 || area.height < LEAST.1 => {
            small(frame, body, state, standing);
        }
        Some(standing) => whole(frame, body, state, standing),
    }
    footer(frame, foot, state);
    if state.shows_help {
        help(frame, area, state);
    }
}

fn whole(frame: &mut Frame<'_>, area: Rect, state: &State, standing: &Standing) {
    let roomy = area.height >= 30;
    let verdicts = panels::verdict_rows(standing).len() as u16 + 1;
    let most_verdicts = match area.height {
        30.. => 12,
        20.. => 7,
        _ => 5,
    };
    let verdicts = verdicts.clamp(5, most_verdicts);
    // Words have a title, a finding and an entry at least.
    let left = area.height.saturating_sub(4 + verdicts + 3);
    let [figures, counts, times, rest] = Layout::vertical([
        Constraint::Length(4),
        Constraint::Length(verdicts),
        Constraint::Length(left.min(if roomy { 9 } else { 5 })),
        Constraint::Fill(1),
    ])
    .areas(area);
    let beside = |area: Rect, columns: u16| {
        Layout::horizontal([Constraint::Length(columns), Constraint::Fill(1)])
            .spacing(1)
            .areas(area)
    };
    let [rates, percentiles] =
        beside(figures, (area.width / 100 * 38 + area.width % 100 * 38 / 100).max(RATES));
    panels::rates(frame, rates, state, standing);
    panels::percentiles(frame, percentiles, state, standing);
    let [counts, faults] = beside(counts, (area.width / 2).max(VERDICTS));
    panels::verdicts(frame, counts, state, standing);
    panels::faults(frame, faults, state, standing);
    panels::course(frame, times, state, standing);
    if area.width >= WIDE {
        let [findings, log] =
            Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]).spacing(1).areas(rest);
        words::findings(frame, findings, state, standing);
        words::log(frame, log, state);
    } else {
        words::findings_and_log(frame, rest, state, standing);
    }
}

/// Lines alone, the most telling first.
fn small(frame: &mut Frame<'_>, area: Rect, state: &State, standing: &Standing) {
    let (palette, row) = (state.palette, &standing.row);
    let width = usize::from(area.width);
    let time = |us: Option<u64>| us.map_or_else(|| "-".to_owned(), micros);
    let mut lines = vec![
        Line::raw(format!("sent {}  done {}", rate(row.sent), rate(row.done))),
        Line::raw(format!("p50 {}  p99 {}", time(row.response_p50_us), time(row.response_p99_us))),
    ];
    for fault in &standing.faults {
        let text = format!("{}: {}", fault.name, panels::time_left(fault, standing.elapsed));
        lines.push(Line::styled(cut(&text, width), palette.fault()));
    }
    for (verdict, count) in panels::verdict_rows(standing) {
        let text = format!("{:<15} {:>10}", verdict.name(), grouped(count));
        lines.push(Line::styled(cut(&text, width), palette.verdict(verdict)));
    }
    let left = usize::from(area.height).saturating_sub(lines.len());
    lines.extend(words::finding_lines(state, standing, width, left));
    frame.render_widget(Paragraph::new(lines), area);
}

/// Before the load.
fn waiting(frame: &mut Frame<'_>, area: Rect, state: &State) {
    words::log(frame, area, state);
}

fn header(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let [title, bar] = Layout::vertical([Constraint::Length(1); 2]).areas(area);
    let (name, standing) = (scenario(&state.moment), stands(&state.moment));
    let width = usize::from(area.width);
    let room = width.saturating_sub(standing.chars().count() + 1);
    let left = Line::from(vec![
        Span::styled("substorm", state.palette.faint()),
        Span::raw(" "),
        Span::styled(cut(&name, room.saturating_sub(9)), state.palette.strong()),
    ]);
    frame.render_widget(left, title);
    frame.render_widget(Line::raw(standing).right_aligned(), title);
    panels::progress(frame, bar, state);
}

fn scenario(moment: &Moment) -> String {
    let Some(standing) = &moment.standing else { return String::new() };
    format!("{}  seed {}", standing.report.scenario, standing.report.seed)
}

/// How far the run is, in a few words.
fn stands(moment: &Moment) -> String {
    if let Some(standing) = &moment.standing {
        let phase = match standing.row.phase.as_str() {
            "" => "drain",
            name => name,
        };
        let (now, all) = (seconds(standing.elapsed), seconds(standing.length));
        return format!("{} {now}/{all} s", cut(phase, 24));
    }
    match moment.step {
        None => "preparing".to_owned(),
        Some(Step::Minting { done, total }) => {
            format!("minting {} of {} tokens", grouped(done), grouped(total))
        }
        Some(step) => crate::live::feed::step_text(&step),
    }
}

fn footer(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let width = usize::from(area.width);
    let addresses = &state.moment.addresses[..];
    let columns = |text: &str| text.chars().count();
    let long = "q end the run   p pause   ? help";
    let all = addresses.iter().map(|address| columns(address) + 2).sum::<usize>();
    // Addresses are of no use when cut; keys are known by their letters.
    let keys = if columns(long) + all > width { "q end  p pause  ? help" } else { long };
    let (text, style) = match state.asked_to_end {
        0 if state.is_paused => {
            ("paused, the run goes on   p go on   ? help", state.palette.doubt())
        }
        0 => (keys, state.palette.faint()),
        1 => ("ending: waiting for answers   q give up waiting", state.palette.doubt()),
        _ => ("giving up: ending faults, undoing changes", state.palette.bad()),
    };
    frame.render_widget(Line::styled(cut(text, width), style), area);
    let mut shown = String::new();
    for address in addresses {
        let gaps = if shown.is_empty() { 2 } else { 4 };
        if columns(text) + columns(&shown) + columns(address) + gaps > width {
            break;
        }
        shown = if shown.is_empty() { address.clone() } else { format!("{shown}  {address}") };
    }
    if !shown.is_empty() {
        let [_, right] =
            Layout::horizontal([Constraint::Fill(1), Constraint::Length(columns(&shown) as u16)])
                .areas(area);
        frame.render_widget(Line::raw(shown), right);
    }
}

fn help(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let lines = [
        "q, Ctrl-C  end the run: send no",
        "           more, wait, judge;",
        "           again: do not wait",
        "p, space   let the view stand",
        "           still, or go on",
        "?, h, Esc  this help, and back",
    ];
    let mut lines: Vec<Line<'_>> = lines.into_iter().map(Line::raw).collect();
    if state.missed > 0 {
        let missed = format!("{} updates were not drawn", grouped(state.missed));
        lines.push(Line::styled(missed, state.palette.faint()));
    }
    let [row] = Layout::vertical([Constraint::Length(lines.len() as u16 + 2)])
        .flex(Flex::Center)
        .areas(area);
    let [inside] = Layout::horizontal([Constraint::Max(36)]).flex(Flex::Center).areas(row);
    frame.render_widget(Clear, inside);
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" Keys ")), inside);
}
