//! Colours of the console. Meaning never hangs on them alone.

/// A colour of the terminal's own palette, so that it suits light and dark screens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// The screen's own.
    Plain,
    /// Wrong.
    Red,
    /// Right.
    Green,
    /// Doubtful.
    Yellow,
}

/// With or without colours, and how wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    coloured: bool,
    width: usize,
}

/// Columns that are enough for everything.
pub const WIDTH: usize = 100;
/// On fewer, nothing could be read.
const NARROWEST: usize = 60;

impl Style {
    /// Text alone: for files, pipes and whoever set `NO_COLOR`.
    pub const fn plain() -> Self {
        Self { coloured: false, width: WIDTH }
    }

    /// With escape sequences (ECMA-48 §8.3.117).
    pub const fn coloured() -> Self {
        Self { coloured: true, width: WIDTH }
    }

    /// Colours on a terminal, unless `NO_COLOR` is set and not empty (no-color.org).
    pub fn for_terminal(is_terminal: bool, no_color: Option<&str>) -> Self {
        let coloured = is_terminal && no_color.is_none_or(str::is_empty);
        if coloured { Self::coloured() } else { Self::plain() }
    }

    /// The same on a screen of so many columns: narrower, never wider.
    #[must_use]
    pub fn within(self, columns: usize) -> Self {
        Self { width: columns.clamp(NARROWEST, WIDTH), ..self }
    }

    /// Columns of a line.
    pub fn width(self) -> usize {
        self.width
    }

    /// The text in a colour.
    pub fn paint(self, colour: Colour, text: &str) -> String {
        let code = match colour {
            Colour::Plain => return text.to_owned(),
            Colour::Red => "31",
            Colour::Green => "32",
            Colour::Yellow => "33",
        };
        self.wrap(code, text)
    }

    /// The text in bold.
    pub fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// The text with less weight.
    pub fn faint(self, text: &str) -> String {
        self.wrap("2", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.coloured { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_terminal_without_no_color_is_coloured() {
        assert_eq!(Style::for_terminal(true, None), Style::coloured());
        assert_eq!(Style::for_terminal(true, Some("")), Style::coloured());
        assert_eq!(Style::for_terminal(true, Some("1")), Style::plain());
        assert_eq!(Style::for_terminal(false, None), Style::plain());
        assert_eq!(Style::plain().paint(Colour::Red, "x"), "x");
    }
}
