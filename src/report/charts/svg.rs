//! Writes SVG: few elements, coordinates to a tenth of a pixel, colours from the palette only.
//!
//! Colours stand in presentation attributes, in which CSS variables may stand as well, so that a
//! page needs no style attributes and can have a strict Content-Security-Policy.

use std::fmt::Write as _;

use super::style::{BACKGROUND, Dash, FONTS, Fill, Ink, TEXT, Texture, Theme, WIDTH};

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Rect {
    /// Its left edge.
    pub x: f64,
    /// Its upper edge.
    pub y: f64,
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

impl Rect {
    /// Its right edge.
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    /// Its lower edge.
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }
}

/// Where a text stands about its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// To the right of it.
    Start,
    /// Around it.
    Middle,
    /// To the left of it.
    End,
}

/// A number with one decimal, and none where it is zero.
fn number(out: &mut String, value: f64) {
    let tenths = (value * 10.0).round() as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, rest) = (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10);
    // Writing to a string cannot fail.
    let _ = match rest {
        0 => write!(out, "{sign}{whole}"),
        _ => write!(out, "{sign}{whole}.{rest}"),
    };
}

/// The `d` of a path.
#[derive(Clone, Debug, Default)]
pub struct Path(String);

impl Path {
    /// Begins a new outline.
    pub fn move_to(&mut self, x: f64, y: f64) -> &mut Self {
        self.command('M', &[x, y])
    }

    /// A straight line.
    pub fn line_to(&mut self, x: f64, y: f64) -> &mut Self {
        self.command('L', &[x, y])
    }

    /// A level line.
    pub fn across(&mut self, x: f64) -> &mut Self {
        self.command('H', &[x])
    }

    /// An upright line.
    pub fn up_or_down(&mut self, y: f64) -> &mut Self {
        self.command('V', &[y])
    }

    /// Back to where the outline began.
    pub fn close(&mut self) -> &mut Self {
        self.0.push('Z');
        self
    }

    /// A rectangle.
    pub fn rectangle(&mut self, rect: Rect) -> &mut Self {
        self.move_to(rect.x, rect.y).across(rect.right()).up_or_down(rect.bottom());
        self.across(rect.x).close()
    }

    /// Whether nothing was drawn.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn command(&mut self, letter: char, values: &[f64]) -> &mut Self {
        self.0.push(letter);
        for (n, value) in values.iter().enumerate() {
            if n > 0 {
                self.0.push(' ');
            }
            number(&mut self.0, *value);
        }
        self
    }
}

/// A chart in the making.
#[derive(Debug)]
pub struct Canvas {
    name: &'static str,
    theme: Theme,
    defs: String,
    body: String,
}

impl Canvas {
    /// An empty one; `name` goes into identifiers, so that charts can stand in one page.
    pub fn new(name: &'static str, theme: Theme) -> Self {
        Self { name, theme, defs: String::new(), body: String::new() }
    }

    /// An area.
    pub fn area(&mut self, path: &Path, fill: impl Into<Fill>) {
        if path.is_empty() {
            return;
        }
        let fill = self.paint(fill.into());
        let _ = write!(self.body, "<path fill=\"{fill}\" d=\"{}\"/>", path.0);
    }

    /// A rectangle.
    pub fn rectangle(&mut self, rect: Rect, fill: impl Into<Fill>) {
        let mut path = Path::default();
        path.rectangle(rect);
        self.area(&path, fill);
    }

    /// A line.
    pub fn line(&mut self, path: &Path, ink: &Ink, width: f64, dash: Dash) {
        if path.is_empty() {
            return;
        }
        let _ = write!(self.body, "<path fill=\"none\" stroke=\"{}\"", ink.hex(self.theme));
        self.body.push_str(" stroke-width=\"");
        number(&mut self.body, width);
        self.body.push('"');
        if !dash.is_empty() {
            let _ = write!(self.body, " stroke-dasharray=\"{dash}\"");
        }
        let _ = write!(self.body, " stroke-linejoin=\"round\" d=\"{}\"/>", path.0);
    }

    /// Cells of a heat map: level lines as wide as a row is high, with sharp edges.
    pub fn cells(&mut self, path: &Path, ink: &Ink, height: f64) {
        if path.is_empty() {
            return;
        }
        let _ = write!(self.body, "<path stroke=\"{}\" stroke-width=\"", ink.hex(self.theme));
        number(&mut self.body, height);
        let _ = write!(self.body, "\" shape-rendering=\"crispEdges\" d=\"{}\"/>", path.0);
    }

    /// A line over others, set off by a rim in the colour of the background.
    pub fn raised_line(&mut self, path: &Path, ink: &Ink, width: f64, dash: Dash) {
        self.line(path, &BACKGROUND, width + 2.4, "");
        self.line(path, ink, width, dash);
    }

    /// A line of text, whose baseline is at `y`.
    pub fn text(&mut self, at: (f64, f64), anchor: Anchor, size: f64, ink: &Ink, text: &str) {
        if text.is_empty() {
            return;
        }
        self.body.push_str("<text x=\"");
        number(&mut self.body, at.0);
        self.body.push_str("\" y=\"");
        number(&mut self.body, at.1);
        self.body.push_str("\" font-size=\"");
        number(&mut self.body, size);
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let _ = write!(self.body, "\"{anchor}");
        // Most text has the colour of the whole.
        if *ink != TEXT {
            let _ = write!(self.body, " fill=\"{}\"", ink.hex(self.theme));
        }
        self.body.push('>');
        escape(&mut self.body, text);
        self.body.push_str("</text>");
    }

    /// The whole chart; `label` says what it is to those who cannot see it.
    pub fn finish(self, height: f64, label: &str, about: &str) -> String {
        let mut svg = String::with_capacity(self.body.len() + self.defs.len() + 1_024);
        let height = height.ceil();
        let _ = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
             viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" font-family=\"{FONTS}\" \
             fill=\"{}\" aria-label=\"",
            TEXT.hex(self.theme)
        );
        escape(&mut svg, label);
        svg.push_str("\"><desc>");
        escape(&mut svg, about);
        svg.push_str("</desc>");
        if !self.defs.is_empty() {
            let _ = write!(svg, "<defs>{}</defs>", self.defs);
        }
        let background = BACKGROUND.hex(self.theme);
        let _ = write!(svg, "<path fill=\"{background}\" d=\"M0 0H{WIDTH}V{height}H0Z\"/>");
        svg.push_str(&self.body);
        svg.push_str("</svg>\n");
        svg
    }

    /// The value of a `fill`; a textured one is defined on its first use.
    fn paint(&mut self, fill: Fill) -> String {
        let lines = match fill.texture {
            Texture::Plain => return fill.ink.hex(self.theme).to_owned(),
            Texture::Rising => "M-1 7L7 -1M-1 1L1 -1M5 7L7 5",
            Texture::Falling => "M-1 -1L7 7M5 -1L7 1M-1 5L1 7",
            Texture::Crossed => "M-1 7L7 -1M-1 -1L7 7",
            Texture::Level => "M0 3H6",
            Texture::Dotted => "M1 2H3M4 5H6",
        };
        let id = format!("{}-{}-{}", self.name, fill.ink.name, fill.texture.name());
        if !self.defs.contains(&format!("\"{id}\"")) {
            let width = if fill.texture == Texture::Dotted { "2" } else { "1.2" };
            let _ = write!(
                self.defs,
                "<pattern id=\"{id}\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">\
                 <path fill=\"{}\" d=\"M0 0H6V6H0Z\"/>\
                 <path stroke=\"{}\" stroke-width=\"{width}\" d=\"{lines}\"/></pattern>",
                fill.ink.hex(self.theme),
                BACKGROUND.hex(self.theme)
            );
        }
        format!("url(#{id})")
    }
}

/// Text of an element or of an attribute. What XML 1.0 §2.2 does not allow is replaced.
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_short() {
        let mut path = Path::default();
        path.move_to(1.0, -0.04).line_to(-12.34, 5.96).across(3.0).up_or_down(0.5).close();
        assert_eq!(path.0, "M1 0L-12.3 6H3V0.5Z");
    }

    #[test]
    fn text_cannot_leave_its_element() {
        let mut out = String::new();
        escape(&mut out, "<script>\"a\" & 'b'\u{0}\n</script>");
        assert_eq!(out, "&lt;script&gt;&quot;a&quot; &amp; 'b'\u{fffd} &lt;/script&gt;");
    }

    #[test]
    fn a_texture_is_defined_once() {
        let mut canvas = Canvas::new("x", Theme::Light);
        let fill = super::super::style::VERDICTS[3].1;
        for at in [0.0, 20.0] {
            canvas.rectangle(Rect { x: at, y: 0.0, width: 9.0, height: 9.0 }, fill);
        }
        let svg = canvas.finish(40.0, "label", "about");
        assert_eq!((svg.matches("<pattern").count(), svg.matches("url(#x-").count()), (1, 2));
    }
}
