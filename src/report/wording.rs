//! Figures in words: counts with the right form of the noun, times in a fitting unit, lists.

use std::time::Duration;

pub use crate::units::counted;
use crate::units::{format_span, grouped};

/// A verb's form, or anything else that goes with the number.
pub fn form<'a>(count: u64, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

/// A time in milliseconds to about two digits: `0.42 ms`, `8.5 ms`, `120 ms`, `2.1 s`, `95 s`.
pub fn span(ms: f64) -> String {
    match ms {
        ms if ms >= 9_950.0 => format!("{:.0} s", ms / 1e3),
        ms if ms >= 999.5 => format!("{:.1} s", ms / 1e3),
        ms if ms >= 9.95 => format!("{ms:.0} ms"),
        ms if ms >= 0.995 => format!("{ms:.1} ms"),
        ms if ms > 0.0 => format!("{ms:.2} ms"),
        _ => "0 ms".to_owned(),
    }
}

/// A time that was set, to the last digit: `2 s`, `1.5 s`, `250 ms`.
pub fn exact(span: Duration) -> String {
    let text = format_span(span);
    let unit = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
    format!("{} {}", &text[..unit], &text[unit..])
}

/// A part of a whole: `1.2%`, `0.03%`, `<0.01%`; `0%` of nothing.
pub fn percent(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return "0%".to_owned();
    }
    share(part as f64 / whole as f64)
}

/// A share from 0 to 1 as `88%`, `1.2%`, `0.03%` or `<0.01%`.
pub fn share(share: f64) -> String {
    match share * 100.0 {
        x if x <= 0.0 => "0%".to_owned(),
        // Neither all nor nothing, unless it is.
        x if x > 99.5 && x < 100.0 => format!("{:.2}%", x.min(99.99)),
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

/// `user_not_found 1,200, token_invalid 34`: the largest first, at most `most` of them.
pub fn ranked<'a>(counts: impl IntoIterator<Item = (&'a str, u64)>, most: usize) -> String {
    let mut counts: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let rest = counts.len().saturating_sub(most);
    let shown = counts.iter().take(most);
    let mut text: Vec<String> =
        shown.map(|(name, count)| format!("{name} {}", grouped(*count))).collect();
    if rest > 0 {
        text.push(format!("{rest} more"));
    }
    text.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_follow_their_number() {
        assert_eq!(counted(1, "user", "users"), "1 user");
        assert_eq!(counted(0, "user", "users"), "0 users");
        assert_eq!(counted(1_204, "user", "users"), "1,204 users");
        assert_eq!((form(1, "was", "were"), form(2, "was", "were")), ("was", "were"));
    }

    #[test]
    fn times_and_shares_keep_about_two_digits() {
        let times = [0.0, 0.42, 8.54, 9.99, 120.4, 999.7, 2_100.0, 95_400.0].map(span);
        let wanted = ["0 ms", "0.42 ms", "8.5 ms", "10 ms", "120 ms", "1.0 s", "2.1 s", "95 s"];
        assert_eq!(times, wanted);
        assert_eq!(exact(Duration::from_millis(1_500)), "1.5 s");
        let shares = [(0, 5), (5, 0), (1, 100_000), (3, 10_000), (12, 1_000), (880, 1_000)];
        let wanted = ["0%", "0%", "<0.01%", "0.03%", "1.2%", "88%"];
        assert_eq!(shares.map(|(part, whole)| percent(part, whole)), wanted);
        assert_eq!([percent(99_999, 100_000), percent(4, 4)], ["99.99%", "100%"]);
    }

    #[test]
    fn lists_read_as_sentences() {
        let items: Vec<String> = ["a", "b", "c"].map(String::from).to_vec();
        assert_eq!(listed(&items), "a, b and c");
        assert_eq!(listed(&items[..2]), "a and b");
        assert_eq!(ranked([("x", 1), ("y", 0), ("z", 2_000), ("w", 1)], 2), "z 2,000, w 1, 1 more");
    }
}
