//! Figures as the view shows them: short, in columns.

use std::time::Duration;

use crate::report::model::Percentiles;
use crate::report::wording::micros;
use crate::units::grouped;

/// Above the columns of [`columns`].
pub const HEADS: [&str; 5] = ["p50", "p90", "p99", "p99.9", "max"];

/// The times below [`HEADS`]; dashes without an answer.
pub fn columns(times: Option<Percentiles>) -> [String; 5] {
    let Some(p) = times.filter(|times| times.count > 0) else {
        return HEADS.map(|_| "-".to_owned());
    };
    [p.p50, p.p90, p.p99, p.p999, p.max].map(micros)
}

/// A count a second.
pub fn rate(count: u64) -> String {
    format!("{}/s", grouped(count))
}

/// Whole seconds.
pub fn seconds(time: Duration) -> String {
    format!("{:.0}", time.as_secs_f64())
}

/// The text, cut to so many columns; what was cut shows as `…`.
pub fn cut(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    let kept: String = text.chars().take(columns.saturating_sub(1)).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_texts_are_short() {
        let times = Percentiles { count: 9, p50: 850, p99: 2_100, ..Percentiles::default() };
        assert_eq!(columns(Some(times)), ["0.85 ms", "0 ms", "2.1 ms", "0 ms", "0 ms"]);
        assert_eq!(columns(Some(Percentiles::default())), ["-"; 5]);
        assert_eq!(cut("orders", 6), "orders");
        assert_eq!(cut("orders", 4), "ord…");
        assert_eq!(cut("orders", 0), "…");
    }
}
