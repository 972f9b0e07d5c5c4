//! The canvas that plotters draws charts on: a backend that writes SVG, with few elements and colours
//! from the palette only.
//!
//! Colours stand in presentation attributes, in which CSS variables may stand as well, so that a
//! page needs no style attributes and can have a strict Content-Security-Policy. Shapes of one style
//! that follow each other become one path. plotters' own SVG backend does none of these.
//!
//! The unit is a tenth of a pixel ([`PIXEL`]). What plotters' styles cannot say, dashes, textures and
//! sharp edges, is a [`Look`] that an element sets while it is drawn ([`Styled`]). The bottom of a text
//! is its baseline. Colours are opaque, and texts stand upright.
//!
//! [`Styled`]: super::elements::Styled

use std::convert::Infallible;
use std::fmt::Write as _;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use super::outline::{PIXEL, outline, pixels};
use super::style::{BACKGROUND, Dash, FONTS, Ink, Look, TEXT, Texture, Theme, WIDTH};
use super::text;
use crate::report::visible::visible;

/// The most that a chart can be high, in pixels; it is cut to what it needs.
const TALLEST: u32 = 100_000;
/// What capitals take above the baseline, of the size of a text.
const ASCENT: f64 = 0.76;

/// What shapes of one path have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Paint {
    Area { rgb: (u8, u8, u8), texture: Texture },
    Line { rgb: (u8, u8, u8), width: u32, dash: Dash, is_crisp: bool },
}

/// A chart in the making.
#[derive(Debug)]
pub struct Canvas {
    name: &'static str,
    theme: Theme,
    defs: String,
    body: String,
    look: Look,
    /// Of the path that the body ends with and that goes on, and where it does.
    open: Option<(Paint, Option<BackendCoord>)>,
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl Canvas {
    /// An empty one; `name` goes into identifiers, so that charts can stand in one page.
    pub fn new(name: &'static str, theme: Theme) -> Self {
        let (defs, body, look, open) = (String::new(), String::new(), Look::default(), None);
        Self { name, theme, defs, body, look, open }
    }

    /// Draws with a look.
    pub fn with(&mut self, look: Look, draw: impl FnOnce(&mut Self) -> Drawn) -> Drawn {
        let before = std::mem::replace(&mut self.look, look);
        let drawn = draw(self);
        self.look = before;
        drawn
    }

    /// The whole chart; `label` says what it is to those who cannot see it.
    pub fn finish(&mut self, height: f64, label: &str, about: &str) -> String {
        self.close();
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

    /// Adds to the path that is open if it is painted the same, or else to a new one.
    fn shape(
        &mut self,
        paint: Paint,
        points: impl IntoIterator<Item = BackendCoord>,
        is_closed: bool,
    ) {
        let open = self.open.filter(|(open, _)| *open == paint);
        let mut d = String::new();
        let end = outline(&mut d, open.and_then(|(_, end)| end), points, is_closed);
        if d.is_empty() {
            return;
        }
        if open.is_none() {
            self.close();
            self.begin(paint);
        }
        self.open = Some((paint, end));
        self.body.push_str(&d);
    }

    fn begin(&mut self, paint: Paint) {
        match paint {
            Paint::Area { rgb, texture } => {
                let fill = self.fill(Ink::nearest(rgb), texture);
                let _ = write!(self.body, "<path fill=\"{fill}\"");
            }
            Paint::Line { rgb, width, dash, is_crisp } => {
                let stroke = Ink::nearest(rgb).hex(self.theme);
                let _ = write!(self.body, "<path fill=\"none\" stroke=\"{stroke}\"");
                self.body.push_str(" stroke-width=\"");
                pixels(&mut self.body, width.cast_signed());
                self.body.push('"');
                if !dash.is_empty() {
                    let _ = write!(self.body, " stroke-dasharray=\"{dash}\"");
                }
                self.body.push_str(if is_crisp {
                    " shape-rendering=\"crispEdges\""
                } else {
                    " stroke-linejoin=\"round\""
                });
            }
        }
        self.body.push_str(" d=\"");
    }

    fn close(&mut self) {
        if self.open.take().is_some() {
            self.body.push_str("\"/>");
        }
    }

    /// The value of a `fill`; a textured one is defined on its first use.
    fn fill(&mut self, ink: &Ink, texture: Texture) -> String {
        let lines = match texture {
            Texture::Plain => return ink.hex(self.theme).to_owned(),
            Texture::Upright => "M3 0V6",
            Texture::Rising => "M-1 7L7 -1M-1 1L1 -1M5 7L7 5",
            Texture::Falling => "M-1 -1L7 7M5 -1L7 1M-1 5L1 7",
            Texture::Crossed => "M-1 7L7 -1M-1 -1L7 7",
            Texture::Level => "M0 3H6",
            Texture::Dotted => "M1 2H3M4 5H6",
        };
        let id = format!("{}-{}-{}", self.name, ink.name, texture.name());
        if !self.defs.contains(&format!("\"{id}\"")) {
            let width = if texture == Texture::Dotted { "2" } else { "1.2" };
            let _ = write!(
                self.defs,
                "<pattern id=\"{id}\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">\
                 <path fill=\"{}\" d=\"M0 0H6V6H0Z\"/>\
                 <path stroke=\"{}\" stroke-width=\"{width}\" d=\"{lines}\"/></pattern>",
                ink.hex(self.theme),
                BACKGROUND.hex(self.theme)
            );
        }
        format!("url(#{id})")
    }

    fn line<S: BackendStyle>(
        &mut self,
        points: impl IntoIterator<Item = BackendCoord>,
        style: &S,
        is_closed: bool,
    ) {
        let BackendColor { rgb, alpha } = style.color();
        if alpha > 0.0 {
            let Look { dash, is_crisp, .. } = self.look;
            let paint = Paint::Line { rgb, width: style.stroke_width(), dash, is_crisp };
            self.shape(paint, points, is_closed);
        }
    }

    fn area<S: BackendStyle>(&mut self, points: impl IntoIterator<Item = BackendCoord>, style: &S) {
        let BackendColor { rgb, alpha } = style.color();
        if alpha > 0.0 {
            let paint = Paint::Area { rgb, texture: self.look.texture };
            self.shape(paint, points, true);
        }
    }
}

impl DrawingBackend for Canvas {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (WIDTH as u32 * PIXEL, TALLEST * PIXEL)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect((x, y), (x + 1, y + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
        if fill {
            return self.fill_polygon(corners, style);
        }
        self.line(corners, style, true);
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        self.line(path, style, false);
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vert: I,
        style: &S,
    ) -> Drawn {
        let mut corners: Vec<BackendCoord> = vert.into_iter().collect();
        // Where two of one path overlap, both are filled only if they go round the same way.
        if !is_clockwise(&corners) {
            corners.reverse();
        }
        self.area(corners, style);
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Drawn {
        let BackendColor { rgb, alpha } = style.color();
        if text.is_empty() || alpha <= 0.0 {
            return Ok(());
        }
        self.close();
        let drop = match style.anchor().v_pos {
            VPos::Top => ASCENT,
            VPos::Center => ASCENT / 2.0,
            VPos::Bottom => 0.0,
        };
        let values = [
            ("x", x),
            ("y", y + (style.size() * drop).round() as i32),
            ("font-size", style.size().round() as i32),
        ];
        self.body.push_str("<text");
        for (name, value) in values {
            let _ = write!(self.body, " {name}=\"");
            pixels(&mut self.body, value);
            self.body.push('"');
        }
        self.body.push_str(match style.anchor().h_pos {
            HPos::Left => "",
            HPos::Center => " text-anchor=\"middle\"",
            HPos::Right => " text-anchor=\"end\"",
        });
        // Most text has the colour of the whole.
        let ink = Ink::nearest(rgb);
        if *ink != TEXT {
            let _ = write!(self.body, " fill=\"{}\"", ink.hex(self.theme));
        }
        self.body.push('>');
        escape(&mut self.body, text);
        self.body.push_str("</text>");
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let size = style.size();
        Ok((text::width(text, size).ceil() as u32, size.ceil() as u32))
    }
}

/// Whether an outline goes round clockwise, as its area's sign tells.
fn is_clockwise(corners: &[BackendCoord]) -> bool {
    let next = corners.iter().cycle().skip(1);
    let parts = corners
        .iter()
        .zip(next)
        .map(|(a, b)| i64::from(a.0) * i64::from(b.1) - i64::from(b.0) * i64::from(a.1));
    parts.sum::<i64>() >= 0
}

/// Text of an element or of an attribute, with nothing hidden in it. What else XML 1.0 §2.2 does not
/// allow is replaced.
fn escape(out: &mut String, text: &str) {
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use plotters::style::{Color as _, RGBColor};

    use super::super::style::{BAND, BLUE, GRID, VERDICTS, lettering};
    use super::*;

    /// The body of what is drawn.
    fn drawn(draw: impl FnOnce(&mut Canvas)) -> String {
        let mut canvas = Canvas::new("x", Theme::Light);
        draw(&mut canvas);
        canvas.close();
        canvas.body
    }

    #[test]
    fn text_cannot_leave_its_element() {
        let mut out = String::new();
        escape(&mut out, "<script>\"a\" & 'b'\u{0}\n\u{ffff}</script>");
        assert_eq!(out, "&lt;script&gt;&quot;a&quot; &amp; 'b'␀␊\u{fffd}&lt;/script&gt;");
        out.clear();
        escape(&mut out, "txt\u{202e}");
        assert_eq!(out, "txt&lt;U+202E&gt;");
    }

    #[test]
    fn shapes_of_one_style_that_follow_each_other_are_one_path() {
        let body = drawn(|canvas| {
            for y in [0, 100] {
                canvas.draw_line((0, y), (500, y), &GRID.stroke_width(10)).unwrap();
            }
            canvas.draw_line((0, 0), (500, 5), &GRID.stroke_width(14)).unwrap();
            canvas.draw_rect((0, 0), (10, 10), &BAND.filled(), true).unwrap();
            // Goes round the other way.
            let triangle = [(0, 0), (0, 10), (10, 0)];
            canvas.fill_polygon(triangle, &BAND.filled()).unwrap();
            canvas.draw_rect((0, 0), (10, 10), &BLUE.mix(0.0), true).unwrap();
        });
        let line = |width: &str, d: &str| {
            format!(
                "<path fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\" \
                 stroke-linejoin=\"round\" d=\"{d}\"/>",
                GRID.light
            )
        };
        let area = format!("<path fill=\"{}\" d=\"M0 0H1V1H0ZM1 0L0 1V0Z\"/>", BAND.light);
        assert_eq!(body, line("1", "M0 0H50M0 10H50") + &line("1.4", "M0 0L50 0.5") + &area);
    }

    #[test]
    fn a_look_holds_while_an_element_is_drawn() {
        let body = drawn(|canvas| {
            let dashed = Look { dash: "4 2", ..Look::default() };
            let style = BLUE.stroke_width(20);
            canvas.with(dashed, |canvas| canvas.draw_line((0, 0), (9, 0), &style)).unwrap();
            canvas.draw_line((0, 0), (9, 0), &style).unwrap();
        });
        assert_eq!((body.matches("<path").count(), body.matches("dasharray").count()), (2, 1));
    }

    #[test]
    fn a_texture_is_defined_once() {
        let mut canvas = Canvas::new("x", Theme::Light);
        let fill = VERDICTS[3].1;
        let look = Look { texture: fill.texture, ..Look::default() };
        for (at, between) in [(0, &BAND), (200, &GRID)] {
            let square = |canvas: &mut Canvas| {
                canvas.draw_rect((at, 0), (at + 90, 90), &fill.ink.filled(), true)
            };
            canvas.with(look, square).unwrap();
            canvas.draw_pixel((0, 0), between.to_backend_color()).unwrap();
        }
        let svg = canvas.finish(40.0, "label", "about");
        assert_eq!((svg.matches("<pattern").count(), svg.matches("url(#x-").count()), (1, 2));
    }

    #[test]
    fn text_stands_at_its_anchor_and_is_measured() {
        let style = lettering(20.0, &BLUE, HPos::Center);
        let body = drawn(|canvas| canvas.draw_text("a", &style, (105, 300)).unwrap());
        let fill = BLUE.light;
        assert_eq!(
            body,
            format!(
                "<text x=\"10.5\" y=\"30\" font-size=\"20\" text-anchor=\"middle\" \
                 fill=\"{fill}\">a</text>"
            )
        );
        let canvas = Canvas::new("x", Theme::Light);
        let (wide, high) = canvas.estimate_text_size("WWW", &style).unwrap();
        assert!((590..=600).contains(&wide) && high == 200, "{wide} × {high}");
    }

    #[test]
    fn a_colour_that_is_no_ink_becomes_one() {
        let body = drawn(|canvas| {
            let almost = RGBColor(0, 115, 178).to_backend_color();
            canvas.draw_pixel((0, 0), almost).unwrap();
        });
        assert!(body.contains(BLUE.light), "{body}");
    }
}
