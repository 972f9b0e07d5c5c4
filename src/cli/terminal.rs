//! Whether what is printed may be coloured.

use std::io::IsTerminal;

use crate::report::console::Style;

/// The style of a stream: colours on a terminal, unless `NO_COLOR` is set.
pub fn style(stream: &impl IsTerminal) -> Style {
    Style::for_terminal(stream.is_terminal(), std::env::var("NO_COLOR").ok().as_deref())
}
