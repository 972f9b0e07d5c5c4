//! Texts of others in Markdown: whatever a target or a scenario says shows as it is, and does nothing.
//!
//! Three readers are kept from acting on it: CommonMark and the extensions of GitHub Flavored Markdown
//! (emphasis, tables, HTML, links, also bare ones), and what GitHub finds in the finished page: mentions
//! (`@name`), references (`#1`, `GH-1`), formulas (`$…$`) and emoji (`:name:`).

/// A cell of a table.
#[derive(Clone, Copy, Debug)]
pub enum Cell<'a> {
    /// A text of others.
    Text(&'a str),
    /// Markdown of our own.
    Own(&'a str),
}

impl Cell<'_> {
    pub(super) fn markdown(&self) -> String {
        match self {
            Self::Text(text) => escaped(text),
            Self::Own(text) => (*text).to_owned(),
        }
    }
}

/// Characters of a text that are shown; more would hide what stands after it.
const LONGEST: usize = 300;

/// Stands between characters that would mean something together. It takes no room.
const APART: &str = "&#8203;";

/// The text on one line, as Markdown that shows it and does nothing else; cut where it is long.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    // At the start of a line these begin a list, or make a heading of the line before.
    if text.trim_start().starts_with(['-', '+', '=']) || starts_numbered(text) {
        out.push_str(APART);
    }
    let mut before = ' ';
    let mut shown = text.chars().take(LONGEST).peekable();
    while let Some(c) = shown.next() {
        let after = shown.peek().copied().unwrap_or(' ');
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A mention, an address, a reference, a formula, an emoji or a link, wherever it stands.
            '@' | '#' => out.extend(["\\", c.encode_utf8(&mut [0; 4]), APART]),
            '$' => out.extend(["&#36;", APART]),
            ':' if !after.is_whitespace() => out.extend([":", APART]),
            '.' if before.eq_ignore_ascii_case(&'w') => out.extend([".", APART]),
            '.' => out.push('.'),
            '-' if before.eq_ignore_ascii_case(&'h') => out.extend(["\\-", APART]),
            // Within a word it is no emphasis; `false_accept` stays readable in the source.
            '_' if before.is_ascii_alphanumeric() && after.is_ascii_alphanumeric() => out.push('_'),
            c if c.is_whitespace() || c.is_control() => out.push(' '),
            c if "\\`*_[]!|~{}^".contains(c) => out.extend(['\\', c]),
            c => out.push(c),
        }
        before = c;
    }
    if text.chars().nth(LONGEST).is_some() {
        out.push('…');
    }
    out
}

/// Whether the text begins as an item of a numbered list does.
fn starts_numbered(text: &str) -> bool {
    let text = text.trim_start();
    let after = text.trim_start_matches(|c: char| c.is_ascii_digit());
    after.len() < text.len() && after.starts_with(['.', ')'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

    use super::super::Table;
    use super::*;

    /// What a reader sees of Markdown, and whether anything but text was found in it.
    fn seen(markdown: &str) -> Result<String, String> {
        let mut text = String::new();
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_MATH
            | Options::ENABLE_GFM
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_TASKLISTS;
        for event in Parser::new_ext(markdown, options) {
            match event {
                Event::Text(part) => text.push_str(&part),
                Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph) => {}
                other => return Err(format!("{other:?} in {markdown}")),
            }
        }
        Ok(text.replace('\u{200b}', ""))
    }

    /// White space in a row is one space in a page.
    fn words(text: &str) -> String {
        let plain = |c: char| if c.is_whitespace() || c.is_control() { ' ' } else { c };
        text.chars()
            .map(plain)
            .collect::<String>()
            .split(' ')
            .filter(|w| !w.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }

    proptest! {
        #[test]
        fn any_text_shows_as_it_is_and_does_nothing(text in "([-+=#>0-9]{0,3}[.)]? ?)[ -~\n\t\u{a0}é😀]{0,60}") {
            let shown = seen(escaped(&text).trim_start()).map_err(TestCaseError::fail)?;
            prop_assert_eq!(words(&shown), words(&text));
        }

        #[test]
        fn a_cell_stays_in_its_column(text in "[ -~\n]{0,40}") {
            let mut table = Table::new(&["a", "b>"]);
            table.row(&[Cell::Text(&text), Cell::Text("end")]);
            let markdown = table.text();
            let cells = Parser::new_ext(&markdown, Options::ENABLE_TABLES)
                .filter(|event| matches!(event, Event::Start(Tag::TableCell)))
                .count();
            prop_assert_eq!(cells, 4, "{}", markdown);
        }
    }

    #[test]
    fn what_a_page_would_act_on_is_taken_apart() {
        for (text, forbidden) in [
            ("@octocat did it", "@octocat"),
            ("see #12 and GH-12", "#12"),
            ("see GH-12", "GH-12"),
            ("http://evil.test/x", "http://"),
            ("www.evil.test", "www.evil"),
            ("mail a@b.example", "a@b"),
            ("$x$ costs $5", "$x$"),
            ("a :tada: b", ":tada:"),
            ("<img src=x onerror=alert(1)>", "<img"),
        ] {
            let out = escaped(text);
            assert!(!out.replace('\\', "").contains(forbidden), "{text}: {out}");
        }
        assert_eq!(escaped("false_accept == 0 after 3s"), "false_accept == 0 after 3s");
        assert_eq!(escaped("a|b\n\nc"), "a\\|b  c");
        assert!(escaped(&"x".repeat(1_000)).chars().count() <= LONGEST + 1);
    }
}
