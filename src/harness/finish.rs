//! The folder at the beginning, and at the end: the last report, validity, the exit code.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::clock::{rfc3339, utc_now};
use crate::report::diagnosis;
use crate::report::findings::findings;
use crate::report::formats::Format;
use crate::report::model::{Build, Machine, PopulationReport, SCHEMA_VERSION, StackUse};
use crate::report::{EventLog, LatencyLog, RunFolder, RunReport, Timeline};
use crate::scenario::Plan;
use crate::stack::Usage;

use super::assemble::Figures;
use super::error::RunError;
use super::exit::{Exit, Findings};
use super::load_setup;
use super::prepare::Prepared;
use super::recordings;
use super::run::{Finished, Measured};
use super::sampling::SampleOptions;
use super::validity::{self, Evidence};
use super::words;

/// A run folder with its files begun.
pub struct Opened {
    /// The folder.
    pub folder: RunFolder,
    /// What is known before anything is measured.
    pub base: RunReport,
    /// `timeline.csv`.
    pub timeline: Timeline,
    /// `events.jsonl`.
    pub events: EventLog,
    /// `latency.hlog`.
    pub latencies: LatencyLog,
    /// The file for single requests, if they are kept, still as it was found.
    pub samples: Option<(SampleOptions, File)>,
    /// What is made of the report at the end.
    pub formats: Vec<&'static Format>,
}

/// Makes the run folder and begins its files, so that what cannot be written shows at once.
pub fn open_folder(plan: &Plan, root: &Path) -> Result<Opened, RunError> {
    let now = utc_now();
    let open = || {
        let folder = RunFolder::create(root, &plan.name, now, plan.seed.0)?;
        let base = base_report(plan, rfc3339(now));
        folder.write_report(&base)?;
        Ok(Opened {
            timeline: folder.timeline()?,
            events: folder.events()?,
            latencies: folder.latency_log()?,
            folder,
            base,
            samples: None,
            formats: Vec::new(),
        })
    };
    open().map_err(RunError::Folder)
}

fn base_report(plan: &Plan, started_at: String) -> RunReport {
    RunReport {
        schema_version: SCHEMA_VERSION,
        scenario: plan.name.clone(),
        about: plan.about.clone(),
        scenario_text: plan.text.clone(),
        seed: plan.seed.0,
        plan_digest: plan.digest.clone(),
        target: plan.target.as_ref().map_or_else(|| "embedded".to_owned(), |t| t.url.clone()),
        approach: plan.target.as_ref().map_or_else(String::new, |t| t.approach.to_string()),
        profile: plan.profile.name.to_owned(),
        build: Build::this(),
        machine: Machine::this(),
        started_at,
        partial: true,
        population: PopulationReport {
            users: u64::from(plan.population.users),
            spare: u64::from(plan.population.spare),
            ..PopulationReport::default()
        },
        ..RunReport::default()
    }
}

/// What happened around the load.
pub struct Aftermath {
    /// Changes that could not be undone.
    pub not_undone: Vec<String>,
    /// The stack did not end well.
    pub stack_trouble: Option<String>,
    /// What the stack used.
    pub stack_use: Option<Usage>,
    /// Share of the gateway's cache look-ups that found an entry.
    pub cache_hit_share: Option<f64>,
    /// A signal ended the run.
    pub interrupted: bool,
    /// Tasks of links that panicked.
    pub panics: u64,
}

/// Judges the run and writes the rest of its folder.
pub fn finish(
    plan: &Plan,
    prepared: &Prepared,
    measured: Measured,
    after: Aftermath,
) -> Result<Finished, RunError> {
    let Measured { gathered, mut output, ended, sent_until, lookups, .. } = measured;
    let thresholds = load_setup::thresholds(plan);
    let span = sent_until.since(output.start());
    let figures = Figures::of(plan, &thresholds, (&gathered, span), lookups);
    let mut report = figures.report(&output.base, output.start());
    output.strain.tell(&mut report);
    let memory = prepared.tokens.memory();
    report.population.token_bytes = memory.tokens + memory.mapped;
    prepared.tokens_from.clone_into(&mut report.population.tokens_from);
    report.wall_s = ended.as_secs_f64();
    report.load_s = ended.since(output.start()).as_secs_f64();
    report.interrupted = after.interrupted;
    report.stack = after.stack_use.map(|used| StackUse {
        cpu_share: used.cpu.saturating_sub(measured.stack_cpu_before).as_secs_f64()
            / report.load_s.max(1e-9),
        peak_memory_bytes: used.peak,
    });
    if let Some(lookups) = &mut report.lookups {
        lookups.peak_per_request = output.lookups_peak;
        lookups.cache_hit_share = after.cache_hit_share;
        lookups.cache_ttl_s = super::set_up::context(plan).cache_ttl.map(|ttl| ttl.as_secs_f64());
    }
    let faults: Vec<(String, u64, Option<String>)> = plan
        .faults
        .iter()
        .zip(&gathered.faults)
        .enumerate()
        .map(|(n, (fault, state))| (fault.kind.to_owned(), figures.hits(n), state.trouble.clone()))
        .collect();
    report.reasons = validity::reasons(&Evidence {
        measured: figures.measured,
        faults: &faults,
        panics: after.panics,
        sightings_lost: gathered.sightings_lost,
        late_renewals: measured.late_renewals,
        failed_changes: (gathered.failed_changes, gathered.failure_reasons.as_slice()),
        interrupted: after.interrupted,
    });
    report.partial = false;
    let unexpected = measured.specimens.iter().map(|specimen| words::unexpected(plan, specimen));
    report.unexpected = unexpected.collect();
    let context = super::set_up::context(plan);
    report.reasons.extend(diagnosis::reasons(&report, &context));
    report.samples = measured.samples;
    report.replays = recordings::reports(plan, &measured.replayed);
    report.reasons.extend(recordings::reasons(plan, &measured.replayed, after.interrupted));
    report.reasons.extend(after.stack_trouble);
    report.valid = report.reasons.is_empty();
    let exit = Exit::from(Findings {
        interrupted: after.interrupted,
        not_undone: !after.not_undone.is_empty(),
        invalid: !report.valid,
        missed: report.thresholds.iter().any(|threshold| !threshold.pass),
    });
    report.exit_code = Some(exit.code());
    report.findings = findings(&report, &context);
    output.remark(ended, "end of load").map_err(RunError::Record)?;
    let unwritten = super::files::write(&output.folder, &report, &output.course, &output.formats)
        .map_err(RunError::Record)?;
    let report = Arc::new(report);
    output.finished(&report, &gathered);
    Ok(Finished { report, folder: output.folder.path().to_owned(), unwritten, exit })
}
