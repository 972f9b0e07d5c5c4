//! Recordings that a run replays: reading them ahead, and what became of their lines.

use std::time::Duration;

use crate::arrival::Arrival;
use crate::replay::{Ended, Feed, Intake, Play, Played, ReplayPlan};
use crate::report::model::{MalformedLine, ReplayReport};
use crate::scenario::Plan;
use crate::units::grouped;

use super::error::RunError;

/// How long the load may be put off for the first requests to be read. What is not there then is
/// counted as read too late.
const PRIMING: Duration = Duration::from_secs(5);

/// How often it is looked whether they are.
const LOOK: Duration = Duration::from_millis(1);

/// Starts to read what the phases of a plan replay; gives each worker its intake. Nothing is started
/// for a plan that replays nothing.
pub async fn start(plan: &Plan, workers: u32) -> Result<(Option<Feed>, Vec<Intake>), RunError> {
    let phases = plan.phases.iter().enumerate();
    let plays = phases.filter_map(|(phase, planned)| match &planned.arrival {
        Arrival::Replay(replay) => {
            Some(Play { phase, plan: replay.clone(), length: planned.length })
        }
        _ => None,
    });
    let plays: Vec<Play> = plays.collect();
    if plays.is_empty() {
        return Ok((None, Vec::new()));
    }
    let (feed, intakes) =
        Feed::start(plays, workers, plan.population.users).map_err(RunError::Runtime)?;
    let primed = async {
        while !feed.is_primed() {
            tokio::time::sleep(LOOK).await;
        }
    };
    // Whether it came in time shows in the counts.
    let _ = tokio::time::timeout(PRIMING, primed).await;
    Ok((Some(feed), intakes))
}

/// Ends the reading, and tells what it came to.
pub async fn end(feed: Option<Feed>) -> Result<Vec<Played>, RunError> {
    let Some(feed) = feed else { return Ok(Vec::new()) };
    let joined = tokio::task::spawn_blocking(move || feed.join()).await;
    let played = joined.map_err(|error| RunError::bug("the reader of recordings", &error))?;
    played.map_err(|panicked| RunError::Bug {
        part: "the reader of recordings",
        message: panicked.to_string(),
    })
}

/// The replay of a phase as it was planned.
fn planned<'p>(plan: &'p Plan, played: &Played) -> Option<(&'p str, &'p ReplayPlan)> {
    let phase = plan.phases.get(played.phase)?;
    match &phase.arrival {
        Arrival::Replay(replay) => Some((&phase.name, replay)),
        _ => None,
    }
}

/// What `run.json` tells of them.
pub fn reports(plan: &Plan, played: &[Played]) -> Vec<ReplayReport> {
    let report = |played: &Played| {
        let (phase, replay) = planned(plan, played)?;
        let counts = &played.counts;
        let survey = replay.survey.as_ref();
        let first = counts.first_malformed.iter();
        Some(ReplayReport {
            phase: phase.to_owned(),
            file: replay.name(),
            format: survey.map(|survey| survey.format.name.to_owned()).unwrap_or_default(),
            speed: replay.speed,
            lines: counts.lines,
            malformed: counts.malformed,
            first_malformed: first
                .map(|(line, reason)| MalformedLine { line: *line, reason: reason.clone() })
                .collect(),
            without: counts.without,
            left_out: counts.left_out,
            unmapped: counts.unmapped,
            late: counts.late,
            due: counts.due,
            users: counts.users,
            laps: counts.laps,
            behind: counts.behind,
            span_s: played.span.as_secs_f64(),
            ended: ended(played).to_owned(),
        })
    };
    played.iter().filter_map(report).collect()
}

/// Why reading ended, in a word.
fn ended(played: &Played) -> &'static str {
    match &played.ended {
        None => "not_begun",
        Some(Err(_)) => "failed",
        Some(Ok(Ended::Recording)) => "recording",
        Some(Ok(Ended::Phase)) => "phase",
        Some(Ok(Ended::Told | Ended::Budget)) => "run",
    }
}

/// Why what was replayed is not what was recorded; empty if it is.
pub fn reasons(plan: &Plan, played: &[Played], interrupted: bool) -> Vec<String> {
    let mut reasons = Vec::new();
    for played in played {
        let Some((phase, replay)) = planned(plan, played) else { continue };
        let (file, counts) = (replay.name(), &played.counts);
        let mut add = |what: String| reasons.push(format!("replay of {file} in {phase}: {what}"));
        if counts.is_unfit() {
            add(format!("{}; at most 1% may be", counts.malformed_in_words()));
        }
        if counts.unmapped > 0 {
            add(format!(
                "{} requests were not sent, because they are of more users than the population \
                 has ({}); raise population.users",
                grouped(counts.unmapped),
                grouped(u64::from(plan.population.users)),
            ));
        }
        match &played.ended {
            Some(Err(error)) => add(error.to_string()),
            Some(Ok(Ended::Told)) | None if !interrupted => {
                add("it was not read to the end of its phase: the disk or the machine is too slow"
                    .into());
            }
            _ => {}
        }
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Counts;

    fn plan() -> Plan {
        let text = "name = \"r\"\n[population]\nusers = 7\n[[phase]]\nname = \"p\"\n\
                    for = \"5s\"\narrival = { replay = \"logs/access.log\" }\n";
        crate::scenario::parse(text).unwrap()
    }

    fn played(counts: Counts, ended: Option<Ended>) -> Played {
        Played { phase: 0, counts, span: Duration::from_secs(4), ended: ended.map(Ok) }
    }

    #[test]
    fn each_reason_is_found_and_named() {
        let reasons = |counts, ended| reasons(&plan(), &[played(counts, ended)], false);
        let whole = Counts { lines: 500, malformed: 5, due: 495, late: 3, ..Counts::default() };
        assert!(reasons(whole.clone(), Some(Ended::Phase)).is_empty());
        let unfit = Counts { malformed: 6, ..whole.clone() };
        let found = reasons(unfit, Some(Ended::Recording));
        assert!(found[0].starts_with("replay of access.log in p: 6 of 500 lines"), "{found:?}");
        let unmapped = Counts { unmapped: 2, ..whole.clone() };
        let found = reasons(unmapped, Some(Ended::Phase));
        assert!(found[0].contains("2 requests were not sent") && found[0].contains("(7)"));
        assert!(reasons(whole.clone(), Some(Ended::Told))[0].contains("not read to the end"));
        let interrupted = super::reasons(&plan(), &[played(whole, Some(Ended::Told))], true);
        assert!(interrupted.is_empty(), "{interrupted:?}");
    }

    #[test]
    fn the_report_names_the_file_and_not_its_folder() {
        let report = &reports(&plan(), &[played(Counts::default(), None)])[0];
        assert_eq!(
            (&*report.phase, &*report.file, &*report.ended),
            ("p", "access.log", "not_begun")
        );
    }
}
