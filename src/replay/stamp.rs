//! Instants as logs spell them.
//!
//! Four spellings are read: the log format of NCSA (`10/Oct/2000:13:55:36 -0700`), RFC 3339, and
//! decimal numbers since 1970 in seconds, milliseconds, microseconds or nanoseconds, told apart by
//! their size. A [`Stamp`] is only ever compared with stamps of the same file, so that what is kept
//! of it is a distance.

use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

/// An instant of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Nanoseconds from an origin that all stamps of a file share.
    pub nanos: i64,
    /// It was written without a fraction of a second, so when in that second it was is not known.
    pub whole_second: bool,
}

const SECOND: i64 = 1_000_000_000;

const NCSA: &[BorrowedFormatItem<'_>] =
    format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second]");

/// Reads any spelling.
pub fn parse(text: &str) -> Option<Stamp> {
    let text = text.trim();
    match text.as_bytes() {
        [_, _, b'/', ..] => ncsa(text),
        [_, _, _, _, b'-', ..] => rfc3339(text),
        _ => since_1970(text),
    }
}

/// `10/Oct/2000:13:55:36 -0700`, also with a fraction behind the second.
pub fn ncsa(text: &str) -> Option<Stamp> {
    let (local, offset) = text.split_once(' ')?;
    let (whole, fraction) = match local.split_once('.') {
        Some((whole, digits)) => (whole, Some(digits)),
        None => (local, None),
    };
    let at = PrimitiveDateTime::parse(whole, NCSA).ok()?;
    stamp(at.assume_offset(parse_offset(offset)?), fraction)
}

/// `+hhmm` or `-hhmm`.
fn parse_offset(text: &str) -> Option<UtcOffset> {
    let (sign, digits) = text.split_at_checked(1)?;
    let number: i32 = (digits.len() == 4).then(|| digits.parse().ok())??;
    let seconds = (number / 100) * 3600 + (number % 100) * 60;
    match sign {
        "+" => UtcOffset::from_whole_seconds(seconds).ok(),
        "-" => UtcOffset::from_whole_seconds(-seconds).ok(),
        _ => None,
    }
}

/// `2000-10-10T20:55:36Z`, with or without a fraction.
fn rfc3339(text: &str) -> Option<Stamp> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let whole_second = text.as_bytes().get(19) != Some(&b'.');
    Some(Stamp { nanos: i64::try_from(at.unix_timestamp_nanos()).ok()?, whole_second })
}

fn stamp(at: OffsetDateTime, fraction: Option<&str>) -> Option<Stamp> {
    let within = fraction.map_or(Some(0), billionths)?;
    let nanos = at.unix_timestamp().checked_mul(SECOND)?.checked_add(within)?;
    Some(Stamp { nanos, whole_second: fraction.is_none() })
}

/// A decimal number: up to eleven digits before the point are seconds, up to fourteen milliseconds,
/// up to seventeen microseconds, more nanoseconds. So the year may be any from 1973 to 5138.
pub fn since_1970(text: &str) -> Option<Stamp> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, digits)) => (whole, Some(digits)),
        None => (text, None),
    };
    if whole.is_empty() || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let scale = match whole.len() {
        0..=11 => SECOND,
        12..=14 => 1_000_000,
        15..=17 => 1_000,
        _ => 1,
    };
    let parts = fraction.map_or(Some(0), billionths)?;
    let nanos = whole.parse::<i64>().ok()?.checked_mul(scale)?;
    let nanos = nanos.checked_add(parts / (SECOND / scale))?;
    Some(Stamp { nanos, whole_second: scale == SECOND && fraction.is_none() })
}

/// A span in decimal `unit_nanos`, such as `0.042` seconds, in nanoseconds.
pub fn span(text: &str, unit_nanos: i64) -> Option<i64> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) {
        return None;
    }
    let parts = billionths(fraction)? / (SECOND / unit_nanos);
    whole.parse::<i64>().ok()?.checked_mul(unit_nanos)?.checked_add(parts)
}

/// The digits behind a point as billionths; what is finer than that is cut off.
fn billionths(digits: &str) -> Option<i64> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let kept = &digits[..digits.len().min(9)];
    Some(kept.parse::<i64>().ok()? * 10_i64.pow(9 - kept.len() as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: i64 = 971_211_336 * SECOND;

    #[test]
    fn every_spelling_of_an_instant_is_that_instant() {
        for text in [
            "10/Oct/2000:13:55:36 -0700",
            "10/Oct/2000:20:55:36 +0000",
            "2000-10-10T20:55:36Z",
            "2000-10-10T22:55:36+02:00",
            "971211336",
        ] {
            assert_eq!(parse(text), Some(Stamp { nanos: AT, whole_second: true }), "{text}");
        }
        for text in [
            "10/Oct/2000:13:55:36.042 -0700",
            "2000-10-10T20:55:36.042Z",
            "2000-10-10T20:55:36.042000000+00:00",
            "971211336.042",
            "971211336042",
            "971211336042.0",
            "971211336042000",
            "971211336042000000",
            " 971211336.0420000001 ",
        ] {
            let expected = Stamp { nanos: AT + 42_000_000, whole_second: false };
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for text in [
            "",
            "-",
            "now",
            "10/Oct/2000",
            "32/Oct/2000:13:55:36 -0700",
            "10/Oct/2000:13:55:36",
            "10/Oct/2000:13:55:36 0700",
            "2000-10-10",
            "2000-10-10T25:55:36Z",
            "1.",
            "1.x",
            "-5",
            "99999999999999999999",
            "99999999999999999999999999999999999999999999",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn spans_keep_their_thousandths() {
        assert_eq!(span("0.042", SECOND), Some(42_000_000));
        assert_eq!(span("1", SECOND), Some(SECOND));
        assert_eq!(span("17", 1_000_000), Some(17_000_000));
        assert_eq!(span("17.5", 1_000_000), Some(17_500_000));
        for text in ["-", "", "-1", "1e3", "99999999999"] {
            assert_eq!(span(text, SECOND), None, "{text}");
        }
    }
}
