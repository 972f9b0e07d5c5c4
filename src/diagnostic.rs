//! Errors that point: file, line and column, what was found, what would be right.
//!
//! A [`Diagnostic`] is one thing wrong at one place of a [`SourceText`]; [`Diagnostics`] gathers
//! all of them, so that a person mends a file once and not once an error. This module renders;
//! it does not know what the file means.

use std::fmt;
use std::ops::Range;

/// A text that diagnostics point into.
#[derive(Clone, Debug)]
pub struct SourceText {
    /// How the file is named in messages; for a command-line value, the option.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl SourceText {
    /// Line and column, both from 1, columns in characters. Past the end is the end.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &self.text[..offset];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
        (line, column)
    }
}

/// One thing wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The bytes of the source that it points at; `None` for something that is missing altogether.
    pub span: Option<Range<usize>>,
    /// The key's dotted path, such as `fault[1].share`; empty for the file as a whole.
    pub path: String,
    /// What was found and what is allowed: a lower-case fragment.
    pub message: String,
    /// The next step, where one is known.
    pub help: Option<String>,
}

/// Everything wrong with one source, in the order of the text.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    /// The text that the entries point into.
    pub source: SourceText,
    /// What is wrong; never empty in an error.
    pub entries: Vec<Diagnostic>,
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_by_key(|entry| entry.span.as_ref().map_or(0, |span| span.start));
        for (i, entry) in entries.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            self.write_entry(f, entry)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

impl Diagnostics {
    fn write_entry(&self, f: &mut fmt::Formatter<'_>, entry: &Diagnostic) -> fmt::Result {
        let path = if entry.path.is_empty() { String::new() } else { format!("{}: ", entry.path) };
        let Some(span) = &entry.span else {
            write!(f, "{}: {path}{}", self.source.name, entry.message)?;
            return write_help(f, "", entry);
        };
        let (line, column) = self.source.position(span.start);
        writeln!(f, "{}:{line}:{column}: {path}{}", self.source.name, entry.message)?;
        let text = self.source.text.lines().nth(line - 1).unwrap_or("");
        // Tabs and control characters would put the caret in the wrong place.
        let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let gutter = line.to_string().len();
        writeln!(f, " {line} | {}", shown.trim_end())?;
        let room = shown.chars().count().saturating_sub(column - 1).max(1);
        let marked = self.source.text.get(span.clone()).map_or(1, |t| t.chars().count());
        let carets = "^".repeat(marked.clamp(1, room));
        write!(f, " {:gutter$} | {:>2$}{carets}", "", "", column - 1)?;
        write_help(f, &" ".repeat(gutter + 1), entry)
    }
}

fn write_help(f: &mut fmt::Formatter<'_>, indent: &str, entry: &Diagnostic) -> fmt::Result {
    match &entry.help {
        Some(help) => write!(f, "\n{indent} = {help}"),
        None => Ok(()),
    }
}

/// The candidate that a mistyped `name` most likely meant, if one is near enough to suggest.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate)
        })
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(name.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_at_line_and_column_in_the_order_of_the_text() {
        let text = "name = \"x\"\nusers = 0\n".to_owned();
        let diagnostics = Diagnostics {
            source: SourceText { name: "a.toml".into(), text },
            entries: vec![
                Diagnostic {
                    span: Some(19..20),
                    path: "users".into(),
                    message: "found 0; must be at least 1".into(),
                    help: Some("a population needs a user".into()),
                },
                Diagnostic {
                    span: Some(0..4),
                    path: "nmae".into(),
                    message: "unknown key".into(),
                    help: None,
                },
            ],
        };
        let expected = "a.toml:1:1: nmae: unknown key\n 1 | name = \"x\"\n   | ^^^^\n\
                        a.toml:2:9: users: found 0; must be at least 1\n 2 | users = 0\n   |         ^\n   \
                        = a population needs a user";
        assert_eq!(diagnostics.to_string(), expected);
    }

    #[test]
    fn never_panics_on_odd_spans() {
        let source = SourceText { name: "b".into(), text: "é\n".into() };
        for span in [1..2, 0..99, 3..3, 90..100] {
            let entry = Diagnostic {
                span: Some(span),
                path: String::new(),
                message: "m".into(),
                help: None,
            };
            let all = Diagnostics { source: source.clone(), entries: vec![entry] };
            assert!(all.to_string().contains('m'));
        }
    }

    #[test]
    fn suggests_only_what_is_near() {
        let names = ["store-outage", "store-slow", "user-delete"];
        assert_eq!(nearest("store-outge", names), Some("store-outage"));
        assert_eq!(nearest("user_delete", names), Some("user-delete"));
        assert_eq!(nearest("bananas", names), None);
    }
}
