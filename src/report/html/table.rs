//! Tables of the page: a caption, header cells with a scope, and for each figure the number to sort by.

use maud::{Markup, html};

use crate::units::grouped;

use super::super::visible::visible;
use super::super::wording::{instant, millis};

/// Rows of a table beyond which the rest is left to `run.json`.
const MOST_ROWS: usize = 500;

/// Characters of a text that a column shows on one line.
const BRIEF: usize = 16;

/// A cell.
pub(super) enum Cell {
    /// A text, which may be somebody else's.
    Text(String),
    /// A name from the files, such as a verdict's.
    Name(String),
    /// A figure, and the number that it is sorted by; `None` sorts last.
    Figure(String, Option<f64>),
    /// Markup of our own, sorted by its text.
    Own(Markup),
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn name(name: impl Into<String>) -> Self {
        Self::Name(name.into())
    }

    pub(super) fn count(count: u64) -> Self {
        Self::Figure(grouped(count), Some(count as f64))
    }

    /// Microseconds, shown as milliseconds.
    pub(super) fn micros(micros: u64) -> Self {
        Self::Figure(millis(micros), Some(micros as f64 / 1e3))
    }

    /// Seconds from the start of load.
    pub(super) fn instant(seconds: f64) -> Self {
        Self::Figure(instant(seconds), Some(seconds))
    }

    /// A number with this many decimals.
    pub(super) fn number(number: f64, decimals: usize) -> Self {
        Self::Figure(format!("{number:.decimals$}"), Some(number))
    }

    /// A figure that there may be none of.
    pub(super) fn maybe(figure: Option<Self>) -> Self {
        figure.unwrap_or_else(|| Self::Figure("–".to_owned(), None))
    }

    fn is_figure(&self) -> bool {
        matches!(self, Self::Figure(..))
    }

    fn is_brief(&self) -> bool {
        match self {
            Self::Text(text) | Self::Name(text) => text.chars().count() <= BRIEF,
            Self::Figure(..) | Self::Own(_) => true,
        }
    }

    fn inside(&self) -> Markup {
        match self {
            Self::Text(text) => html! { bdi { (visible(text)) } },
            Self::Name(name) => html! { code { (visible(name)) } },
            Self::Figure(shown, _) => html! { (shown) },
            Self::Own(markup) => markup.clone(),
        }
    }

    fn value(&self) -> Option<String> {
        match self {
            Self::Figure(_, value) => Some(value.map(|v| v.to_string()).unwrap_or_default()),
            _ => None,
        }
    }
}

/// A table with a caption. The first cell of each row is its header.
pub(super) struct Table<'a> {
    pub(super) caption: &'a str,
    pub(super) columns: &'a [&'a str],
    pub(super) rows: Vec<Vec<Cell>>,
}

impl Table<'_> {
    /// How a column is set, its header as its cells.
    fn class(&self, column: usize) -> &'static str {
        let mut cells = self.rows.iter().filter_map(|row| row.get(column));
        if cells.clone().any(Cell::is_figure) {
            "figure"
        } else if cells.all(Cell::is_brief) {
            "brief"
        } else {
            "words"
        }
    }

    pub(super) fn markup(&self) -> Markup {
        let classes: Vec<&str> = (0..self.columns.len()).map(|n| self.class(n)).collect();
        let class = |n: usize| classes.get(n).copied().unwrap_or_default();
        html! {
            div.frame { div.scroll tabindex="0" role="region" aria-label=(self.caption) {
                table {
                    caption { span { (self.caption) } }
                    thead { tr {
                        @for (n, column) in self.columns.iter().enumerate() {
                            th scope="col" class=(class(n)) { bdi { (visible(column)) } }
                        }
                    } }
                    tbody {
                        @for row in self.rows.iter().take(MOST_ROWS) { tr {
                            @for (n, cell) in row.iter().enumerate() {
                                @if n == 0 {
                                    th scope="row" class=(class(n)) data-value=[cell.value()] { (cell.inside()) }
                                } @else {
                                    td class=(class(n)) data-value=[cell.value()] { (cell.inside()) }
                                }
                            }
                        } }
                    }
                }
            } }
            @if self.rows.len() > MOST_ROWS {
                p.note { "and " (grouped((self.rows.len() - MOST_ROWS) as u64)) " more in " code { "run.json" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_figures_carry_their_number() {
        let rows = vec![vec![
            Cell::text("<script>\"&\u{202e}\u{1b}"),
            Cell::count(12_345),
            Cell::micros(1_234_567),
            Cell::maybe(None),
        ]];
        let columns = ["a\u{202e}", "b", "c", "d"];
        let text = Table { caption: "x<y", columns: &columns, rows }.markup().into_string();
        assert!(text.contains("<bdi>&lt;script&gt;&quot;&amp;&lt;U+202E&gt;␛</bdi>"), "{text}");
        assert!(text.contains("<bdi>a&lt;U+202E&gt;</bdi></th>"), "{text}");
        assert!(text.contains(r#"data-value="12345">12,345<"#), "{text}");
        assert!(text.contains(r#"data-value="1234.567">1,235<"#), "{text}");
        assert!(text.contains(r#"data-value="">–<"#) && text.contains("x&lt;y"), "{text}");
    }

    #[test]
    fn a_column_is_set_as_its_header() {
        let rows =
            vec![vec![Cell::number(1.0, 2), Cell::text("note"), Cell::text("long ".repeat(9))]];
        let columns = ["At, s", "Event", "What"];
        let text = Table { caption: "", columns: &columns, rows }.markup().into_string();
        for class in ["figure", "brief", "words"] {
            assert_eq!(text.matches(&format!("class=\"{class}\"")).count(), 2, "{class}: {text}");
        }
    }
}
