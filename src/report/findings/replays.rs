//! Findings about recordings that were replayed.

use crate::units::grouped;

use super::super::model::{Finding, ReplayReport, RunReport, Severity};
use super::super::wording::{counted, span};
use super::{Context, finding};

/// Malformed lines that are named.
const NAMED: usize = 3;

pub(super) fn findings(report: &RunReport, _: &Context) -> Vec<Finding> {
    report.replays.iter().flat_map(|replay| of_one(report, replay)).collect()
}

fn of_one(report: &RunReport, replay: &ReplayReport) -> Vec<Finding> {
    let mut found = vec![finding(Severity::Note, played(replay))];
    found.extend(ended_early(report, replay));
    found.extend(malformed(replay));
    found.extend(out_of_order(replay));
    found.extend(behind(replay));
    found
}

fn played(replay: &ReplayReport) -> String {
    let laps = match replay.laps {
        0 | 1 => String::new(),
        laps => format!(", gone through {laps} times"),
    };
    format!(
        "{} was replayed at speed {}{laps}: {} of {}",
        replay.file,
        replay.speed,
        counted(replay.due, "request", "requests"),
        counted(replay.users, "user", "users"),
    )
}

/// Where the phase went on for more than a tenth of its length without anything to replay.
fn ended_early(report: &RunReport, replay: &ReplayReport) -> Option<Finding> {
    let phase = report.phases.iter().find(|phase| phase.name == replay.phase)?;
    let (length, played) = (phase.until - phase.at, replay.span_s / replay.speed);
    let early = replay.ended == "recording" && played < length * 0.9;
    let text = format!(
        "{} ended {} before the phase {} did; shorten the phase or set loop = true",
        replay.file,
        span((length - played) * 1e3),
        replay.phase,
    );
    early.then(|| finding(Severity::Doubt, text))
}

fn malformed(replay: &ReplayReport) -> Option<Finding> {
    let first = replay.first_malformed.iter().take(NAMED);
    let first: Vec<_> = first.map(|bad| format!("line {}: {}", bad.line, bad.reason)).collect();
    let text = format!(
        "{} of {} could not be read ({})",
        counted(replay.malformed, "line", "lines"),
        replay.file,
        first.join("; "),
    );
    (replay.malformed > 0).then(|| finding(Severity::Doubt, text))
}

fn out_of_order(replay: &ReplayReport) -> Option<Finding> {
    let text = format!(
        "{} of {} stood too far behind their place in time and were sent late; raise reorder",
        counted(replay.late, "request", "requests"),
        replay.file,
    );
    (replay.late > 0).then(|| finding(Severity::Doubt, text))
}

fn behind(replay: &ReplayReport) -> Option<Finding> {
    let text = format!(
        "Workers found nothing read of {} {} times: the disk or the machine was too slow at times",
        replay.file,
        grouped(replay.behind),
    );
    (replay.behind > 0).then(|| finding(Severity::Doubt, text))
}

#[cfg(test)]
mod tests {
    use super::super::super::model::{MalformedLine, PhaseReport};
    use super::*;

    #[test]
    fn what_became_of_a_recording_is_told() {
        let replay = ReplayReport {
            phase: "p".into(),
            file: "access.log".into(),
            speed: 2.0,
            malformed: 1,
            first_malformed: vec![MalformedLine {
                line: 7,
                reason: "its time cannot be read".into(),
            }],
            late: 3,
            due: 1_200,
            users: 40,
            laps: 1,
            behind: 2,
            span_s: 10.0,
            ended: "recording".into(),
            ..ReplayReport::default()
        };
        let phase =
            PhaseReport { name: "p".into(), at: 1.0, until: 11.0, ..PhaseReport::default() };
        let report =
            RunReport { phases: vec![phase], replays: vec![replay], ..RunReport::default() };
        let said: Vec<_> =
            findings(&report, &Context::default()).into_iter().map(|one| one.sentence).collect();
        assert_eq!(
            said,
            [
                "access.log was replayed at speed 2: 1,200 requests of 40 users",
                "access.log ended 5.0 s before the phase p did; shorten the phase or set loop = true",
                "1 line of access.log could not be read (line 7: its time cannot be read)",
                "3 requests of access.log stood too far behind their place in time and were sent \
                 late; raise reorder",
                "Workers found nothing read of access.log 2 times: the disk or the machine was too \
                 slow at times",
            ]
        );
    }
}
