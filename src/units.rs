//! Quantities as people write them: `"5s"`, `"2000/s"`, `"1%"`.
//!
//! Each has one parser, one printer that the parser reads back, and one error that says what was
//! found and what would have been right.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A text that is not the quantity it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("found \"{found}\"; expected {expected}")]
pub struct UnitError {
    found: String,
    expected: &'static str,
}

impl UnitError {
    fn new(found: &str, expected: &'static str) -> Self {
        Self { found: found.to_owned(), expected }
    }
}

const SPAN: &str = "a time such as \"250us\", \"20ms\", \"1.5s\", \"5m\" or \"1h\"";
const RATE: &str = "a rate such as \"500/s\", \"30/m\" or \"10/h\"";
const SHARE: &str = "a share from 0% to 100%, such as \"1%\" or \"0.5%\"";

/// Reads a time such as `20ms` or `1.5s`. Units: `ns`, `us` or `µs`, `ms`, `s`, `m`, `h`.
pub fn parse_span(text: &str) -> Result<Duration, UnitError> {
    let fail = || UnitError::new(text, SPAN);
    let (number, unit) = split_unit(text).ok_or_else(fail)?;
    let scale = match unit {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(fail()),
    };
    // Whole nanoseconds, so that "1.5s" is exactly that in spite of binary fractions.
    let nanos = (number * scale * 1e9).round();
    if !(0.0..9.2e18).contains(&nanos) {
        return Err(fail());
    }
    Ok(Duration::from_nanos(nanos as u64))
}

/// Prints a time in its largest unit that leaves no more than three decimals.
pub fn format_span(span: Duration) -> String {
    let nanos = span.as_nanos();
    let (scale, unit) = match nanos {
        0 => return "0s".to_owned(),
        n if n % 3_600_000_000_000 == 0 => (3_600_000_000_000, "h"),
        n if n % 60_000_000_000 == 0 => (60_000_000_000, "m"),
        n if n >= 1_000_000_000 && n % 1_000_000 == 0 => (1_000_000_000, "s"),
        n if n >= 1_000_000 && n % 1_000 == 0 => (1_000_000, "ms"),
        n if n >= 1_000 => (1_000, "us"),
        _ => (1, "ns"),
    };
    let whole = nanos / scale;
    let thousandths = nanos % scale * 1_000 / scale;
    if thousandths == 0 {
        format!("{whole}{unit}")
    } else {
        let decimals = format!("{thousandths:03}");
        format!("{whole}.{}{unit}", decimals.trim_end_matches('0'))
    }
}

/// Prints a time for people, to a thousandth of its unit: `8.993s` for 8,993,055,555 ns.
pub fn rounded_span(span: Duration) -> String {
    let step = match span.as_nanos() {
        nanos if nanos >= 1_000_000_000 => 1_000_000,
        nanos if nanos >= 1_000_000 => 1_000,
        _ => 1,
    };
    let nanos = span.as_nanos().saturating_add(step / 2) / step * step;
    format_span(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
}

fn split_unit(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'))?;
    let number = text[..end].replace('_', "").parse().ok()?;
    Some((number, text[end..].trim_start()))
}

/// Events a second; finite and not below zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Rate(f64);

impl Rate {
    /// No events.
    pub const ZERO: Self = Self(0.0);

    /// `None` if the figure is negative, infinite or not a number.
    pub fn per_second(rate: f64) -> Option<Self> {
        (rate.is_finite() && rate >= 0.0).then_some(Self(rate))
    }

    /// Events a second.
    pub fn as_per_second(self) -> f64 {
        self.0
    }

    /// The rate times a factor that is finite and not below zero.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self((self.0 * factor).clamp(0.0, f64::MAX))
    }
}

impl FromStr for Rate {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let fail = || UnitError::new(text, RATE);
        let (number, unit) = split_unit(text).ok_or_else(fail)?;
        let per_second = match unit.strip_prefix('/').map(str::trim) {
            Some("s") => number,
            Some("m") => number / 60.0,
            Some("h") => number / 3600.0,
            _ => return Err(fail()),
        };
        Self::per_second(per_second).ok_or_else(fail)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 >= 1.0 || self.0 == 0.0 {
            write!(f, "{}/s", round3(self.0))
        } else {
            write!(f, "{}/m", round3(self.0 * 60.0))
        }
    }
}

/// A part of a whole, from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Share(f64);

impl Share {
    /// Nothing.
    pub const NONE: Self = Self(0.0);
    /// The whole.
    pub const ALL: Self = Self(1.0);

    /// `None` outside 0 to 1.
    pub fn new(fraction: f64) -> Option<Self> {
        (0.0..=1.0).contains(&fraction).then_some(Self(fraction))
    }

    /// The part as a number from 0 to 1.
    pub fn fraction(self) -> f64 {
        self.0
    }

    /// This share of `whole`, rounded, but at least one if neither is zero.
    pub fn of(self, whole: u32) -> u32 {
        let part = (self.0 * f64::from(whole)).round() as u32;
        if part == 0 && self.0 > 0.0 && whole > 0 { 1 } else { part.min(whole) }
    }
}

impl FromStr for Share {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let fail = || UnitError::new(text, SHARE);
        let (number, unit) = split_unit(text).ok_or_else(fail)?;
        if unit != "%" {
            return Err(fail());
        }
        Self::new(number / 100.0).ok_or_else(fail)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", round3(self.0 * 100.0))
    }
}

fn round3(x: f64) -> f64 {
    (x * 1e3).round() / 1e3
}

/// Groups digits in threes: `1,234,567`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 user`, `41 users`, `1,204 users`.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_back_what_they_print() {
        for text in ["250us", "20ms", "1.5s", "5m", "1h", "0s", "90s", "1.234s", "12ns"] {
            let span = parse_span(text).unwrap();
            assert_eq!(parse_span(&format_span(span)).unwrap(), span, "{text}");
        }
        assert_eq!(parse_span("1.5s").unwrap(), Duration::from_millis(1500));
        assert_eq!(format_span(Duration::from_secs(90)), "90s");
    }

    #[test]
    fn times_for_people_have_three_decimals_at_most() {
        let shown = |nanos| rounded_span(Duration::from_nanos(nanos));
        assert_eq!(shown(8_993_055_555), "8.993s");
        assert_eq!(shown(59_999_600_000), "1m");
        assert_eq!(shown(1_500_499), "1.5ms");
        assert_eq!(shown(1_234), "1.234us");
        assert_eq!((shown(0), shown(7)), ("0s".to_owned(), "7ns".to_owned()));
    }

    #[test]
    fn what_is_not_a_quantity_says_what_would_be() {
        for text in ["", "5", "s", "-5s", "5 parsecs", "1e3s", "99999999999999h", "..s"] {
            assert!(parse_span(text).is_err(), "{text}");
        }
        for text in ["", "5", "/s", "-1/s", "5/d", "x/s"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
        for text in ["101%", "-1%", "1", "%", "one%"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
        let error = "101%".parse::<Share>().unwrap_err().to_string();
        assert!(error.contains("101%") && error.contains("0% to 100%"), "{error}");
    }

    #[test]
    fn a_share_of_something_is_at_least_one() {
        let percent: Share = "1%".parse().unwrap();
        assert_eq!((percent.of(1_000), percent.of(3), percent.of(0)), (10, 1, 0));
        assert_eq!((Share::NONE.of(10), Share::ALL.of(10)), (0, 10));
    }

    #[test]
    fn digits_group_in_threes() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
