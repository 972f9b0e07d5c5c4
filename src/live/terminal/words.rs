//! The panels of words: findings and the log. A text that is longer than a row takes more of them
//! where rows are left over, and is cut where there are none.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::figures::{cut, seconds};
use super::panels::titled;
use super::state::State;
use crate::live::moment::{EntryKind, Standing};
use crate::report::model::Severity;

/// A text with a mark before it.
struct Passage {
    mark: String,
    mark_style: Style,
    text: String,
    style: Style,
}

/// Who gets the rows that are left over first.
#[derive(Clone, Copy)]
enum First {
    /// The one above all others.
    Top,
    /// The one below all others.
    Bottom,
}

/// What the figures come to so far, the most serious first, a row each at least.
pub fn finding_lines(
    state: &State,
    standing: &Standing,
    width: usize,
    height: usize,
) -> Vec<Line<'static>> {
    laid_out(&findings_of(state, standing), width, height, First::Top)
}

/// The findings in a panel of their own.
pub fn findings(frame: &mut Frame<'_>, area: Rect, state: &State, standing: &Standing) {
    let inside = titled(frame, area, state, "Findings so far");
    let (width, height) = (usize::from(inside.width), usize::from(inside.height));
    frame.render_widget(Paragraph::new(finding_lines(state, standing, width, height)), inside);
}

/// What happened, the newest last.
pub fn log(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let inside = titled(frame, area, state, "Log");
    let lines = log_lines(state, usize::from(inside.width), usize::from(inside.height));
    frame.render_widget(Paragraph::new(lines), inside);
}

/// Findings, and below them as much of the log as there is room for.
pub fn findings_and_log(frame: &mut Frame<'_>, area: Rect, state: &State, standing: &Standing) {
    let inside = titled(frame, area, state, "Findings so far, and log");
    let (width, height) = (usize::from(inside.width), usize::from(inside.height));
    let mut found = findings_of(state, standing);
    // Where there is one row alone, it is a finding's.
    let entries = height.div_ceil(3).min(height.saturating_sub(1)).min(state.moment.log.len());
    found.truncate(height - entries);
    let entries = state.moment.log.len().min(height - found.len());
    let mut lines = laid_out(&found, width, height - entries, First::Top);
    let left = height.saturating_sub(lines.len());
    lines.extend(log_lines(state, width, left));
    frame.render_widget(Paragraph::new(lines), inside);
}

fn findings_of(state: &State, standing: &Standing) -> Vec<Passage> {
    let mut findings: Vec<_> = standing.report.findings.iter().collect();
    findings.sort_by_key(|finding| finding.severity);
    let passage = |finding: &crate::report::model::Finding| {
        let mark = match finding.severity {
            Severity::Critical => "!! ",
            Severity::Wrong => " ! ",
            Severity::Doubt => " ? ",
            Severity::Note => " · ",
            Severity::Good => " ✓ ",
        };
        let style = state.palette.severity(finding.severity);
        Passage { mark: mark.to_owned(), mark_style: style, text: finding.text(), style }
    };
    findings.into_iter().map(passage).collect()
}

fn log_lines(state: &State, width: usize, height: usize) -> Vec<Line<'static>> {
    let log = &state.moment.log;
    let passages: Vec<Passage> = log[log.len().saturating_sub(height)..]
        .iter()
        .map(|entry| {
            let at = entry.at.map_or_else(String::new, |at| format!("{} s", seconds(at)));
            let style = match entry.kind {
                EntryKind::FaultBegan | EntryKind::FaultEnded => state.palette.fault(),
                EntryKind::Step | EntryKind::Remark | EntryKind::Phase => Style::new(),
            };
            Passage {
                mark: format!("{at:>6}  "),
                mark_style: state.palette.faint(),
                text: entry.text.clone(),
                style,
            }
        })
        .collect();
    laid_out(&passages, width, height, First::Bottom)
}

/// The passages in rows: one each, and more for long ones as far as the height allows.
fn laid_out(passages: &[Passage], width: usize, height: usize, first: First) -> Vec<Line<'static>> {
    let mut spare = height.saturating_sub(passages.len());
    let mut rows: Vec<Vec<String>> = vec![Vec::new(); passages.len()];
    let mut fill = |at: usize| {
        let room = width.saturating_sub(passages[at].mark.chars().count());
        rows[at] = wrapped(&passages[at].text, room, spare + 1);
        spare = spare.saturating_sub(rows[at].len() - 1);
    };
    match first {
        First::Top => (0..passages.len()).for_each(&mut fill),
        First::Bottom => (0..passages.len()).rev().for_each(&mut fill),
    }
    let mut lines = Vec::new();
    for (passage, rows) in passages.iter().zip(rows) {
        for (n, row) in rows.into_iter().enumerate() {
            let indent = " ".repeat(passage.mark.chars().count());
            let mark = if n == 0 { passage.mark.clone() } else { indent };
            lines.push(Line::from(vec![
                Span::styled(mark, passage.mark_style),
                Span::styled(row, passage.style),
            ]));
        }
    }
    lines
}

/// The text in so many rows at most and one at least, parted between words; `…` stands for what
/// there is no room for.
fn wrapped(text: &str, columns: usize, most: usize) -> Vec<String> {
    let mut rows = Vec::new();
    let mut rest = text;
    while columns > 0 && rows.len() + 1 < most {
        let Some((end, _)) = rest.char_indices().nth(columns) else { break };
        // A blank may stand in the column after the last.
        let blank = rest.char_indices().take(columns + 1).filter(|(_, c)| *c == ' ').last();
        let at = blank.map_or(end, |(at, _)| at);
        let at = if at == 0 { end } else { at };
        rows.push(rest[..at].to_owned());
        rest = rest[at..].trim_start();
    }
    rows.push(cut(rest, columns));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_parted_between_words_and_cut_where_it_must_be() {
        assert_eq!(wrapped("one two three", 7, 9), ["one two", "three"]);
        assert_eq!(wrapped("one two three", 6, 9), ["one", "two", "three"]);
        assert_eq!(wrapped("one two three", 7, 1), ["one tw…"]);
        assert_eq!(wrapped("one two three four", 7, 2), ["one two", "three …"]);
        assert_eq!(wrapped("µµµµµ µ", 2, 9), ["µµ", "µµ", "µ", "µ"]);
        assert_eq!(wrapped("", 5, 3), [""]);
        assert_eq!(wrapped("one", 0, 3), ["…"]);
    }

    #[test]
    fn rows_that_are_left_over_go_to_the_one_that_is_first() {
        let passage = |text: &str| Passage {
            mark: "- ".to_owned(),
            mark_style: Style::new(),
            text: text.to_owned(),
            style: Style::new(),
        };
        let passages = [passage("one two"), passage("six ten")];
        let drawn = |height, first| -> Vec<String> {
            laid_out(&passages, 5, height, first).iter().map(ToString::to_string).collect()
        };
        assert_eq!(drawn(2, First::Top), ["- on…", "- si…"]);
        assert_eq!(drawn(3, First::Top), ["- one", "  two", "- si…"]);
        assert_eq!(drawn(3, First::Bottom), ["- on…", "- six", "  ten"]);
        assert_eq!(drawn(9, First::Bottom), ["- one", "  two", "- six", "  ten"]);
    }
}
