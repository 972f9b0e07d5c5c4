//! The phases of a run, in order: prepare, start, seed, load under faults, heal, drain, judge.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Tick};
use crate::load::{Context, Engine, LoadError, Report, Specimen, Tap};
use crate::replay::{Intake, Played};
use crate::report::formats::Format;
use crate::report::model::SamplesReport;
use crate::report::{Observer, Step};
use crate::scenario::Plan;
use crate::wire::full::FullConnector;
use crate::wire::http1::Limits;
use crate::wire::transport::Reach;
use crate::wire::{EngineKind, RawConnector};

use super::beside::Beside;
use super::changes::{Changer, Note};
use super::collector::{Collector, Gathered};
use super::error::RunError;
use super::exit::Exit;
use super::finish::{self, Aftermath, Opened};
use super::heal;
use super::hits::Hits;
use super::journal::Journal;
use super::load_setup;
use super::output::Output;
use super::prepare::{self, Prepared};
use super::recordings;
use super::sampling::{self, SampleOptions, Sampling};
use super::seeding;
use super::signals::Signals;
use super::system::System;
use super::timeline::{self, Hands};

/// From the start of the workers to the first due instant: time for threads to come up.
const LEAD: Duration = Duration::from_millis(200);

/// How a run is carried out, beside its plan.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where run folders are made.
    pub out: PathBuf,
    /// The `substorm` that the embedded stack runs in.
    pub program: PathBuf,
    /// The folder in which tokens are kept between runs, if they are.
    pub token_cache: Option<PathBuf>,
    /// The file in which single requests are kept, if they are.
    pub samples: Option<SampleOptions>,
    /// What is made of the report at the end; what the run records is there in any case.
    pub formats: Vec<&'static Format>,
}

/// A run that has ended and whose folder is written.
#[derive(Debug)]
pub struct Finished {
    /// Everything that it found.
    pub report: Arc<crate::report::RunReport>,
    /// Where it lies.
    pub folder: PathBuf,
    /// What could not be made of it, a sentence each; nothing that was recorded is lost by that.
    pub unwritten: Vec<String>,
    /// How it ended.
    pub exit: Exit,
}

/// Carries a plan out. Blocks until everything has ended and is undone.
pub fn run(
    plan: Plan,
    options: &Options,
    observer: &Arc<dyn Observer>,
) -> Result<Finished, RunError> {
    raise_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("harness")
        .enable_all()
        .build()
        .map_err(RunError::Runtime)?;
    let finished = runtime.block_on(carry_out(Arc::new(plan), options, observer));
    runtime.shutdown_timeout(Duration::from_secs(5));
    finished
}

/// As many open files as the system lets this user have: a black hole at a high rate keeps a
/// socket for every request of a time limit, here and in the stack, which inherits the limit.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    // Where it is refused the old limit holds, and what hits it shows as refused connections.
    let _ = setrlimit(Resource::Nofile, raised);
}

async fn carry_out(
    plan: Arc<Plan>,
    options: &Options,
    observer: &Arc<dyn Observer>,
) -> Result<Finished, RunError> {
    let clock = Clock::start();
    let signals = Signals::watch().map_err(RunError::Runtime)?;
    if let Some(scim) = scim_base(&plan)
        && let Some(folder) = heal::unhealed(&options.out, &scim)
    {
        return Err(RunError::Unhealed { folder, scim });
    }
    // Whatever cannot be written is to be known before anything is started.
    let samples = options.samples.as_ref().map(SampleOptions::open).transpose()?;
    let opened = Opened {
        samples,
        formats: options.formats.clone(),
        ..finish::open_folder(&plan, &options.out)?
    };
    let folder = opened.folder.clone();
    let ended = Box::pin(in_folder(plan, options, observer, (clock, signals), opened)).await;
    // What could not be undone is in the folder's journal.
    if let Err(error) = &ended
        && !matches!(error, RunError::NotUndone { .. })
    {
        folder.remove_if_nothing_recorded();
    }
    ended
}

/// All that needs the run's folder.
async fn in_folder(
    plan: Arc<Plan>,
    options: &Options,
    observer: &Arc<dyn Observer>,
    (clock, signals): (Clock, Signals),
    mut opened: Opened,
) -> Result<Finished, RunError> {
    let prepared = prepare::prepare(&plan, options, observer, &signals.stop).await?;
    observer.step(&Step::Starting { embedded: plan.target.is_none() });
    let system = prepare::start_system(&plan, &prepared, &options.program, clock).await?;
    if plan.target.is_some() {
        // The version of HTTP is known by now.
        opened.base.approach = system.reach().approach().to_string();
    }
    let bench = Bench { plan: Arc::clone(&plan), prepared, system: Arc::new(system), clock };
    let journal = Journal::create(&opened.folder.file(heal::JOURNAL), scim_base(&plan));
    let measured = match journal {
        Ok(journal) => {
            let measured = bench.seed_and_measure(&journal, opened, observer, &signals).await;
            // Whatever happened, what was made is undone.
            let not_undone = seeding::undo(&bench.system, &journal).await;
            match measured {
                Ok(measured) => Ok((measured, not_undone)),
                Err(error) if not_undone.is_empty() => Err(error),
                Err(error) => {
                    Err(RunError::NotUndone { cause: error.to_string(), left: not_undone })
                }
            }
        }
        Err(error) => Err(RunError::Record(error)),
    };
    let interrupted = signals.interrupted();
    signals.close().await;
    let (measured, not_undone) = match measured {
        Ok(measured) => measured,
        Err(error) => {
            // Whatever is wrong with it now comes of the error.
            let _ = stop(bench.system).await;
            return Err(error);
        }
    };
    let stack_use = bench.system.embedded().and_then(|stack| stack.usage().ok());
    let cache_hit_share = bench.system.cache_hit_share().await;
    let panics = bench.system.panics();
    let Bench { prepared, system, .. } = bench;
    // How the stack ends belongs to the report, so it ends first.
    let stack_trouble = stop(system).await.err();
    let after =
        Aftermath { not_undone, stack_trouble, stack_use, cache_hit_share, interrupted, panics };
    finish::finish(&plan, &prepared, measured, after)
}

/// Ends the system under test, if it is ours.
async fn stop(system: Arc<System>) -> Result<(), String> {
    match Arc::try_unwrap(system) {
        Ok(system) => system.stop().await.map_err(|error| error.to_string()),
        // Somebody still holds it; the child ends when this process does.
        Err(_held) => Ok(()),
    }
}

fn scim_base(plan: &Plan) -> Option<String> {
    plan.target.as_ref().and_then(|target| target.scim.clone())
}

/// What was measured, before it is judged.
pub struct Measured {
    /// Everything that was gathered.
    pub gathered: Gathered,
    /// Where it is written.
    pub output: Output,
    /// When the last worker had ended.
    pub ended: Tick,
    /// Until when requests were sent: when the load was told to stop, or else the same.
    pub sent_until: Tick,
    /// Lookups seen on the store's link, and the requests that led to them.
    pub lookups: Option<(u64, u64)>,
    /// CPU time of the stack before the load.
    pub stack_cpu_before: Duration,
    /// Times that users had expired tokens, because renewal came too late.
    pub late_renewals: u64,
    /// What became of the recordings.
    pub replayed: Vec<Played>,
    /// What became of the single requests that were to be kept.
    pub samples: Option<SamplesReport>,
    /// The first answer of each unexpected kind.
    pub specimens: Vec<Specimen>,
}

/// What a run works with.
struct Bench {
    plan: Arc<Plan>,
    prepared: Prepared,
    system: Arc<System>,
    clock: Clock,
}

impl Bench {
    async fn seed_and_measure(
        &self,
        journal: &Journal,
        opened: Opened,
        observer: &Arc<dyn Observer>,
        signals: &Signals,
    ) -> Result<Measured, RunError> {
        let Self { plan, prepared, system, .. } = self;
        seeding::seed(plan, prepared, system, journal, observer, &signals.stop).await?;
        observer.step(&Step::Loading);
        self.measure(journal, opened, observer, signals).await
    }

    async fn measure(
        &self,
        journal: &Journal,
        mut opened: Opened,
        observer: &Arc<dyn Observer>,
        signals: &Signals,
    ) -> Result<Measured, RunError> {
        let Self { plan, prepared, system, clock } = self;
        let workers = load_setup::workers(plan);
        let usage = system.embedded().and_then(|stack| stack.usage().ok());
        let stack_cpu_before = usage.map_or(Duration::ZERO, |usage| usage.cpu);
        let (feed, intakes) = recordings::start(plan, workers).await?;
        let start = clock.now() + LEAD;
        let shape = load_setup::shape(plan, &load_setup::thresholds(plan));
        let times = (*clock, start);
        let context = load_setup::context(plan, prepared, system, times, shape.clone())?;
        let context = Arc::new(context);
        let samples = opened.samples.take();
        let sampling = samples
            .map(|(of, file)| Sampling::begin(plan, &of, file, workers, times))
            .transpose()?;
        let (taps, sampling) = sampling.unzip();
        // A report a second and worker: room for a collector that is busy for a while.
        let (reports, reports_in) = mpsc::channel(16 * workers as usize);
        let (notes, notes_in) = mpsc::channel(1024);
        let output = Output::new(plan, system, observer, opened, start);
        let warm_up = plan.phases.iter().map(|phase| phase.warm_up).collect();
        let hits = Hits::of(plan.faults.len());
        let counts = (warm_up, hits.clone());
        let collector = Collector::new((*clock, start), &shape, counts, workers as usize, output);
        let engine = start_engine(
            &context,
            Arc::clone(system.reach()),
            workers,
            &reports,
            intakes,
            taps.unwrap_or_default(),
        )?;
        drop(reports);
        // From here on nothing returns before all that was started has ended.
        let heal = CancellationToken::new();
        let hands = self.hands(journal, &context, &engine, (notes, hits), &heal);
        let faults = Arc::clone(plan);
        let tokens = Arc::clone(&prepared.tokens);
        let beside = Beside {
            gathering: tokio::spawn(collector.run(reports_in, notes_in)),
            faults: tokio::spawn(async move { timeline::run(&faults.faults, &hands).await }),
            renewal: tokio::spawn(prepare::keep_fresh(tokens, heal.clone())),
            heal,
        };
        let load = watch_load(engine, &beside, system, signals, *clock).await;
        let ended = clock.now();
        let ending = async { (sampling::end(sampling).await, recordings::end(feed).await) };
        let (late_renewals, gathered, (samples, replayed)) = beside.end(ending).await?;
        let (gathered, mut output) = gathered;
        let replayed = replayed?;
        let stopped = load?;
        let lookups = output.lookups(&gathered);
        output.release();
        Ok(Measured {
            gathered,
            output,
            ended,
            sent_until: stopped.map_or(ended, |at| at.min(ended)),
            lookups,
            stack_cpu_before,
            late_renewals,
            replayed,
            samples,
            specimens: context.specimens.kept(),
        })
    }

    fn hands(
        &self,
        journal: &Journal,
        context: &Arc<Context>,
        engine: &Engine,
        (notes, hits): (mpsc::Sender<Note>, Hits),
        heal: &CancellationToken,
    ) -> Hands {
        let changer = self.system.scim().is_some().then(|| Changer {
            clock: context.clock,
            start: context.start,
            system: Arc::clone(&self.system),
            population: self.prepared.population.clone(),
            lifecycle: Arc::clone(&self.prepared.lifecycle),
            errands: engine.errands().clone(),
            notes: notes.clone(),
            stream: self.plan.seed.stream("changes"),
            quiet: self.plan.probe.quiet,
            prime: self.plan.probe.prime,
        });
        Hands {
            clock: context.clock,
            start: context.start,
            system: Arc::clone(&self.system),
            changer,
            journal: journal.clone(),
            windows: Arc::clone(&context.windows),
            hits,
            notes,
            stream: self.plan.seed.stream("faults"),
            stop: heal.clone(),
        }
    }
}

/// Starts the workers with the client that the plan asks for.
fn start_engine(
    context: &Arc<Context>,
    reach: Arc<Reach>,
    workers: u32,
    reports: &mpsc::Sender<Report>,
    recordings: Vec<Intake>,
    taps: Vec<Tap>,
) -> Result<Engine, LoadError> {
    let (clock, limits) = (context.clock, Limits::default());
    let (streams, keep) = load_setup::transports(context);
    match context.plan.engine {
        EngineKind::Raw => {
            let reach = move || Arc::clone(&reach);
            let dates = context.wants_dates();
            let raw = move || {
                RawConnector::with_streams(clock, reach(), limits, streams, keep).dating(dates)
            };
            Engine::start(context, &raw, workers, reports, recordings, taps)
        }
        EngineKind::Reqwest => {
            let full = move || FullConnector::new(Arc::clone(&reach), limits);
            Engine::start(context, &full, workers, reports, recordings, taps)
        }
    }
}

/// Waits for the workers; stops them on a signal, when the stack dies, or when the record cannot
/// be written. Gives when a signal stopped them.
async fn watch_load(
    engine: Engine,
    beside: &Beside<(Gathered, Output)>,
    system: &System,
    signals: &Signals,
    clock: Clock,
) -> Result<Option<Tick>, RunError> {
    let (stop, abort) = engine.tokens();
    let mut stopped = None;
    let mut joined = tokio::task::spawn_blocking(move || engine.join());
    let mut died = None;
    let mut look = tokio::time::interval(Duration::from_millis(100));
    loop {
        tokio::select! {
            ended = &mut joined => {
                let ended = ended.map_err(|error| RunError::bug("the load engine", &error))?;
                return match died {
                    Some(error) => Err(error),
                    None => ended.map(|()| stopped).map_err(RunError::from),
                };
            }
            () = signals.stop.cancelled(), if !stop.is_cancelled() => {
                stop.cancel();
                stopped = Some(clock.now());
                // Before the drain, which a fault could hold up and should not outlive.
                beside.heal.cancel();
            }
            () = signals.abort.cancelled(), if !abort.is_cancelled() => abort.cancel(),
            _ = look.tick(), if died.is_none() => {
                if let Some(Err(error)) = system.embedded().map(crate::stack::Embedded::check) {
                    died = Some(RunError::System(error.into()));
                    stop.cancel();
                    abort.cancel();
                } else if beside.gathering.is_finished() {
                    stop.cancel();
                    abort.cancel();
                }
            }
        }
    }
}
