//! What a look at a plan's recordings showed: what `substorm check` and `plan` print of them.

use std::fmt;

use super::plan::Plan;
use crate::arrival::Arrival;
use crate::replay::{Ended, ReplayPlan, Survey};
use crate::units::{counted, grouped, rounded_span};

/// Prints what is known of the recordings of a plan; nothing for a plan without.
#[derive(Clone, Copy, Debug)]
pub struct Recordings<'a>(pub &'a Plan);

impl fmt::Display for Recordings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for phase in &self.0.phases {
            if let Arrival::Replay(plan) = &phase.arrival
                && let Some(survey) = &plan.survey
            {
                recording(f, &phase.name, plan, survey)?;
            }
        }
        Ok(())
    }
}

fn recording(
    f: &mut fmt::Formatter<'_>,
    phase: &str,
    plan: &ReplayPlan,
    survey: &Survey,
) -> fmt::Result {
    let counts = &survey.counts;
    let packing = match survey.packing.name() {
        "" => String::new(),
        name => format!(", {name}"),
    };
    writeln!(f, "\nrecording   {} ({}{packing}) for {phase}", plan.name(), survey.format.name)?;
    let seen = match survey.ended {
        Ended::Recording => "all of it",
        Ended::Phase | Ended::Told => "up to the phase's end",
        Ended::Budget => "its beginning; what follows is extrapolated",
    };
    writeln!(
        f,
        "            {}, {seen}: {} of {} in {}",
        counted(counts.lines, "line was looked at", "lines were looked at"),
        counted(counts.due, "request", "requests"),
        counted(counts.users, "user", "users"),
        rounded_span(survey.span),
    )?;
    if counts.due > 0 {
        writeln!(f, "            users told by {}", counts.signs_in_words())?;
    }
    let rest = [
        (counts.without, "without a request that can be sent again"),
        (counts.left_out, "with other methods"),
        (counts.late, "out of order by more than `reorder`"),
    ];
    for (count, what) in rest.iter().filter(|(count, _)| *count > 0) {
        writeln!(f, "            {} {what}", grouped(*count))?;
    }
    if counts.malformed > 0 {
        writeln!(f, "            {}", counts.malformed_in_words())?;
    }
    let about = if survey.is_whole() { "" } else { "about " };
    let due = counted(survey.expected as u64, "request is due", "requests are due");
    writeln!(f, "            {about}{due}")
}
