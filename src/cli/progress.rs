//! How a run stands, while it goes: one line rewritten on a terminal, or a line now and then in the
//! log of a CI job. On standard error, so that the summary can be piped.

use std::io::Write as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::live::feed::step_text;
use crate::live::{EntryKind, Moment, Standing, Subscriber};
use crate::outcome::Verdict;
use crate::report::Step;
use crate::report::console::Style;
use crate::report::progress::{Snapshot, line};
use crate::units::grouped;

/// Seconds of load between two lines where lines are not rewritten.
const EVERY: u64 = 5;

/// Columns of a line where there is no screen.
const LOG_WIDTH: usize = 200;

/// Where the line goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// Into a log: a line now and then.
    Log,
    /// Onto a terminal: one that is rewritten.
    Rewritten,
}

/// Shows how a run stands until it ends.
pub async fn watch(mut feed: Subscriber, lines: Lines, style: Style) {
    let bar = (lines == Lines::Rewritten).then(bar);
    let mut shown = Shown::default();
    while let Some(moment) = feed.next().await {
        for text in shown.entries(&moment, lines) {
            match &bar {
                Some(bar) => bar.println(text),
                None => print(&text),
            }
        }
        match (&bar, &moment.standing) {
            (Some(bar), None) => bar.set_message(moment.step.map(now).unwrap_or_default()),
            // The terminal's line is cut by whoever draws it, who knows how wide it is now.
            (Some(bar), Some(standing)) => {
                bar.set_message(line(&snapshot(standing), style, usize::MAX));
            }
            (None, Some(standing)) if shown.is_due(standing.row.second) => {
                print(&line(&snapshot(standing), style, LOG_WIDTH));
            }
            (None, _) => {}
        }
        if moment.end.is_some() {
            break;
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}

fn print(text: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    // `wide_msg` cuts at the edge of the screen, so that the line never wraps.
    if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
        bar.set_style(style);
    }
    bar
}

/// A step under way.
fn now(step: Step) -> String {
    match step {
        Step::Minting { done, total } => {
            format!("minting tokens: {} of {}", grouped(done), grouped(total))
        }
        step => step_text(&step),
    }
}

/// What has been shown already.
#[derive(Debug, Default)]
struct Shown {
    /// The number of the next entry of the log.
    entry: u64,
    /// The stretch of [`EVERY`] seconds that the next line is for.
    stretch: u64,
}

impl Shown {
    /// Entries that are worth a line of their own and have not been shown.
    fn entries(&mut self, moment: &Moment, lines: Lines) -> Vec<String> {
        let from = self.entry;
        self.entry = moment.log.last().map_or(from, |last| last.number + 1);
        let new = moment.log.iter().filter(|entry| entry.number >= from);
        let told = new.filter(|entry| match entry.kind {
            EntryKind::Remark => true,
            EntryKind::Step => lines == Lines::Log,
            EntryKind::Phase | EntryKind::FaultBegan | EntryKind::FaultEnded => false,
        });
        told.map(|entry| entry.text.clone()).collect()
    }

    /// Whether it is time for a line: at the end of each stretch, or as soon after as there was
    /// time.
    fn is_due(&mut self, second: u64) -> bool {
        let stretch = (second + 1) / EVERY;
        let is_due = stretch > self.stretch;
        self.stretch = stretch;
        is_due
    }
}

fn snapshot(standing: &Standing) -> Snapshot {
    let row = &standing.row;
    let count = |verdict: Verdict| standing.verdicts[verdict.index()];
    let phase = if row.phase.is_empty() { "drain" } else { &row.phase };
    Snapshot {
        phase: phase.to_owned(),
        elapsed: standing.elapsed,
        planned: standing.length,
        due: standing.due,
        sent: standing.sent,
        done: standing.done,
        rate: row.done as f64,
        p50_us: row.response_p50_us,
        p99_us: row.response_p99_us,
        verdicts: Verdict::ALL.map(|verdict| (verdict.name(), count(verdict))).to_vec(),
        faults: standing.faults.iter().map(|fault| fault.name.clone()).collect(),
    }
}

/// How long a view that stands still is waited for at the end.
pub const PATIENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::live::{Feed, Wants};
    use crate::report::{Observer as _, TimelineRow};

    use super::*;

    #[test]
    fn a_line_shows_what_stands() {
        let row = TimelineRow { done: 9, response_p50_us: Some(700), ..TimelineRow::default() };
        let mut standing = Standing { due: 10, row, ..Standing::default() };
        standing.verdicts[Verdict::FalseAccept.index()] = 4;
        let shown = snapshot(&standing);
        assert_eq!((shown.due, shown.rate, shown.phase.as_str()), (10, 9.0, "drain"));
        assert!(shown.verdicts.contains(&("false_accept", 4)));
        assert_eq!(shown.p50_us, Some(700));
    }

    #[test]
    fn a_step_is_told_of_once_in_a_log_and_a_remark_everywhere() {
        let feed = Feed::new(Wants::default());
        let mut view = feed.subscribe();
        let (mut log, mut screen) = (Shown::default(), Shown::default());
        feed.step(&Step::Minting { done: 0, total: 9 });
        assert_eq!(log.entries(&view.newest(), Lines::Log), ["minting 9 tokens"]);
        feed.step(&Step::Minting { done: 5, total: 9 });
        feed.remark("a remark");
        feed.step(&Step::Loading);
        let moment: Arc<Moment> = view.newest();
        assert_eq!(log.entries(&moment, Lines::Log), ["a remark", "load begins"]);
        assert_eq!(screen.entries(&moment, Lines::Rewritten), ["a remark"]);
        assert!(log.entries(&moment, Lines::Log).is_empty());
    }

    #[test]
    fn a_missed_second_does_not_miss_a_line() {
        let mut shown = Shown::default();
        let due: Vec<u64> =
            [0, 3, 4, 5, 8, 10, 11, 14, 25].into_iter().filter(|n| shown.is_due(*n)).collect();
        assert_eq!(due, [4, 10, 14, 25]);
    }
}
