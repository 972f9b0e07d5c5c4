//! Markdown as GitHub and GitLab render it: tables, folds, and texts of others made inert.

mod text;

pub use text::{Cell, code, escaped, escaped_within};

use std::fmt::Write as _;

/// The most characters that a comment on GitHub may have.
pub const LONGEST_COMMENT: usize = 65_536;

/// A table under construction; cells are escaped.
#[derive(Debug)]
pub struct Table {
    text: String,
    columns: usize,
}

impl Table {
    /// A table with these columns; those whose name ends in `>` are aligned to the right.
    pub fn new(columns: &[&str]) -> Self {
        let mut text = String::new();
        let names: Vec<&str> = columns.iter().map(|name| name.trim_end_matches('>')).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {} |", names.join(" | "));
        let rule = |name: &&str| if name.ends_with('>') { "---:" } else { "---" };
        let rules: Vec<&str> = columns.iter().map(rule).collect();
        let _ = writeln!(text, "| {} |", rules.join(" | "));
        Self { text, columns: columns.len() }
    }

    /// Adds a row; cells that are missing are empty, those beyond the columns are left out.
    pub fn row(&mut self, cells: &[Cell<'_>]) {
        let mut line = String::from("|");
        for n in 0..self.columns {
            let cell = cells.get(n).map(Cell::markdown).unwrap_or_default();
            let _ = write!(line, " {cell} |");
        }
        let _ = writeln!(self.text, "{line}");
    }

    /// The table as text, ending with a line break.
    pub fn text(self) -> String {
        self.text
    }
}

/// A part that is folded until somebody opens it. `body` is Markdown.
pub fn fold(title: &str, body: &str) -> String {
    format!("<details><summary>{title}</summary>\n\n{body}\n</details>\n")
}
