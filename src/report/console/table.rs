//! Aligned tables, and texts that fit.

use std::fmt::Write as _;

use super::super::visible::visible;
use super::paint::{Colour, Style};
use super::{WIDTH, part};

/// One cell: its text, and its colour.
pub(super) type Cell = (String, Colour);

/// A cell in the screen's own colour.
pub(super) fn plain(text: impl Into<String>) -> Cell {
    (text.into(), Colour::Plain)
}

/// A table whose first column is aligned left and all others right.
pub(super) struct Table {
    title: String,
    columns: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
    most: usize,
    gap: usize,
}

impl Table {
    /// A table of at most `most` rows; `title` stands above the first column.
    pub(super) fn new(title: &str, columns: &[&'static str], most: usize) -> Self {
        Self { title: title.to_owned(), columns: columns.to_vec(), rows: Vec::new(), most, gap: 2 }
    }

    /// Adds a row: one cell a column, the first column's included.
    pub(super) fn row(&mut self, cells: Vec<Cell>) {
        let shown = |(text, colour): Cell| (visible(&text).into_owned(), colour);
        self.rows.push(cells.into_iter().map(shown).collect());
    }

    /// Adds the table, unless it has no rows.
    pub(super) fn draw(&self, style: Style, lines: &mut Vec<String>) {
        if self.rows.is_empty() {
            return;
        }
        let shown = &self.rows[..self.rows.len().min(self.most)];
        let widths: Vec<usize> = (0..=self.columns.len())
            .map(|n| {
                let head = if n == 0 { self.title.as_str() } else { self.columns[n - 1] };
                let cells = shown.iter().filter_map(|row| row.get(n)).map(|cell| columns(&cell.0));
                cells.max().unwrap_or(0).max(columns(head))
            })
            .collect();
        // Rows are set in by two, the title is not.
        let first = widths[0].max(columns(&self.title).saturating_sub(2));
        let spare = WIDTH.saturating_sub(2 + first + widths[1..].iter().sum::<usize>());
        let gap = self.gap.min(spare / self.columns.len().max(1)).max(1);
        let mut head = format!("{:<1$}", self.title, first + 2);
        for (name, width) in self.columns.iter().zip(&widths[1..]) {
            // Writing to a string cannot fail.
            let _ = write!(head, "{:1$}{name:>2$}", "", gap, *width);
        }
        part(lines, style, head.trim_end());
        for row in shown {
            let mut line = "  ".to_owned();
            for (n, (text, colour)) in row.iter().enumerate() {
                let pad = " ".repeat(if n == 0 { first } else { widths[n] } - columns(text));
                let text = style.paint(*colour, text);
                let _ = match n {
                    0 => write!(line, "{text}{pad}"),
                    _ => write!(line, "{:gap$}{pad}{text}", ""),
                };
            }
            lines.push(line);
        }
        more(lines, self.rows.len(), self.most);
    }
}

/// Columns that a text takes on the screen; all our characters are one wide.
fn columns(text: &str) -> usize {
    text.chars().count()
}

/// Says how many rows were left out.
pub(super) fn more(lines: &mut Vec<String>, all: usize, shown: usize) {
    if all > shown {
        lines.push(format!("  and {} more in run.json", all - shown));
    }
}

/// The text without anything hidden, or as much of it as fits, ending in an ellipsis.
pub(super) fn cut(text: &str, width: usize) -> String {
    let text = &*visible(text);
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Breaks a text, without anything hidden, between words; lines after the first are set in by `indent`.
pub(super) fn wrapped(text: &str, indent: usize) -> Vec<String> {
    let lead: String = text.chars().take_while(|c| *c == ' ').collect();
    let mut lines = vec![lead];
    for word in text.split_whitespace() {
        let word = cut(word, WIDTH - indent);
        let last = lines.last_mut().expect("starts with one line");
        let empty = last.trim().is_empty();
        if !empty && columns(last) + 1 + columns(&word) > WIDTH {
            lines.push(" ".repeat(indent) + &word);
        } else {
            if !empty {
                last.push(' ');
            }
            last.push_str(&word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new("class", &["count", "p50"], 2);
        table.row(vec![plain("accepted"), plain("1"), plain("0.5")]);
        table.row(vec![plain("dns"), plain("123456"), plain("ø")]);
        table.row(vec![plain("never shown"), plain("1"), plain("1")]);
        let mut lines = Vec::new();
        table.draw(Style::plain(), &mut lines);
        assert_eq!(
            lines,
            [
                "",
                "class        count  p50",
                "  accepted       1  0.5",
                "  dns       123456    ø",
                "  and 1 more in run.json",
            ]
        );
    }

    #[test]
    fn long_texts_are_broken_or_cut() {
        assert_eq!((cut("abc", 3), cut("abcd", 3)), ("abc".into(), "ab…".into()));
        let lines = wrapped(&format!("  {}", "word ".repeat(40)), 4);
        assert!(lines.len() == 3 && lines[1].starts_with("    word"));
        assert!(lines.iter().all(|line| columns(line) <= WIDTH));
        assert!(wrapped(&"x".repeat(300), 2).iter().all(|line| columns(line) <= WIDTH));
    }
}
