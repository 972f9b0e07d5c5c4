//! Texts of others in Markdown: whatever a target or a scenario says shows as it is, and does nothing.
//!
//! Three readers are kept from acting on it: CommonMark and the extensions of GitHub Flavored Markdown
//! (emphasis, tables, HTML, links, also bare ones), and what GitHub finds in the finished page: mentions
//! (`@name`), references (`#1`, `GH-1`), formulas (`$…$`) and emoji (`:name:`).

use super::super::visible::visible;

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

/// The text on one line as code, which shows every character as it is. The fence is longer than any row
/// of backticks within (CommonMark §6.1). Not for cells of tables, where `|` would end it. Empty where
/// the text is.
pub fn code(text: &str) -> String {
    let mut shown: String = visible(text).chars().take(LONGEST).collect();
    if shown.is_empty() {
        return shown;
    }
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    let longest = shown.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // One space at each end is taken off again, unless there is nothing else.
    let is_blank = shown.chars().all(|c| c == ' ');
    let is_apart = !is_blank && (shown.starts_with(['`', ' ']) || shown.ends_with(['`', ' ']));
    let pad = if is_apart { " " } else { "" };
    format!("{fence}{pad}{shown}{pad}{fence}")
}

/// Characters of a text that are shown; more would hide what stands after it.
const LONGEST: usize = 300;

/// Stands between characters that would mean something together. It takes no room.
const APART: &str = "&#8203;";

/// The text on one line, as Markdown that shows it and does nothing else; cut where it is long.
pub fn escaped(text: &str) -> String {
    escaped_within(text, LONGEST)
}

/// The same of a text that may be longer, which is cut at so many characters.
pub fn escaped_within(text: &str, longest: usize) -> String {
    let text = visible(&text.replace(char::is_whitespace, " ")).into_owned();
    let text = text.as_str();
    let mut out = String::with_capacity(text.len() + 16);
    // At the start of a line these begin a list, or make a heading of the line before.
    if starts_bulleted(text) || starts_numbered(text) {
        out.push_str(APART);
    }
    let mut before = ' ';
    for (at, c) in text.char_indices().take(longest) {
        let (told, rest) = (&text[..at], &text[at + c.len_utf8()..]);
        let after = rest.chars().next().unwrap_or(' ');
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A mention, an address, a reference, a formula, an emoji or a link, wherever it stands.
            '@' if !after.is_whitespace() => out.extend(["\\@", APART]),
            '#' if after.is_ascii_digit() => out.extend(["\\#", APART]),
            '@' | '#' => out.extend(["\\", c.encode_utf8(&mut [0; 4])]),
            '$' => out.extend(["&#36;", APART]),
            ':' if names_scheme(told, rest) || names_emoji(rest) => out.extend([":", APART]),
            '.' if ends_with(told, "www") => out.extend([".", APART]),
            '-' if ends_with(told, "gh") && after.is_ascii_digit() => out.extend(["\\-", APART]),
            // Within a word it is no emphasis; `false_accept` stays readable in the source.
            '_' if before.is_ascii_alphanumeric() && after.is_ascii_alphanumeric() => out.push('_'),
            c if "\\`*_[]!|~{}^".contains(c) => out.extend(['\\', c]),
            c => out.push(c),
        }
        before = c;
    }
    if text.chars().nth(longest).is_some() {
        out.push('…');
    }
    out
}

/// Whether the text begins as an item of a list, a rule or the line below a heading does.
fn starts_bulleted(text: &str) -> bool {
    let text = text.trim_start_matches(' ');
    text.starts_with(['-', '+', '=']) && !text[1..].starts_with(|c: char| c.is_ascii_digit())
}

/// Whether the text begins as an item of a numbered list does; `1.52 ms` does not.
fn starts_numbered(text: &str) -> bool {
    let text = text.trim_start_matches(' ');
    let after = text.trim_start_matches(|c: char| c.is_ascii_digit());
    after.len() < text.len()
        && after
            .strip_prefix(['.', ')'])
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

fn ends_with(text: &str, end: &str) -> bool {
    let start = text.len().checked_sub(end.len());
    start.and_then(|start| text.get(start..)).is_some_and(|last| last.eq_ignore_ascii_case(end))
}

/// Whether a colon between these makes a link of a bare address.
fn names_scheme(told: &str, rest: &str) -> bool {
    rest.starts_with('/') || ["mailto", "xmpp"].iter().any(|scheme| ends_with(told, scheme))
}

/// Whether what follows a colon makes an emoji of it: a name and a colon. Two digits are those of a time.
fn names_emoji(rest: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || "_+-".contains(c);
    let name = rest.find(|c: char| !is_name(c)).map_or(rest, |end| &rest[..end]);
    let is_time = name.len() <= 2 && name.bytes().all(|b| b.is_ascii_digit());
    !name.is_empty() && !is_time && rest[name.len()..].starts_with(':')
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
        let plain = |c: char| if c.is_whitespace() { ' ' } else { c };
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
        fn code_shows_every_character(text in "[ -~é😀`]{1,60}|`{1,5}[ -~]{0,5}`{0,5}") {
            let markdown = format!("- said {}\n", code(&text));
            let spans: Vec<String> = Parser::new_ext(&markdown, Options::all())
                .filter_map(|event| match event {
                    Event::Code(text) => Some(text.into_string()),
                    _ => None,
                })
                .collect();
            prop_assert_eq!(spans, [text], "{}", markdown);
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
    fn a_fence_is_longer_than_what_it_holds() {
        for (text, wanted) in [
            ("{\"error\":\"no\"}", "`{\"error\":\"no\"}`"),
            ("a `b` c", "``a `b` c``"),
            ("``", "``` `` ```"),
            (" x", "`  x `"),
            ("a|b\n<script>", "`a|b␊<script>`"),
            ("\u{1b}[31m\u{202e}", "`␛[31m<U+202E>`"),
            ("", ""),
        ] {
            assert_eq!(code(text), wanted);
        }
        assert_eq!(code(&"x".repeat(400)).chars().count(), LONGEST + 3);
    }

    #[test]
    fn what_hides_is_shown() {
        assert_eq!(escaped("a\u{202e}b"), "a&lt;U+202E&gt;b");
        assert_eq!(escaped("\u{1b}[31m"), "␛\\[31m");
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
        for ours in ["1.52 ms", "14:19:20 in 2.1 s", "-5 ms", "0.1.0", "cache: 3 of 4", "note:x"] {
            assert_eq!(escaped(ours), ours);
        }
        assert_eq!(escaped("a|b\n\nc"), "a\\|b  c");
        assert!(escaped(&"x".repeat(1_000)).chars().count() <= LONGEST + 1);
    }
}
