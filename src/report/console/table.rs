//! Aligned tables, and texts that fit.

use std::fmt::Write as _;

use super::super::visible::visible;
use super::paint::{Colour, Style};

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
    /// The column with which a second part begins, should one be needed.
    second: Option<usize>,
}

/// What stands where there is no value.
pub(super) const NONE: &str = "·";
/// Columns between two of the table's, where there is room.
const GAP: usize = 2;

impl Table {
    /// A table of at most `most` rows; `title` stands above the first column.
    pub(super) fn new(title: &str, columns: &[&'static str], most: usize) -> Self {
        let (rows, second) = (Vec::new(), None);
        Self { title: title.to_owned(), columns: columns.to_vec(), rows, most, second }
    }

    /// Where to part the table if it is too wide: before the column of this number, counted from 1.
    pub(super) fn parted_at(self, column: usize) -> Self {
        Self { second: Some(column), ..self }
    }

    /// Adds a row: one cell a column, the first column's included.
    pub(super) fn row(&mut self, cells: Vec<Cell>) {
        let shown = |(text, colour): Cell| (visible(&text).into_owned(), colour);
        self.rows.push(cells.into_iter().map(shown).collect());
    }

    /// Adds the table, unless it has no rows. Where the screen is too narrow for it, columns without a
    /// value are left out, and what is still too wide goes on below, under the same names of rows.
    pub(super) fn draw(&self, style: Style, lines: &mut Vec<String>) {
        if self.rows.is_empty() {
            return;
        }
        let shown = &self.rows[..self.rows.len().min(self.most)];
        for part in self.parts(shown, style.width()) {
            self.part(shown, &part, style, lines);
        }
        more(lines, self.rows.len(), self.most);
    }

    fn head(&self, column: usize) -> &str {
        if column == 0 { &self.title } else { self.columns[column - 1] }
    }

    fn wide(&self, shown: &[Vec<Cell>], column: usize) -> usize {
        let cells = shown.iter().filter_map(|row| row.get(column)).map(|cell| columns(&cell.0));
        cells.max().unwrap_or(0).max(columns(self.head(column)))
    }

    /// Of the first column. Rows are set in by two, the title is not.
    fn first(&self, shown: &[Vec<Cell>]) -> usize {
        let cells = shown.iter().filter_map(|row| row.first()).map(|cell| columns(&cell.0));
        cells.max().unwrap_or(0).max(columns(&self.title).saturating_sub(2))
    }

    /// Numbers of columns, the first one's left out: one list if all fit, else several.
    fn parts(&self, shown: &[Vec<Cell>], width: usize) -> Vec<Vec<usize>> {
        let taken = |part: &[usize], gap: usize| {
            let each = part.iter().map(|column| self.wide(shown, *column) + gap);
            2 + self.first(shown) + each.sum::<usize>()
        };
        let is_some = |column: &usize| {
            shown.iter().any(|row| row.get(*column).is_some_and(|cell| cell.0 != NONE))
        };
        let all: Vec<usize> = (1..=self.columns.len()).collect();
        let mut rest: Vec<usize> = all.iter().copied().filter(is_some).collect();
        for (columns, gap) in [(&all, GAP), (&rest, GAP), (&all, 1), (&rest, 1)] {
            if taken(columns, gap) <= width {
                return vec![columns.clone()];
            }
        }
        let mut parts = Vec::new();
        while taken(&rest, 1) > width && rest.len() > 1 {
            let fit = (1..rest.len()).rev().find(|n| taken(&rest[..*n], 1) <= width).unwrap_or(1);
            let meant = rest.iter().position(|column| Some(*column) == self.second);
            let next = rest.split_off(meant.filter(|n| (1..=fit).contains(n)).unwrap_or(fit));
            parts.push(std::mem::replace(&mut rest, next));
        }
        parts.push(rest);
        parts
    }

    fn part(&self, shown: &[Vec<Cell>], part: &[usize], style: Style, lines: &mut Vec<String>) {
        let first = self.first(shown);
        let widths: Vec<usize> = part.iter().map(|column| self.wide(shown, *column)).collect();
        let spare = style.width().saturating_sub(2 + first + widths.iter().sum::<usize>());
        let gap = GAP.min(spare / part.len().max(1)).max(1);
        let mut head = format!("{:<1$}", self.title, first + 2);
        for (column, wide) in part.iter().zip(&widths) {
            // Writing to a string cannot fail.
            let _ = write!(head, "{:gap$}{:>wide$}", "", self.head(*column));
        }
        super::part(lines, style, head.trim_end());
        for row in shown {
            let mut line = "  ".to_owned();
            let (text, colour) = &row[0];
            let pad = " ".repeat(first - columns(text));
            let _ = write!(line, "{}{pad}", style.paint(*colour, text));
            for (column, wide) in part.iter().zip(&widths) {
                let Some((text, colour)) = row.get(*column) else { continue };
                let pad = " ".repeat(gap + wide - columns(text));
                let _ = write!(line, "{pad}{}", style.paint(*colour, text));
            }
            lines.push(line);
        }
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
pub(super) fn wrapped(text: &str, indent: usize, style: Style) -> Vec<String> {
    let width = style.width();
    let lead: String = text.chars().take_while(|c| *c == ' ').collect();
    let mut lines = vec![lead];
    for word in words(text) {
        let word = cut(&word, width - indent);
        let last = lines.last_mut().expect("starts with one line");
        let empty = last.trim().is_empty();
        if !empty && columns(last) + 1 + columns(&word) > width {
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

/// The words of a text; a figure and its unit are one.
fn words(text: &str) -> Vec<String> {
    const UNITS: [&str; 7] = ["µs", "ms", "s", "min", "h", "MiB", "GiB"];
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let unit = word.trim_end_matches([',', ';', ':', '.', ')']);
        match words.last_mut() {
            Some(figure)
                if UNITS.contains(&unit) && figure.ends_with(|c: char| c.is_ascii_digit()) =>
            {
                figure.push(' ');
                figure.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
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
        let style = Style::plain();
        let lines = wrapped(&format!("  {}", "word ".repeat(40)), 4, style);
        assert!(lines.len() == 3 && lines[1].starts_with("    word"));
        assert!(lines.iter().all(|line| columns(line) <= style.width()));
        let figures = wrapped(&format!("{} p50 272 ms, p99 1.4 s.", "x".repeat(91)), 2, style);
        assert_eq!(figures[1..], ["  272 ms, p99 1.4 s."]);
        let narrow = style.within(60);
        assert!(wrapped(&"x".repeat(300), 2, narrow).iter().all(|line| columns(line) <= 60));
    }

    #[test]
    fn a_narrow_screen_has_the_table_in_parts() {
        let heads = ["count", "resp p50", "resp p99", "resp max", "open", "serv p50", "serv p99"];
        let mut table = Table::new("Latency, ms", &heads, 9).parted_at(6);
        let cells = ["accepted", "123,456", "1.25", "7.50", "9.50", NONE, "1.20", "7.40"];
        table.row(cells.map(plain).into());
        let mut lines = Vec::new();
        table.draw(Style::plain().within(60), &mut lines);
        assert_eq!(
            lines,
            [
                "",
                "Latency, ms    count  resp p50  resp p99  resp max",
                "  accepted   123,456      1.25      7.50      9.50",
                "",
                "Latency, ms  serv p50  serv p99",
                "  accepted       1.20      7.40",
            ]
        );
    }
}
