//! What kind of terminal there is, if any.

use std::ffi::OsStr;
use std::io::IsTerminal;

use crate::live::terminal::Palette;
use crate::report::console::Style;

/// The style of a stream: colours on a terminal, unless `NO_COLOR` is set, and no wider than it
/// (but for very narrow ones).
pub fn style(stream: &impl IsTerminal) -> Style {
    if !stream.is_terminal() {
        // Asking for a size where there is no terminal would start a process.
        return Style::plain();
    }
    let style = Style::for_terminal(true, no_color().as_deref());
    match ratatui::crossterm::terminal::size() {
        Ok((columns, _)) if columns > 0 => style.within(columns.into()),
        _ => style,
    }
}

/// The colours of the view that takes the whole terminal.
pub fn palette() -> Palette {
    if no_color().is_none_or(|value| value.is_empty()) { Palette::Coloured } else { Palette::Plain }
}

/// Whether this is the job of a CI system, where a terminal is a log all the same.
pub fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| is_set(&value))
}

/// Whether the terminal can only have lines added.
pub fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty())
}

/// Whether a variable that is a switch is on.
fn is_set(value: &OsStr) -> bool {
    !value.is_empty() && value != "0" && value != "false"
}

fn no_color() -> Option<String> {
    std::env::var("NO_COLOR").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_may_be_off() {
        assert!(is_set(OsStr::new("true")) && is_set(OsStr::new("1")));
        assert!(
            !is_set(OsStr::new("")) && !is_set(OsStr::new("false")) && !is_set(OsStr::new("0"))
        );
    }
}
