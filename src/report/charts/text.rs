//! How wide a text is, in the widest of the fonts that charts are shown in, DejaVu Sans; so what
//! fits by these measures fits in the others too.

use std::sync::LazyLock;

use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider as _};

/// The font that is built in.
pub(super) fn font() -> &'static [u8] {
    dejavu::sans::regular()
}

/// Widths of the characters of ASCII at a size of one pixel.
static ASCII: LazyLock<[f64; 128]> = LazyLock::new(|| {
    let mut widths = [f64::NAN; 128];
    for (width, c) in widths.iter_mut().zip('\0'..) {
        *width = measured(c);
    }
    widths
});

/// What a character takes that the font does not have: as much as its widest letters.
const UNKNOWN: f64 = 1.0;

fn measured(c: char) -> f64 {
    let width = FontRef::new(font()).ok().and_then(|font| {
        let glyph = font.charmap().map(c)?;
        font.glyph_metrics(Size::new(1.0), LocationRef::default()).advance_width(glyph)
    });
    width.map_or(UNKNOWN, f64::from)
}

/// The width of a text in a size, both in pixels.
pub fn width(text: &str, size: f64) -> f64 {
    let of = |c: char| ASCII.get(c as usize).copied().unwrap_or_else(|| measured(c));
    text.chars().map(of).sum::<f64>() * size
}

/// The text, or as much of its beginning as fits, with an ellipsis.
pub fn fitted(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut short: Vec<char> = text.chars().collect();
    while let Some(last) = short.pop() {
        let shown: String = short.iter().chain(&['…']).collect();
        if last != ' ' && width(&shown, size) <= room {
            return shown;
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_font() {
        // Advances of DejaVu Sans in units of 2,048 to the em.
        let em = |units: f64| units / 2_048.0;
        assert!((width("i", 1.0) - em(569.0)).abs() < 1e-4, "{}", width("i", 1.0));
        assert!((width("µ", 2.0) - em(1_303.0) * 2.0).abs() < 1e-4, "{}", width("µ", 2.0));
        assert!(width("W", 12.0) > width("i", 12.0) * 3.0);
        assert!(width("", 12.0) < 1e-9);
    }

    #[test]
    fn what_does_not_fit_is_cut_with_an_ellipsis() {
        assert_eq!(fitted("steady", 12.0, 100.0), "steady");
        let short = fitted("a long name of a phase", 12.0, 60.0);
        assert!(short.ends_with('…') && width(&short, 12.0) <= 60.0, "{short}");
        assert_eq!(fitted("steady", 12.0, 3.0), "");
    }
}
