//! Writes a run's folder as the run goes, and tells the observer how it stands.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Tick;
use crate::fault::LinkName;
use crate::machine::Processors;
use crate::measure::Threshold;
use crate::oracle::Cohort;
use crate::report::append::lacks_descriptor;
use crate::report::course::Course;
use crate::report::findings::{Context, findings};
use crate::report::formats::Format;
use crate::report::model::Lookups;
use crate::report::wording::retold;
use crate::report::{
    ActiveFault, Beat, Event, EventLog, LatencyLog, Observer, RunFolder, RunReport, Timeline,
    TimelineRow,
};
use crate::scenario::Plan;

use super::assemble::Figures;
use super::changes::Note;
use super::collector::{FaultState, Gathered, Second, Sink};
use super::effort::Effort;
use super::finish::Opened;
use super::load_setup;
use super::set_up;
use super::strain::{Lag, Strain};
use super::system::System;
use super::words;

/// Everything that is written while a run goes.
pub struct Output {
    plan: Arc<Plan>,
    /// Kinds of its faults.
    kinds: Vec<&'static str>,
    system: Option<Arc<System>>,
    observer: Arc<dyn Observer>,
    /// Where it goes.
    pub folder: RunFolder,
    /// What is known before anything is measured.
    pub base: RunReport,
    thresholds: Vec<Threshold>,
    timeline: Timeline,
    events: EventLog,
    latencies: LatencyLog,
    /// What is made of the report at the end.
    pub formats: Vec<&'static Format>,
    /// The course so far, for the charts.
    pub course: Course,
    /// The most lookups per request in a second that had enough requests.
    pub lookups_peak: Option<f64>,
    start: Tick,
    lookups_before: u64,
    /// Lookups in the rows so far.
    lookups_shown: u64,
    /// Lookups, and what the machine had done, when the last second was over.
    lookups_then: Option<u64>,
    machine_then: Option<Processors>,
    context: Context,
    /// How hard the generator works, and what it is kept from.
    pub strain: Strain,
}

impl Output {
    /// Goes on from an opened folder; load starts at `start`.
    pub fn new(
        plan: &Arc<Plan>,
        system: &Arc<System>,
        observer: &Arc<dyn Observer>,
        opened: Opened,
        start: Tick,
    ) -> Self {
        let lookups_before = system.link_counts(LinkName::Store).map_or(0, |c| c.requests);
        let system = Some(Arc::clone(system));
        Self { system, lookups_before, ..Self::without_system(plan, observer, opened, start) }
    }

    fn without_system(
        plan: &Arc<Plan>,
        observer: &Arc<dyn Observer>,
        opened: Opened,
        start: Tick,
    ) -> Self {
        Self {
            plan: Arc::clone(plan),
            kinds: plan.faults.iter().map(|fault| fault.kind).collect(),
            system: None,
            observer: Arc::clone(observer),
            thresholds: load_setup::thresholds(plan),
            folder: opened.folder,
            base: opened.base,
            timeline: opened.timeline,
            events: opened.events,
            latencies: opened.latencies,
            formats: opened.formats,
            course: Course::default(),
            lookups_peak: None,
            start,
            lookups_before: 0,
            lookups_shown: 0,
            lookups_then: None,
            machine_then: None,
            context: set_up::context(plan),
            strain: Strain::new(plan),
        }
    }

    /// Lookups seen on the store's link since load began, and the requests that led to them.
    pub fn lookups(&self, gathered: &Gathered) -> Option<(u64, u64)> {
        Some((self.lookups_now()?, requests(gathered)))
    }

    fn lookups_now(&self) -> Option<u64> {
        let counted = self.system.as_ref()?.link_counts(LinkName::Store)?.requests;
        Some(counted.saturating_sub(self.lookups_before))
    }

    /// Lets go of the system, so that it can be stopped.
    pub fn release(&mut self) {
        self.system = None;
    }

    /// When load began.
    pub fn start(&self) -> Tick {
        self.start
    }

    /// Adds a line to the list of events.
    pub fn remark(&mut self, at: Tick, text: &str) -> std::io::Result<()> {
        let at = self.seconds(at);
        self.events.append(&Event::Note { at, text: text.to_owned() })
    }

    fn seconds(&self, at: Tick) -> f64 {
        let nanos = at.as_nanos() as f64 - self.start.as_nanos() as f64;
        (nanos / 1e3).round() / 1e6
    }

    fn row(&mut self, second: &Second<'_>) -> TimelineRow {
        let since = Duration::from_secs(second.number);
        let in_phase = |phase: &crate::arrival::PhasePlan| {
            phase.start <= since && since < phase.start + phase.length
        };
        let phase = self.plan.phases.iter().position(in_phase);
        let mut row = TimelineRow::of(second.number, second.recorder);
        row.phase = phase.map(|n| self.plan.phases[n].name.clone()).unwrap_or_default();
        let workers = &second.so_far.workers;
        let efforts: Vec<Effort> = workers.iter().map(|worker| worker.effort).collect();
        let lag = Lag::of(second.recorder);
        self.strain.second(&mut row, phase, &efforts, &lag, self.machine_then);
        row.in_flight =
            second.so_far.workers.iter().map(|worker| u64::from(worker.in_flight)).sum();
        let kinds: Vec<&str> = self.under_way(second).map(|(n, _)| self.kinds[n]).collect();
        row.faults = kinds.join("+");
        if let Some(lookups) = self.lookups_then {
            row.lookups = Some(lookups.saturating_sub(self.lookups_shown));
            self.lookups_shown = self.lookups_shown.max(lookups);
        }
        row
    }

    /// The faults that touched a second, by their place in the plan.
    fn under_way<'s>(
        &self,
        second: &'s Second<'_>,
    ) -> impl Iterator<Item = (usize, &'s FaultState)> + use<'s> {
        let begin = self.start + Duration::from_secs(second.number);
        let end = begin + Duration::from_secs(1);
        second.so_far.faults.iter().enumerate().filter(move |(_, state)| {
            state.began.is_some_and(|began| began < end)
                && state.ended.is_none_or(|ended| ended >= begin)
        })
    }

    /// The same, as an observer is told.
    fn active_faults(&self, second: &Second<'_>, report: &RunReport) -> Vec<ActiveFault> {
        let since_start = |at: Tick| at.since(self.start);
        let names = words::names(&self.plan.faults);
        self.under_way(second)
            .map(|(index, state)| {
                let plan = &self.plan.faults[index];
                // A report has those that began, in the order of the plan.
                let before = &second.so_far.faults[..index];
                let place = before.iter().filter(|state| state.began.is_some()).count();
                ActiveFault {
                    index,
                    kind: plan.kind,
                    name: names[index].clone(),
                    text: retold(&words::describe(plan)),
                    began: state.began.map_or(plan.at, since_start),
                    until: plan.until.map(|until| state.ended.map_or(until, since_start)),
                    over: state.ended.is_some(),
                    hits: report.faults.get(place).map_or(0, |fault| fault.hits),
                    hit_unit: words::hit_unit(&plan.action),
                }
            })
            .collect()
    }

    /// Tells the observer that all is over and written.
    pub fn finished(&self, report: &Arc<RunReport>, gathered: &Gathered) {
        self.observer.finished(report, gathered.totals.phases(), self.folder.path());
    }

    /// The report as far as it goes, marked partial.
    fn checkpoint(&self, second: &Second<'_>) -> RunReport {
        let lookups = self.lookups_then.map(|lookups| (lookups, requests(second.so_far)));
        let so_far = (second.so_far, Duration::from_secs(second.number + 1));
        let figures = Figures::of(&self.plan, &self.thresholds, so_far, lookups);
        let mut report = figures.report(&self.base, self.start);
        self.strain.tell(&mut report);
        report.partial = true;
        report.wall_s = second.at.as_secs_f64();
        report.load_s = second.at.since(self.start).as_secs_f64();
        report.findings = findings(&report, &self.context);
        report
    }
}

/// Requests that were answered, warm-up and all.
fn requests(gathered: &Gathered) -> u64 {
    gathered.totals.phases().iter().map(|record| record.done).sum()
}

impl Sink for Output {
    fn over(&mut self) {
        self.lookups_then = self.lookups_now();
        self.machine_then = Processors::now();
    }

    fn second(&mut self, second: &Second<'_>) -> std::io::Result<()> {
        let row = self.row(second);
        self.timeline.append(&row)?;
        let names: Vec<&str> = self.plan.phases.iter().map(|phase| phase.name.as_str()).collect();
        let at = Duration::from_secs(second.number);
        self.latencies.append(at, Duration::from_secs(1), &names, second.recorder)?;
        self.course.second(&row, second.recorder, &names);
        let report = Arc::new(self.checkpoint(second));
        match self.folder.write_report(&report) {
            // The connections have taken them all; the next one replaces this one anyway.
            Err(error) if lacks_descriptor(&error) => {}
            written => written?,
        }
        self.observer.beat(&Beat {
            elapsed: second.at.since(self.start),
            length: self.plan.length(),
            row: &row,
            second: second.recorder,
            totals: second.so_far.totals.phases(),
            report: &report,
            course: &self.course,
            faults: &self.active_faults(second, &report),
            kinds: &self.kinds,
        });
        let per_request = Lookups::per_request_in(&row).into_iter();
        self.lookups_peak = per_request.chain(self.lookups_peak).max_by(f64::total_cmp);
        Ok(())
    }

    fn note(&mut self, note: &Note) -> std::io::Result<()> {
        let kind = |fault: usize| self.plan.faults.get(fault).map_or("", |f| f.kind).to_owned();
        let event = match note {
            Note::Changed { user, change, cohort, asked, acknowledged } => Event::Changed {
                inv: self.seconds(*asked),
                ack: self.seconds(*acknowledged),
                user: user.0,
                change: *change,
                cohort: match cohort {
                    Cohort::Probed => "probed",
                    Cohort::Quiet => "quiet",
                    Cohort::Unprobed => "unprobed",
                }
                .to_owned(),
            },
            Note::ChangeFailed { at, user, change, reason } => Event::ChangeFailed {
                at: self.seconds(*at),
                user: user.0,
                change: *change,
                reason: reason.clone(),
            },
            Note::FaultBegan { fault, at } => Event::FaultBegan {
                at: self.seconds(*at),
                fault: *fault,
                kind: kind(*fault),
                text: self.plan.faults.get(*fault).map(words::describe).unwrap_or_default(),
            },
            Note::FaultEnded { fault, at, hits, trouble } => Event::FaultEnded {
                at: self.seconds(*at),
                fault: *fault,
                kind: kind(*fault),
                hits: *hits,
                trouble: trouble.clone(),
            },
        };
        self.course.event(&event);
        self.events.append(&event)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::finish::open_folder;
    use super::*;
    use crate::measure::{PhaseRecord, Recorder, Shape};
    use crate::oracle::LagTracker;
    use crate::report::Step;
    use crate::report::timeline::read_rows;

    struct Nobody;

    impl Observer for Nobody {
        fn step(&self, _: &Step) {}
        fn remark(&self, _: &str) {}
        fn beat(&self, _: &Beat<'_>) {}
        fn finished(&self, _: &Arc<RunReport>, _: &[PhaseRecord], _: &std::path::Path) {}
    }

    #[test]
    fn a_row_has_what_was_counted_when_its_second_was_over() {
        let text = r#"
            name = "short"
            [[phase]]
            name = "steady"
            for = "9s"
            arrival = { constant = "9/s" }
        "#;
        let plan = Arc::new(crate::scenario::parse(text).unwrap());
        let room = tempfile::tempdir().unwrap();
        let opened = open_folder(&plan, room.path()).unwrap();
        let observer: Arc<dyn Observer> = Arc::new(Nobody);
        let mut output = Output::without_system(&plan, &observer, opened, Tick::ZERO);
        let shape = Shape { phases: 1, ..Shape::default() };
        let gathered = Gathered {
            totals: Recorder::new(&shape),
            measured: PhaseRecord::default(),
            lags: LagTracker::default(),
            faults: Vec::new(),
            workers: Vec::new(),
            changes: BTreeMap::new(),
            failed_changes: 0,
            failure_reasons: Vec::new(),
            sightings_lost: 0,
        };
        let recorder = Recorder::new(&shape);
        let before = Processors::now().unwrap();
        // Of the machine, far more than can have come since: what is read now is not what is told.
        for (number, lookups, stolen_ms) in [(0, 70, 100_000), (1, 100, 100_250)] {
            let stolen = before.stolen + Duration::from_millis(stolen_ms);
            output.machine_then = Some(Processors { stolen, ..before });
            output.lookups_then = Some(lookups);
            let at = Tick::from_micros((number + 1) * 1_000_000 + 150_000);
            let second = Second { number, at, recorder: &recorder, so_far: &gathered };
            output.second(&second).unwrap();
        }
        let text = std::fs::read_to_string(output.folder.file("timeline.csv")).unwrap();
        let rows = read_rows(&text);
        assert_eq!(rows.iter().map(|row| row.lookups).collect::<Vec<_>>(), [Some(70), Some(30)]);
        let steal: Vec<u64> = rows.iter().map(|row| row.steal_us.unwrap()).collect();
        // The account began a moment before, in which a tick or two may have been stolen.
        assert!((100_000_000..=101_000_000).contains(&steal[0]), "{steal:?}");
        assert_eq!(steal[1], 250_000);
        output.machine_then = None;
        output.over();
        assert!(output.machine_then.is_some_and(|now| now.total >= before.total));
    }
}
