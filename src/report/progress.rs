//! The line that shows how far a run is: a pure function of a [`Snapshot`].

use std::time::Duration;

use crate::units::grouped;

use super::console::{Colour, Style};
use super::wording::{micros, rate};

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The phase under way; before load, what is being done, such as `minting`.
    pub phase: String,
    /// Since the start of load.
    pub elapsed: Duration,
    /// How long the load is planned to take.
    pub planned: Duration,
    /// Requests that were due so far.
    pub due: u64,
    /// Sent so far.
    pub sent: u64,
    /// Answered so far.
    pub done: u64,
    /// Answers a second, over the last second.
    pub rate: f64,
    /// Median response time over the last second, in microseconds; `None` without an answer.
    pub p50_us: Option<u64>,
    /// 99th percentile of the same.
    pub p99_us: Option<u64>,
    /// Verdicts so far by name. Those that are zero are not shown.
    pub verdicts: Vec<(&'static str, u64)>,
    /// Kinds of the faults that are under way.
    pub faults: Vec<String>,
}

/// Verdicts that need no look.
const USUAL: [&str; 3] = ["correct_accept", "correct_reject", "grey"];

/// One line without a line break, at most `width` columns wide.
pub fn line(snapshot: &Snapshot, style: Style, width: usize) -> String {
    let s = snapshot;
    let seconds = |span: Duration| format!("{:.0}", span.as_secs_f64());
    let mut parts = vec![
        (format!("{} {}/{} s", s.phase, seconds(s.elapsed), seconds(s.planned)), Colour::Plain),
        (
            format!("due {} sent {} done {}", grouped(s.due), grouped(s.sent), grouped(s.done)),
            Colour::Plain,
        ),
        (format!("{}/s", rate(s.rate)), Colour::Plain),
    ];
    if let (Some(p50), Some(p99)) = (s.p50_us, s.p99_us) {
        parts.push((format!("p50 {} p99 {}", micros(p50), micros(p99)), Colour::Plain));
    }
    if !s.faults.is_empty() {
        parts.push((format!("fault {}", s.faults.join("+")), Colour::Yellow));
    }
    // The unusual ones first: the end of the line is what a narrow screen cuts.
    let (usual, unusual): (Vec<_>, Vec<_>) = s
        .verdicts
        .iter()
        .filter(|(_, count)| *count > 0)
        .partition(|(name, _)| USUAL.contains(name));
    parts.extend(unusual.iter().map(|(name, n)| (format!("{name} {}", grouped(*n)), Colour::Red)));
    parts.extend(usual.iter().map(|(name, n)| (format!("{name} {}", grouped(*n)), Colour::Plain)));
    joined(&parts, style, width)
}

/// As many whole parts as fit; the first is cut rather than left out.
fn joined(parts: &[(String, Colour)], style: Style, width: usize) -> String {
    const BETWEEN: &str = " | ";
    let mut text = String::new();
    let mut used = 0;
    for (n, (part, colour)) in parts.iter().enumerate() {
        let gap = if n == 0 { "" } else { BETWEEN };
        let columns = part.chars().count() + gap.len();
        if n == 0 && columns > width {
            return part.chars().take(width).collect();
        }
        if used + columns > width {
            break;
        }
        used += columns;
        text.push_str(gap);
        text.push_str(&style.paint(*colour, part));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot() -> Snapshot {
        Snapshot {
            phase: "steady".into(),
            elapsed: Duration::from_millis(12_400),
            planned: Duration::from_secs(35),
            due: 24_012,
            sent: 24_010,
            done: 23_998,
            rate: 2_003.4,
            p50_us: Some(820),
            p99_us: Some(4_210),
            verdicts: vec![("correct_accept", 23_900), ("false_accept", 7), ("error", 0)],
            faults: vec!["store-slow".into(), "churn".into()],
        }
    }

    #[test]
    fn shows_everything_where_there_is_room() {
        let text = line(&snapshot(), Style::plain(), 200);
        assert_eq!(
            text,
            "steady 12/35 s | due 24,012 sent 24,010 done 23,998 | 2,003/s | p50 0.82 ms p99 4.2 ms \
             | fault store-slow+churn | false_accept 7 | correct_accept 23,900"
        );
    }

    #[test]
    fn a_narrow_screen_loses_the_usual_first() {
        let text = line(&snapshot(), Style::plain(), 135);
        assert!(text.ends_with("false_accept 7"), "{text}");
        for width in 0..160 {
            assert!(line(&snapshot(), Style::plain(), width).chars().count() <= width);
        }
        assert_eq!(line(&snapshot(), Style::plain(), 6), "steady");
    }

    #[test]
    fn before_the_first_answer_there_are_no_percentiles() {
        let text =
            line(&Snapshot { phase: "seeding".into(), ..<_>::default() }, Style::plain(), 99);
        assert_eq!(text, "seeding 0/0 s | due 0 sent 0 done 0 | 0/s");
    }
}
