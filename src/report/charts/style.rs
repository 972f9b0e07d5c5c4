//! The one home of what charts look like: colours of both themes, sizes of text, dashes, textures.
//!
//! Colours of series are after Okabe and Ito ("Color Universal Design", 2008), which people with
//! any common colour vision tell apart; vermilion is darker here, so that text in it can be read.
//! Nothing is told by colour alone: lines differ in their dash or carry their name, areas differ in
//! texture, and levels of the heat map in lightness.

use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontFamily, ShapeStyle, TextStyle};
use plotters_backend::BackendColor;

use crate::outcome::Verdict;

use super::outline::PIXEL;

/// Which background a chart is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark on white.
    #[default]
    Light,
    /// Light on near-black.
    Dark,
}

/// A colour by its purpose, with its value in each theme.
#[derive(Debug, PartialEq, Eq)]
pub struct Ink {
    /// The name of its variable in [`css`](super::css).
    pub name: &'static str,
    /// `#rrggbb`, which no other ink has.
    pub light: &'static str,
    /// `#rrggbb`.
    pub dark: &'static str,
}

impl Ink {
    /// The value in a theme.
    pub const fn hex(&self, theme: Theme) -> &'static str {
        match theme {
            Theme::Light => self.light,
            Theme::Dark => self.dark,
        }
    }

    /// Red, green and blue of the light theme, by which a canvas knows the ink again.
    const fn rgb(&self) -> (u8, u8, u8) {
        const fn digit(digit: u8) -> u8 {
            if digit.is_ascii_digit() { digit - b'0' } else { digit - b'a' + 10 }
        }
        let digits = self.light.as_bytes();
        (
            digit(digits[1]) * 16 + digit(digits[2]),
            digit(digits[3]) * 16 + digit(digits[4]),
            digit(digits[5]) * 16 + digit(digits[6]),
        )
    }

    /// The ink of a colour: charts have no others.
    pub fn nearest((red, green, blue): (u8, u8, u8)) -> &'static Self {
        let apart = |ink: &&&Self| -> u32 {
            let (r, g, b) = ink.rgb();
            [(r, red), (g, green), (b, blue)].map(|(a, b)| u32::from(a.abs_diff(b))).iter().sum()
        };
        INKS.iter().min_by_key(apart).copied().unwrap_or(&TEXT)
    }
}

/// A colour of plotters, whatever the theme; the canvas writes the value in its own.
impl Color for Ink {
    fn to_backend_color(&self) -> BackendColor {
        BackendColor { alpha: 1.0, rgb: self.rgb() }
    }
}

macro_rules! inks {
    ($($(#[$doc:meta])* $ident:ident = $name:literal, $light:literal, $dark:literal;)*) => {
        $($(#[$doc])* pub static $ident: Ink = Ink { name: $name, light: $light, dark: $dark };)*

        /// Every colour there is.
        pub static INKS: &[&Ink] = &[$(&$ident),*];
    };
}

inks! {
    /// Behind everything.
    BACKGROUND = "bg", "#ffffff", "#14171c";
    /// Titles and figures.
    TEXT = "text", "#1f2328", "#e6e9ee";
    /// Units, notes, labels of axes.
    MUTED = "muted", "#59626d", "#9aa4b1";
    /// Lines that lead the eye to an axis.
    GRID = "grid", "#e4e7eb", "#2a3039";
    /// Axes and ticks.
    AXIS = "axis", "#8b949e", "#6b7480";
    /// A fault under way.
    BAND = "band", "#eff1f4", "#20262e";
    /// Where a fault begins or ends.
    EDGE = "edge", "#747d88", "#8d96a3";
    /// Series.
    GREEN = "green", "#009e73", "#2fb58d";
    /// Series.
    SKY = "sky", "#7cc0ea", "#7cc4f2";
    /// Series.
    BLUE = "blue", "#0072b2", "#4ea1de";
    /// Series.
    ORANGE = "orange", "#e69f00", "#f2b134";
    /// Series.
    VERMILION = "vermilion", "#c25400", "#ff7a33";
    /// Series.
    PURPLE = "purple", "#cc79a7", "#e39ac4";
    /// Series.
    YELLOW = "yellow", "#f0e442", "#f0e858";
    /// Series without a judgement.
    SILVER = "silver", "#c6cbd2", "#565f6b";
    /// Series.
    SLATE = "slate", "#6c757f", "#b0b8c3";
    /// The worst there is.
    STRONG = "strong", "#0b0d10", "#fbfcfd";
    /// Lightest level of a heat map.
    HEAT_1 = "heat-1", "#e3eef9", "#182a3f";
    /// Next level.
    HEAT_2 = "heat-2", "#c8ddf0", "#1b3a5c";
    /// Next level.
    HEAT_3 = "heat-3", "#a3cbe5", "#1f4e7d";
    /// Next level.
    HEAT_4 = "heat-4", "#75b3d8", "#2467a0";
    /// Next level.
    HEAT_5 = "heat-5", "#4a97c9", "#3583c0";
    /// Next level.
    HEAT_6 = "heat-6", "#2b7bba", "#58a1d8";
    /// Next level.
    HEAT_7 = "heat-7", "#115ca5", "#8ac1ea";
    /// Strongest level.
    HEAT_8 = "heat-8", "#083a7a", "#cbe5fb";
}

/// The levels of a heat map, from few to many.
pub static HEAT: [&Ink; 8] =
    [&HEAT_1, &HEAT_2, &HEAT_3, &HEAT_4, &HEAT_5, &HEAT_6, &HEAT_7, &HEAT_8];

/// What an area is covered with, so that it is told apart without its colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Texture {
    /// Nothing.
    #[default]
    Plain,
    /// Upright lines.
    Upright,
    /// `/////`
    Rising,
    /// `\\\\\`
    Falling,
    /// Both.
    Crossed,
    /// Level lines.
    Level,
    /// Dots.
    Dotted,
}

impl Texture {
    /// A part of an `id`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Upright => "upright",
            Self::Rising => "rising",
            Self::Falling => "falling",
            Self::Crossed => "crossed",
            Self::Level => "level",
            Self::Dotted => "dotted",
        }
    }
}

/// A colour with a texture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The colour.
    pub ink: &'static Ink,
    /// What lies on it, in the colour of the background.
    pub texture: Texture,
}

impl From<&'static Ink> for Fill {
    fn from(ink: &'static Ink) -> Self {
        Self { ink, texture: Texture::Plain }
    }
}

const fn fill(ink: &'static Ink, texture: Texture) -> Fill {
    Fill { ink, texture }
}

/// Verdicts from the bottom of a stack to its top, with what their areas look like.
pub static VERDICTS: [(Verdict, Fill); Verdict::COUNT] = [
    (Verdict::CorrectAccept, fill(&GREEN, Texture::Plain)),
    (Verdict::CorrectReject, fill(&SKY, Texture::Plain)),
    (Verdict::Grey, fill(&SILVER, Texture::Plain)),
    (Verdict::Unavailable, fill(&ORANGE, Texture::Rising)),
    (Verdict::Error, fill(&SLATE, Texture::Crossed)),
    (Verdict::WrongCode, fill(&BLUE, Texture::Level)),
    (Verdict::Misblamed, fill(&PURPLE, Texture::Dotted)),
    (Verdict::FalseReject, fill(&YELLOW, Texture::Falling)),
    (Verdict::FalseAccept, fill(&VERMILION, Texture::Upright)),
    (Verdict::IdentitySwap, fill(&STRONG, Texture::Plain)),
];

/// How a line is broken, in pixels of line and gap; an empty one is whole.
pub type Dash = &'static str;

/// What a line looks like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// Its colour.
    pub ink: &'static Ink,
    /// How wide it is, in pixels.
    pub width: f64,
    /// How it is broken.
    pub dash: Dash,
}

impl Stroke {
    /// What plotters knows of it.
    pub fn style(&self) -> ShapeStyle {
        self.ink.stroke_width((self.width * f64::from(PIXEL)).round() as u32)
    }

    /// The line, and below it a rim in the colour of the background that sets it off from others.
    pub fn raised(self) -> [Self; 2] {
        [stroke(&BACKGROUND, self.width + 2.4, ""), self]
    }
}

/// A line's look in short.
pub const fn stroke(ink: &'static Ink, width: f64, dash: Dash) -> Stroke {
    Stroke { ink, width, dash }
}

/// What styles of plotters have no notion of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// How lines are broken.
    pub dash: Dash,
    /// What areas are covered with.
    pub texture: Texture,
    /// Whether lines have sharp edges.
    pub is_crisp: bool,
}

/// A text's look: its size in pixels, its colour, and which end of it is given.
pub fn lettering(size: f64, ink: &'static Ink, anchor: HPos) -> TextStyle<'static> {
    let font = (FontFamily::SansSerif, size * f64::from(PIXEL));
    TextStyle::from(font).color(ink).pos(Pos::new(anchor, VPos::Bottom))
}

/// Lines that stand for series without a colour of their own, told apart by dash too.
pub static LINES: [Stroke; 8] = [
    stroke(&BLUE, 2.0, ""),
    stroke(&VERMILION, 2.0, "7 3"),
    stroke(&GREEN, 2.0, "2 2"),
    stroke(&PURPLE, 2.0, "9 3 2 3"),
    stroke(&ORANGE, 2.0, "4 2"),
    stroke(&SLATE, 2.0, "1 2"),
    stroke(&SKY, 2.0, "12 3"),
    stroke(&STRONG, 2.0, "5 2 1 2"),
];

/// Areas that stand for series without a colour of their own, told apart by texture too.
pub static AREAS: [Fill; 8] = [
    fill(&BLUE, Texture::Plain),
    fill(&ORANGE, Texture::Plain),
    fill(&GREEN, Texture::Rising),
    fill(&PURPLE, Texture::Plain),
    fill(&SKY, Texture::Falling),
    fill(&VERMILION, Texture::Dotted),
    fill(&SILVER, Texture::Plain),
    fill(&SLATE, Texture::Crossed),
];

/// Width of every chart, in pixels.
pub const WIDTH: f64 = 960.0;
/// Sizes of text, in pixels.
pub const TITLE: f64 = 17.0;
/// What is said about the whole chart.
pub const SUBTITLE: f64 = 12.5;
/// Legends, names of axes and panels.
pub const LABEL: f64 = 12.0;
/// Figures on axes, names of faults and phases.
pub const SMALL: f64 = 11.0;

/// Fonts in the order in which they are tried. The last is the one that widths are measured with,
/// which is wider than the others, and the one that PNG files are made with.
pub const FONTS: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Relative luminance as WCAG 2.2 defines it.
    fn luminance(hex: &str) -> f64 {
        let part = |at: usize| {
            let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn inks_are_told_apart_by_name_and_value() {
        let names: BTreeSet<_> = INKS.iter().map(|ink| ink.name).collect();
        let values: BTreeSet<_> = INKS.iter().map(|ink| ink.light).collect();
        assert_eq!((names.len(), values.len()), (INKS.len(), INKS.len()));
        assert!(INKS.iter().all(|ink| Ink::nearest(ink.rgb()) == *ink));
        assert_eq!(BLUE.rgb(), (0x00, 0x72, 0xb2));
    }

    #[test]
    fn text_is_legible_in_both_themes() {
        for theme in [Theme::Light, Theme::Dark] {
            for ink in [&TEXT, &MUTED] {
                for below in [&BACKGROUND, &BAND] {
                    let contrast = contrast(ink.hex(theme), below.hex(theme));
                    assert!(contrast >= 4.5, "{} on {}: {contrast:.2}", ink.name, below.name);
                }
            }
        }
    }

    #[test]
    fn heat_goes_from_the_background_steadily_away() {
        for theme in [Theme::Light, Theme::Dark] {
            let levels: Vec<f64> = std::iter::once(&&BACKGROUND)
                .chain(HEAT.iter())
                .map(|ink| luminance(ink.hex(theme)))
                .collect();
            let is_away = |pair: &[f64]| match theme {
                Theme::Light => pair[0] > pair[1],
                Theme::Dark => pair[0] < pair[1],
            };
            assert!(levels.windows(2).all(is_away), "{theme:?}: {levels:?}");
        }
    }

    #[test]
    fn every_verdict_has_its_own_look() {
        for (n, (verdict, fill)) in VERDICTS.iter().enumerate() {
            assert!(VERDICTS[n + 1..].iter().all(|(v, f)| v != verdict && f.ink != fill.ink));
        }
    }
}
