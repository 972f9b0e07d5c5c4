//! From the SVG of a chart to a PNG, with a font that is built in: a machine without any font gives
//! the same picture.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

use super::text;

/// Pixels of the picture for one of the chart, so that text is sharp on dense screens.
pub const PIXELS: f32 = 2.0;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// The text is not an SVG document.
    #[error("cannot read the chart as SVG: {0}")]
    Svg(#[from] resvg::usvg::Error),
    /// It says that it is larger than a picture can be, or of no size.
    #[error("a picture cannot be {0} × {1} pixels large")]
    Size(u32, u32),
    /// The picture could not be packed.
    #[error("cannot write the chart as PNG: {0}")]
    Png(String),
}

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(text::font().to_vec());
    // Whatever family a text asks for, there is this one.
    fonts.set_sans_serif_family("DejaVu Sans");
    Arc::new(fonts)
});

/// The picture of a chart.
pub fn png(svg: &str) -> Result<Vec<u8>, ChartError> {
    let options = Options { fontdb: Arc::clone(&FONTS), ..Options::default() };
    let tree = Tree::from_str(svg, &options)?;
    let size = tree.size().to_int_size();
    let pixels = |side: u32| (side as f32 * PIXELS) as u32;
    let (width, height) = (pixels(size.width()), pixels(size.height()));
    let mut picture = Pixmap::new(width, height).ok_or(ChartError::Size(width, height))?;
    resvg::render(&tree, Transform::from_scale(PIXELS, PIXELS), &mut picture.as_mut());
    picture.encode_png().map_err(|error| ChartError::Png(error.to_string()))
}

#[cfg(test)]
mod tests {
    use plotters::style::text_anchor::HPos;
    use plotters_backend::DrawingBackend as _;

    use super::super::style::{TEXT, Theme, lettering};
    use super::super::svg::Canvas;
    use super::*;

    /// How many pixels of a picture are dark.
    fn dark(png: &[u8]) -> usize {
        let picture = Pixmap::decode_png(png).unwrap();
        picture.pixels().iter().filter(|pixel| pixel.red() < 100).count()
    }

    #[test]
    fn text_is_drawn_without_any_font_of_the_system() {
        let drawn = |text: &str| {
            let mut canvas = Canvas::new("x", Theme::Light);
            let style = lettering(20.0, &TEXT, HPos::Left);
            canvas.draw_text(text, &style, (100, 300)).unwrap();
            dark(&png(&canvas.finish(40.0, "x", "x")).unwrap())
        };
        let (none, some) = (drawn(" "), drawn("p99 ≤ 2 ms"));
        assert_eq!(none, 0);
        assert!((500..5_000).contains(&some), "{some}");
    }

    #[test]
    fn what_is_no_chart_is_an_error() {
        assert!(matches!(png("<svg"), Err(ChartError::Svg(_))));
        let huge = "<svg xmlns='http://www.w3.org/2000/svg' width='9e8' height='9e8'/>";
        assert!(png(huge).is_err());
    }
}
