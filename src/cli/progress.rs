//! How a run stands, while it goes: one line rewritten on a terminal, a line now and then in the
//! log of a CI job, nothing with `--quiet`. On standard error, so that the summary can be piped.

use std::io::IsTerminal;
use std::mem::{Discriminant, discriminant};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::measure::PhaseRecord;
use crate::outcome::Verdict;
use crate::report::console::Style;
use crate::report::progress::{Snapshot, line};
use crate::report::{Beat, Observer, RunReport, Step};
use crate::units::grouped;

/// Seconds of load between two lines where lines are not rewritten.
const EVERY: u64 = 5;

/// Columns of a line where there is no screen.
const LOG_WIDTH: usize = 200;

/// Shows how a run stands.
pub struct Progress {
    mode: Mode,
    style: Style,
    /// The last step that was told of where lines are not rewritten.
    told: Mutex<Option<Discriminant<Step>>>,
}

enum Mode {
    Quiet,
    Lines,
    Line(ProgressBar),
}

impl Progress {
    /// Rewrites a line if standard error is a terminal.
    pub fn new(quiet: bool) -> Self {
        let stream = std::io::stderr();
        let mode = match (quiet, stream.is_terminal()) {
            (true, _) => Mode::Quiet,
            (false, false) => Mode::Lines,
            (false, true) => Mode::Line(bar()),
        };
        Self { mode, style: super::terminal::style(&stream), told: Mutex::new(None) }
    }

    /// Takes the line off the screen, so that something else can be printed.
    pub fn clear(&self) {
        if let Mode::Line(bar) = &self.mode {
            bar.finish_and_clear();
        }
    }

    #[expect(clippy::print_stderr, reason = "the command line is the one place that prints")]
    fn show(&self, text: String) {
        match &self.mode {
            Mode::Quiet => {}
            Mode::Lines => eprintln!("{text}"),
            Mode::Line(bar) => bar.set_message(text),
        }
    }

    /// Whether a step is worth a line of a log: once a kind.
    fn is_news(&self, step: &Step) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.replace(discriminant(step)) != Some(discriminant(step))
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    // `wide_msg` cuts at the edge of the screen, so that the line never wraps.
    if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
        bar.set_style(style);
    }
    bar
}

impl Observer for Progress {
    fn step(&self, step: &Step) {
        let text = match step {
            Step::Minting { total, .. } if matches!(self.mode, Mode::Lines) => {
                format!("minting {} tokens", grouped(*total))
            }
            Step::Minting { done, total } => {
                format!("minting tokens: {} of {}", grouped(*done), grouped(*total))
            }
            Step::Starting { embedded: true } => "starting the embedded stack".to_owned(),
            Step::Starting { embedded: false } => "reaching the target".to_owned(),
            Step::Seeding { users } => format!("seeding {} users", grouped(*users)),
            Step::Loading => "load begins".to_owned(),
        };
        if matches!(self.mode, Mode::Line(_)) || self.is_news(step) {
            self.show(text);
        }
    }

    #[expect(clippy::print_stderr, reason = "the command line is the one place that prints")]
    fn remark(&self, text: &str) {
        match &self.mode {
            Mode::Quiet => {}
            Mode::Lines => eprintln!("{text}"),
            Mode::Line(bar) => bar.println(text),
        }
    }

    fn beat(&self, beat: &Beat<'_>) {
        let due = match self.mode {
            Mode::Quiet => false,
            Mode::Lines => (beat.row.second + 1).is_multiple_of(EVERY),
            Mode::Line(_) => true,
        };
        if due {
            // The terminal's line is cut by whoever draws it, who knows how wide it is now.
            let width = if matches!(self.mode, Mode::Lines) { LOG_WIDTH } else { usize::MAX };
            self.show(line(&snapshot(beat), self.style, width));
        }
    }

    fn finished(&self, _: &Arc<RunReport>, _: &[PhaseRecord], _: &Path) {}
}

fn snapshot(beat: &Beat<'_>) -> Snapshot {
    let sum = |of: fn(&PhaseRecord) -> u64| beat.totals.iter().map(of).sum();
    let count = |verdict: Verdict| beat.totals.iter().map(|r| r.verdicts[verdict.index()]).sum();
    let phase = if beat.row.phase.is_empty() { "drain" } else { &beat.row.phase };
    Snapshot {
        phase: phase.to_owned(),
        elapsed: beat.elapsed,
        planned: beat.length,
        due: sum(|record| record.due),
        sent: sum(PhaseRecord::went_out),
        done: sum(|record| record.done),
        rate: beat.row.done as f64,
        p50_us: beat.row.response_p50_us,
        p99_us: beat.row.response_p99_us,
        verdicts: Verdict::ALL.map(|verdict| (verdict.name(), count(verdict))).to_vec(),
        faults: beat.faults.iter().map(|fault| fault.kind.to_owned()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use crate::measure::{Recorder, Shape};
    use crate::report::{ActiveFault, TimelineRow};

    use super::*;

    #[test]
    fn a_beat_shows_the_sum_of_its_phases() {
        let mut recorder = Recorder::new(&Shape { phases: 2, ..Shape::default() });
        for phase in 0..2 {
            let record: &mut PhaseRecord = recorder.phase(phase);
            record.due += 5;
            record.verdicts[Verdict::FalseAccept.index()] += 2;
        }
        let row = TimelineRow { done: 9, response_p50_us: Some(700), ..TimelineRow::default() };
        let shown = snapshot(&Beat {
            elapsed: Duration::from_secs(3),
            length: Duration::from_secs(9),
            row: &row,
            second: &recorder,
            totals: recorder.phases(),
            report: &Arc::default(),
            faults: &[ActiveFault {
                index: 0,
                kind: "churn",
                text: "churn 3 users a second".to_owned(),
                began: Duration::from_secs(2),
                until: Some(Duration::from_secs(4)),
                over: false,
            }],
            kinds: &["churn"],
        });
        assert_eq!((shown.due, shown.rate, shown.phase.as_str()), (10, 9.0, "drain"));
        assert!(shown.verdicts.contains(&("false_accept", 4)));
        assert_eq!((shown.p50_us, shown.faults), (Some(700), vec!["churn".to_owned()]));
    }

    #[test]
    fn a_step_is_told_of_once_in_a_log() {
        let progress =
            Progress { mode: Mode::Lines, style: Style::plain(), told: Mutex::new(None) };
        assert!(progress.is_news(&Step::Minting { done: 0, total: 9 }));
        assert!(!progress.is_news(&Step::Minting { done: 5, total: 9 }));
        assert!(progress.is_news(&Step::Loading));
    }
}
