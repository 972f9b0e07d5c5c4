//! Figures as the view shows them: short, in columns.

use std::time::Duration;

use crate::measure::LatencyKind;
use crate::report::RunReport;
use crate::report::model::Percentiles;
use crate::report::wording::span;
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

/// Response times of all measured phases and classes; `None` before the first.
pub fn overall(report: &RunReport) -> Option<Percentiles> {
    report.overall(LatencyKind::Response)
}

/// A time in microseconds: `850 µs`, `2.1 ms`.
pub fn micros(us: u64) -> String {
    if us < 1_000 { format!("{us} µs") } else { span(us as f64 / 1e3) }
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
        assert_eq!(micros(850), "850 µs");
        assert_eq!(micros(2_100), "2.1 ms");
        assert_eq!(cut("orders", 6), "orders");
        assert_eq!(cut("orders", 4), "ord…");
        assert_eq!(cut("orders", 0), "…");
    }
}
