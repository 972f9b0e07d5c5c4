//! Figures in words, the same in every form that people read: counts with the right form of the noun,
//! times, rates, shares and memory in a fitting unit, lists.
//!
//! Forms for programs (`run.json`, `timeline.csv`, properties of `junit.xml`) keep their raw units and
//! use nothing of this.

use std::time::Duration;

pub use crate::units::counted;
use crate::units::{grouped, parse_span};

use super::figures::LagBounds;

/// A verb's form, or anything else that goes with the number.
pub fn form<'a>(count: u64, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

/// Hits with their unit, which is in the plural: `1,760 connections`, `1 connection`, `1 entry`.
pub fn hits(count: u64, unit: &str) -> String {
    let one = match (unit.strip_suffix("ies"), unit.strip_suffix('s')) {
        (Some(stem), _) => format!("{stem}y"),
        (None, one) => one.unwrap_or(unit).to_owned(),
    };
    counted(count, &one, unit)
}

/// A time in milliseconds to about two digits: `0.42 ms`, `8.5 ms`, `120 ms`, `2.1 s`, `95 s`, `60 min`,
/// `2.5 h`. One that is not zero is never told as zero: `<0.01 ms`.
pub fn span(ms: f64) -> String {
    match ms {
        ms if ms >= 7_170_000.0 => format!("{:.1} h", ms / 3.6e6),
        ms if ms >= 599_500.0 => format!("{:.0} min", ms / 6e4),
        ms if ms >= 9_950.0 => format!("{:.0} s", ms / 1e3),
        ms if ms >= 999.5 => format!("{:.1} s", ms / 1e3),
        ms if ms >= 9.95 => format!("{ms:.0} ms"),
        ms if ms >= 0.995 => format!("{ms:.1} ms"),
        ms if ms >= 0.005 => format!("{ms:.2} ms"),
        ms if ms > 0.0 => "<0.01 ms".to_owned(),
        _ => "0 ms".to_owned(),
    }
}

/// Microseconds as [`span`] tells them.
pub fn micros(micros: u64) -> String {
    span(micros as f64 / 1e3)
}

/// A time to its last digit, for what was set and what is held against it: `2 s`, `1.5 s`, `250 ms`,
/// `0.789 ms`, `10 min`.
pub fn exact(span: Duration) -> String {
    const SECOND: u128 = 1_000_000_000;
    let nanos = span.as_nanos();
    let (scale, unit) = match nanos {
        n if n >= 3_600 * SECOND && n % (3_600 * SECOND) == 0 => (3_600 * SECOND, "h"),
        n if n >= 600 * SECOND && n % (60 * SECOND) == 0 => (60 * SECOND, "min"),
        n if n >= SECOND => (SECOND, "s"),
        _ => (SECOND / 1_000, "ms"),
    };
    let whole = grouped(u64::try_from(nanos / scale).unwrap_or(u64::MAX));
    let places = scale.ilog10() as usize;
    match nanos % scale {
        0 => format!("{whole} {unit}"),
        rest => format!("{whole}.{} {unit}", format!("{rest:0places$}").trim_end_matches('0')),
    }
}

/// A text of our own in which times stand as scenarios write them, told with [`exact`]:
/// `measured ≤ 789us` becomes `measured ≤ 0.789 ms`. What only looks like a time, such as a part of a
/// name, stays.
pub fn retold(text: &str) -> String {
    let parts = |c: char| c.is_whitespace() || "(≤≥<>=±".contains(c);
    let ends = |c: char| c.is_whitespace() || ",;:.)".contains(c);
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
        let digits = from.find(|c: char| !is_number(c)).unwrap_or(from.len());
        let unit =
            from[digits..].find(|c: char| !c.is_alphanumeric()).unwrap_or(from.len() - digits);
        let (time, after) = from.split_at(digits + unit);
        out.push_str(before);
        let stands_alone = (out.is_empty() || out.ends_with(parts))
            && (after.is_empty() || after.starts_with(ends));
        let read = Some(time).filter(|_| stands_alone && unit > 0);
        match read.and_then(|time| parse_span(&time.replace(',', "")).ok()) {
            Some(span) => out.push_str(&exact(span)),
            None => out.push_str(time),
        }
        rest = after;
    }
    out + rest
}

/// Microseconds as a column of milliseconds shows them, to about three digits: `0.79`, `10.2`, `1,234`,
/// `<0.01`, `0`.
pub fn millis(micros: u64) -> String {
    match micros {
        0 => "0".to_owned(),
        us if us < 5 => "<0.01".to_owned(),
        us if us < 9_995 => format!("{:.2}", us as f64 / 1e3),
        us if us < 99_950 => format!("{:.1}", us as f64 / 1e3),
        us => grouped((us + 500) / 1_000),
    }
}

/// Where a lag lies, as a column of milliseconds shows it: `1,911–2,021`; `≥ 1,911` where it had not
/// ended.
pub fn interval(bounds: LagBounds) -> String {
    match bounds {
        LagBounds { low_ms, high_ms: Some(high) } => {
            format!("{}–{}", whole_millis(low_ms), whole_millis(high))
        }
        // "At least less than a tenth" says nothing.
        LagBounds { low_ms, high_ms: None } if low_ms > 0.0 && low_ms < 0.05 => "> 0".to_owned(),
        LagBounds { low_ms, high_ms: None } => format!("≥ {}", whole_millis(low_ms)),
    }
}

/// Milliseconds as a column of lags shows them: whole, and with a tenth below ten; `<0.1`, `0`.
pub fn whole_millis(ms: f64) -> String {
    match ms {
        ms if ms >= 9.95 => grouped(ms.round() as u64),
        ms if ms >= 0.05 => format!("{ms:.1}"),
        ms if ms > 0.0 => "<0.1".to_owned(),
        _ => "0".to_owned(),
    }
}

/// An instant of a run, as a column of seconds shows it.
pub fn instant(seconds: f64) -> String {
    format!("{seconds:.1}")
}

/// So many for each: `0.335`, `1.1`, `3`, `<0.001`, `0`.
pub fn ratio(ratio: f64) -> String {
    if ratio > 0.0 && ratio < 0.000_5 {
        return "<0.001".to_owned();
    }
    let text = format!("{ratio:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Events a second, without `/s`: `2,003`, `99.5`, `0.2`, `<0.1`, `0`.
pub fn rate(per_second: f64) -> String {
    match per_second {
        rate if rate >= 99.95 => grouped(rate.round() as u64),
        rate if rate >= 0.05 => format!("{rate:.1}"),
        rate if rate > 0.0 => "<0.1".to_owned(),
        _ => "0".to_owned(),
    }
}

/// Memory: `28 MiB`, `15.6 GiB`, `<1 MiB`, `0 MiB`.
pub fn memory(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;
    match bytes {
        1..MIB => "<1 MiB".to_owned(),
        bytes if bytes >= 10 * GIB => format!("{:.1} GiB", bytes as f64 / GIB as f64),
        bytes => format!("{} MiB", grouped(bytes / MIB)),
    }
}

/// A part of a whole: `1.2%`, `0.03%`, `<0.01%`; `0%` of nothing.
pub fn percent(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return "0%".to_owned();
    }
    share(part as f64 / whole as f64)
}

/// A share from 0 to 1 as `88%`, `1.2%`, `0.03%` or `<0.01%`; `99.50%` to `99.99%` where it is nearly
/// all.
pub fn share(share: f64) -> String {
    match share * 100.0 {
        x if x <= 0.0 => "0%".to_owned(),
        // Neither all nor nothing, unless it is.
        x if (99.5..100.0).contains(&x) => format!("{:.2}%", x.min(99.99)),
        x if x >= 9.95 => format!("{x:.0}%"),
        x if x >= 0.095 => format!("{x:.1}%"),
        x if x >= 0.01 => format!("{x:.2}%"),
        _ => "<0.01%".to_owned(),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// `user_not_found 1,200, token_invalid 34`: the largest first, at most `most` of them. A name that ends
/// with a number of its own is kept apart from its count: `store-outage 2: 760`.
pub fn ranked<N: AsRef<str>>(counts: impl IntoIterator<Item = (N, u64)>, most: usize) -> String {
    let mut counts: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.as_ref().cmp(b.0.as_ref())));
    let rest = counts.len().saturating_sub(most);
    let told = |(name, count): &(N, u64)| {
        let name = name.as_ref();
        format!("{name}{} {}", colon(name), grouped(*count))
    };
    let mut text: Vec<String> = counts.iter().take(most).map(told).collect();
    if rest > 0 {
        text.push(format!("{rest} more"));
    }
    text.join(", ")
}

fn colon(name: &str) -> &'static str {
    if name.ends_with(|c: char| c.is_ascii_digit()) { ":" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_follow_their_number() {
        assert_eq!(counted(1, "user", "users"), "1 user");
        assert_eq!(counted(0, "user", "users"), "0 users");
        assert_eq!(counted(1_204, "user", "users"), "1,204 users");
        let hits = [(1, "entries"), (1, "connections"), (0, "users"), (1_760, "pieces")];
        let wanted = ["1 entry", "1 connection", "0 users", "1,760 pieces"];
        assert_eq!(hits.map(|(count, unit)| super::hits(count, unit)), wanted);
        assert_eq!((form(1, "was", "were"), form(2, "was", "were")), ("was", "were"));
    }

    #[test]
    fn times_and_shares_keep_about_two_digits() {
        let times = [0.0, 0.42, 8.54, 9.99, 120.4, 999.7, 2_100.0, 95_400.0].map(span);
        let wanted = ["0 ms", "0.42 ms", "8.5 ms", "10 ms", "120 ms", "1.0 s", "2.1 s", "95 s"];
        assert_eq!(times, wanted);
        let long = [599_000.0, 600_000.0, 3_600_000.0, 7_200_000.0, 9e6].map(span);
        assert_eq!(long, ["599 s", "10 min", "60 min", "2.0 h", "2.5 h"]);
        assert_eq!((micros(850), micros(2_100)), ("0.85 ms".to_owned(), "2.1 ms".to_owned()));
        let shares = [(0, 5), (5, 0), (1, 100_000), (3, 10_000), (12, 1_000), (880, 1_000)];
        let wanted = ["0%", "0%", "<0.01%", "0.03%", "1.2%", "88%"];
        assert_eq!(shares.map(|(part, whole)| percent(part, whole)), wanted);
        let nearly_all = [(99_999, 100_000), (199, 200), (1_989, 2_000), (4, 4)];
        let wanted = ["99.99%", "99.50%", "99%", "100%"];
        assert_eq!(nearly_all.map(|(part, whole)| percent(part, whole)), wanted);
    }

    #[test]
    fn what_was_set_is_told_to_its_last_digit() {
        let told = |nanos| exact(Duration::from_nanos(nanos));
        for (nanos, wanted) in [
            (0, "0 ms"),
            (12, "0.000012 ms"),
            (789_000, "0.789 ms"),
            (25_040_000, "25.04 ms"),
            (1_500_000_000, "1.5 s"),
            (2_108_200_000, "2.1082 s"),
            (60_000_000_000, "60 s"),
            (90_000_000_000, "90 s"),
            (1_234_000_000_000, "1,234 s"),
            (600_000_000_000, "10 min"),
            (5_400_000_000_000, "90 min"),
            (7_200_000_000_000, "2 h"),
        ] {
            assert_eq!(told(nanos), wanted);
        }
    }

    #[test]
    fn times_within_a_text_are_told_like_all_others() {
        for (text, wanted) in [
            ("789us", "0.789 ms"),
            ("measured ≤ 2.108s, wanted < 2s", "measured ≤ 2.108 s, wanted < 2 s"),
            (
                "delete 300 users over 10s, gone for 250ms",
                "delete 300 users over 10 s, gone for 250 ms",
            ),
            ("delay the store link by 5ms ± 2ms", "delay the store link by 5 ms ± 2 ms"),
            ("≥ 1m", "≥ 60 s"),
            ("1m30s", "1m30s"),
            ("1,200/s of p99 at 3 ms", "1,200/s of p99 at 3 ms"),
            (
                "never measured: no answer was timeout in peak-10s",
                "never measured: no answer was timeout in peak-10s",
            ),
            ("\u{1b}[31m, [5s]", "\u{1b}[31m, [5s]"),
            ("10s-burst, x_5ms, v1.2s", "10s-burst, x_5ms, v1.2s"),
            ("0.1%, 12", "0.1%, 12"),
            ("é5µs 5µs", "é5µs 0.005 ms"),
        ] {
            assert_eq!(retold(text), wanted);
            assert_eq!(retold(wanted), wanted, "once is enough");
        }
    }

    #[test]
    fn columns_have_one_form() {
        let times = [0, 789, 9_994, 9_995, 99_949, 99_950, 1_234_567].map(millis);
        assert_eq!(times, ["0", "0.79", "9.99", "10.0", "99.9", "100", "1,235"]);
        let bounds = |low_ms, high_ms| interval(LagBounds { low_ms, high_ms });
        assert_eq!(bounds(1_486.4, Some(1_709.6)), "1,486–1,710");
        assert_eq!(
            (bounds(0.0, Some(4.26)), bounds(2_000.0, None)),
            ("0–4.3".into(), "≥ 2,000".into())
        );
        assert_eq!([0.335, 1.1, 3.0, 0.0].map(ratio), ["0.335", "1.1", "3", "0"]);
        assert_eq!(
            [0.0, 0.2, 99.94, 99.96, 2_003.4].map(rate),
            ["0", "0.2", "99.9", "100", "2,003"]
        );
        assert_eq!(
            [28 << 20, 9 << 30, 16_711_000_000].map(memory),
            ["28 MiB", "9,216 MiB", "15.6 GiB"]
        );
        assert_eq!(instant(7.04), "7.0");
    }

    #[test]
    fn what_is_not_zero_is_not_told_as_zero() {
        for (told, zero, small, least) in [
            ([0.0, 0.000_4, 0.005].map(span), "0 ms", "<0.01 ms", "0.01 ms"),
            ([0, 1, 5].map(micros), "0 ms", "<0.01 ms", "0.01 ms"),
            ([0, 4, 6].map(micros), "0 ms", "<0.01 ms", "0.01 ms"),
            ([0, 1, 5].map(millis), "0", "<0.01", "0.01"),
            ([0, 4, 6].map(millis), "0", "<0.01", "0.01"),
            ([0.0, 0.04, 0.05].map(whole_millis), "0", "<0.1", "0.1"),
            ([0.0, 0.04, 0.05].map(rate), "0", "<0.1", "0.1"),
            ([0.0, 0.000_4, 0.000_5].map(ratio), "0", "<0.001", "0.001"),
            ([0, 1, 1 << 20].map(memory), "0 MiB", "<1 MiB", "1 MiB"),
            ([0, 1_048_575, 1_048_576].map(memory), "0 MiB", "<1 MiB", "1 MiB"),
            ([0.0, 0.000_04, 0.000_1].map(share), "0%", "<0.01%", "0.01%"),
        ] {
            assert_eq!(told, [zero, small, least]);
        }
        let bounds = |low_ms, high_ms| interval(LagBounds { low_ms, high_ms });
        assert_eq!([bounds(0.01, Some(0.02)), bounds(0.01, None)], ["<0.1–<0.1", "> 0"]);
    }

    #[test]
    fn lists_read_as_sentences() {
        let items: Vec<String> = ["a", "b", "c"].map(String::from).to_vec();
        assert_eq!(listed(&items), "a, b and c");
        assert_eq!(listed(&items[..2]), "a and b");
        assert_eq!(ranked([("x", 1), ("y", 0), ("z", 2_000), ("w", 1)], 2), "z 2,000, w 1, 1 more");
        assert_eq!(ranked([("churn 2", 760), ("GET /me", 3)], 2), "churn 2: 760, GET /me 3");
    }
}
