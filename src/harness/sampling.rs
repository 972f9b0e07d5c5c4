//! Keeps single requests in a file while the load goes: a thread between the workers' taps and the
//! writer, so that neither encoding nor a slow disk holds a worker up.

use std::fs::File;
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::clock::{Clock, Tick, rfc3339, utc_now};
use crate::load::{Drain, Tap, TapPlan, taps};
use crate::report::model::SamplesReport;
use crate::report::samples::{SampleFile, SampleNames};
use crate::scenario::Plan;
use crate::units::Share;

use super::error::RunError;
use super::load_setup;

/// Which requests are kept, and where.
#[derive(Clone, Debug)]
pub struct SampleOptions {
    /// The file.
    pub file: PathBuf,
    /// Only those whose verdict is neither right nor grey.
    pub only_wrong: bool,
    /// This part of them.
    pub share: Share,
}

impl SampleOptions {
    /// Opens the file, so that one that cannot be written shows before anything is started.
    pub fn open(&self) -> Result<(Self, File), RunError> {
        let failed = |source| RunError::Samples { file: self.file.clone(), source };
        Ok((self.clone(), crate::report::samples::open(&self.file).map_err(failed)?))
    }

    /// As the report tells of it.
    fn report(&self) -> SamplesReport {
        // A name is enough; folders may tell of people.
        let name = self.file.file_name().unwrap_or_default();
        SamplesReport {
            file: name.to_string_lossy().into_owned(),
            of: if self.only_wrong { "wrong" } else { "all" }.to_owned(),
            share: self.share.fraction(),
            ..SamplesReport::default()
        }
    }
}

/// How long the thread rests when nothing waited: a small part of what the taps have room for.
const REST: Duration = Duration::from_millis(20);

/// The longest that a request stays unwritten while the file has few groups.
const UNWRITTEN_MAX: Duration = Duration::from_secs(10);

/// The longest that one does in any run.
const UNWRITTEN_LONG_RUN_MAX: Duration = Duration::from_secs(120);

/// By how much that grows with each group in the file.
const UNWRITTEN_PER_GROUP: Duration = Duration::from_millis(20);

/// What is told of a thread that panicked; the counts went with it.
const PANICKED: &str = "the thread that keeps samples panicked; what it had written is not counted";

/// The thread's niceness: the load and the stack come first.
const NICE: i32 = 10;

/// A file that is being written.
pub struct Sampling {
    thread: Option<JoinHandle<SamplesReport>>,
    /// What is told if the thread cannot tell.
    untold: SamplesReport,
}

impl Sampling {
    /// Begins to keep requests of a load that starts at `start`, in the file that was opened.
    pub fn begin(
        plan: &Plan,
        options: &SampleOptions,
        file: File,
        workers: u32,
        (clock, start): (Clock, Tick),
    ) -> Result<(Vec<Tap>, Self), RunError> {
        let failed = |source| RunError::Samples { file: options.file.clone(), source };
        let report = options.report();
        let load_began = utc_now() + (start - clock.now());
        let facts = [
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("scenario", plan.name.clone()),
            ("plan_digest", plan.digest.clone()),
            ("seed", plan.seed.0.to_string()),
            ("load_began", rfc3339(load_began)),
            ("of", report.of.clone()),
            ("share", report.share.to_string()),
        ];
        let file = SampleFile::begin(file, names(plan, start), &facts).map_err(failed)?;
        let tap = TapPlan {
            only_wrong: options.only_wrong,
            share: options.share,
            draws: plan.seed.stream("samples"),
        };
        let (taps, drain) = taps(tap, workers);
        let untold = SamplesReport { trouble: Some(PANICKED.to_owned()), ..report.clone() };
        let thread = std::thread::Builder::new()
            .name("samples".to_owned())
            .spawn(move || keep(drain, file, clock, report))
            .map_err(RunError::Runtime)?;
        Ok((taps, Self { thread: Some(thread), untold }))
    }

    fn end(mut self) -> Option<SamplesReport> {
        // One that panicked has said so.
        self.thread.take()?.join().ok()
    }
}

/// Waits until everything is written; the workers have ended. Nothing that befalls the samples ends
/// the run, which still has to be judged and its faults healed.
pub async fn end(sampling: Option<Sampling>) -> Option<SamplesReport> {
    let sampling = sampling?;
    let untold = sampling.untold.clone();
    let ended = tokio::task::spawn_blocking(|| sampling.end()).await;
    Some(ended.ok().flatten().unwrap_or(untold))
}

impl Drop for Sampling {
    /// A run that fails has let go of the taps, so the thread is about to end.
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            // Why the run failed is told already.
            let _ = thread.join();
        }
    }
}

fn names(plan: &Plan, start: Tick) -> SampleNames {
    SampleNames {
        start,
        phases: plan.phases.iter().map(|phase| (phase.name.clone(), phase.warm_up)).collect(),
        routes: plan.load.routes.iter().map(crate::load::Route::name).collect(),
        defects: load_setup::defect_kinds(plan),
        faults: plan.faults.iter().map(|fault| fault.kind.to_owned()).collect(),
    }
}

/// The longest that a request stays unwritten in a file of so many groups, so that a killed run has
/// lost no more of those than a small part. Each group stays in memory by some kilobytes, and in every
/// footer after it, so the more there are the more rarely one comes.
fn unwritten_max(groups: usize) -> Duration {
    let groups = u32::try_from(groups).unwrap_or(u32::MAX);
    UNWRITTEN_PER_GROUP.saturating_mul(groups).clamp(UNWRITTEN_MAX, UNWRITTEN_LONG_RUN_MAX)
}

/// Writes what comes until the workers have ended. After the first write that fails nothing more is
/// kept, and all that comes is counted as lost: the run itself goes on.
fn keep(
    mut drain: Drain,
    mut file: SampleFile,
    clock: Clock,
    mut report: SamplesReport,
) -> SamplesReport {
    // Refused where the niceness is higher already.
    let _ = rustix::process::setpriority_process(None, NICE);
    let (mut came, mut kept) = (0, Ok(()));
    let mut flushed = clock.now();
    loop {
        let (is_last, before) = (drain.is_abandoned(), came);
        for row in drain.waiting() {
            came += 1;
            kept = kept.and_then(|()| file.push(row));
        }
        if is_last {
            break;
        }
        let now = clock.now();
        if now - flushed >= unwritten_max(file.groups()) {
            flushed = now;
            kept = kept.and_then(|()| file.flush());
        }
        if came == before {
            std::thread::sleep(REST);
        }
    }
    kept = kept.and_then(|()| file.finish());
    report.written = file.written();
    report.lost = drain.lost() + came - report.written;
    report.trouble = kept.err().map(|error| error.to_string());
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_groups_the_longer_a_request_stays_unwritten_and_at_most_two_minutes() {
        let millis = |groups| unwritten_max(groups).as_millis();
        assert_eq!([0, 1, 500].map(millis), [10_000; 3]);
        assert_eq!([501, 1_000, 3_000].map(millis), [10_020, 20_000, 60_000]);
        assert_eq!([6_000, 6_001, usize::MAX].map(millis), [120_000; 3]);
    }

    #[tokio::test]
    async fn a_thread_that_panics_is_told_of() {
        let untold = SamplesReport { file: "a.parquet".to_owned(), ..SamplesReport::default() };
        let ended = |thread: JoinHandle<SamplesReport>| {
            end(Some(Sampling { thread: Some(thread), untold: untold.clone() }))
        };
        let told = SamplesReport { written: 7, ..untold.clone() };
        let well = told.clone();
        assert_eq!(ended(std::thread::spawn(move || well)).await, Some(told));
        let thread = std::thread::spawn(|| -> SamplesReport { panic!("as it should") });
        assert_eq!(ended(thread).await, Some(untold.clone()));
        assert_eq!(end(None).await, None);
    }
}
