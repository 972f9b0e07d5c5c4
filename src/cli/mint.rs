//! `substorm mint`: the tokens of a scenario's users, for use with other tools.

mod row;

use std::fs::OpenOptions;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::overrides::OverrideArgs;
use super::{Failure, key, output};
use crate::clock::{self, Clock, Tick};
use crate::harness::Exit;
use crate::identity::UserIndex;
use crate::population::Population;
use crate::scenario::Plan;
use crate::token::{KeySource, MintError, Minting, Signer, TokenCache, TokenSource, TokenStore};
use crate::units::grouped;
use row::{Format, Rows};

/// Write the tokens of a scenario's users, for use with other tools
///
/// The same scenario and seed give the same claims but for their times. A scenario without a key
/// file has a fresh key for each run; --key-out keeps it, and `substorm jwks --key` prints the key
/// set that verifies the tokens. With --cache, tokens and key are kept in a folder, where `substorm
/// run --token-cache` finds them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The scenario file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// One token a line, a JSON object or CSV row with the user's subject too, or a target for
    /// `vegeta attack -format=json`
    #[arg(long, value_enum, default_value = "lines")]
    format: Format,
    /// Write here (a new file gets mode 0600) instead of to standard output
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Key file to use in place of the scenario's: PEM, JWK or JWK set
    #[arg(long, value_name = "FILE", conflicts_with = "key_out")]
    key: Option<PathBuf>,
    /// Keep the fresh key in this new file, mode 0600
    #[arg(long, value_name = "FILE")]
    key_out: Option<PathBuf>,
    /// Keep tokens in this folder, and write those that are there and young enough; a scenario
    /// without a key file gets the folder's own key
    #[arg(long, value_name = "DIR", conflicts_with = "key_out")]
    cache: Option<PathBuf>,
    #[command(flatten)]
    overrides: OverrideArgs,
}

/// Mints and writes.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut plan = args.overrides.plan_for(&args.file, args.key.is_some())?;
    if let Some(key) = &args.key {
        plan.token.key = KeySource::File(key.clone());
    }
    if let TokenSource::Brought(tokens) = &plan.token.source {
        return Err(Failure::bad_input(format!(
            "{}: it brings its tokens, so there are none to mint; they are in {}",
            args.file.display(),
            tokens.path().display()
        )));
    }
    let rows = rows(args, &plan)?;
    let cache = args.cache.as_deref().map(TokenCache::open).transpose()?;
    let signer = match &cache {
        Some(cache) => cache.signer(&plan.token)?,
        None => signer(args, &plan)?,
    };
    let population = Population::new(&plan.population, plan.seed);
    let (users, all) = (population.initial(), population.len());
    let spell = move |user, out: &mut String| population.write_subject(user, out);
    let minting = Minting::new(&plan.token, plan.seed, Arc::new(signer), Arc::new(spell));
    // Tokens between the lines of a bar on the same terminal could not be read.
    let draws = args.out.is_some() || args.format == Format::None || !io::stdout().is_terminal();
    let bar = Bar::new(if cache.is_some() { all } else { users }, draws);
    let source = match cache {
        // All that a run needs, so that it finds them: those of users that faults create, too.
        Some(cache) => {
            let progress = |count| bar.show(count);
            let kept = cache.store(minting.clone(), all, clock::unix_now(), progress);
            let (store, origin) = kept.inspect_err(|_| bar.line.finish_and_clear())?;
            bar.line.finish_and_clear();
            output::say(&format!("{} tokens {origin}", grouped(u64::from(all))));
            Source::Kept(minting, store)
        }
        None => Source::Fresh(minting),
    };
    let written = match (&args.out, args.format) {
        (_, Format::None) => Ok(()),
        (Some(path), _) => write(&source, users, &rows, &bar, file(path)?)
            .with_context(|| format!("--out {}", path.display())),
        (None, _) => write(&source, users, &rows, &bar, io::stdout().lock()),
    };
    bar.line.finish_and_clear();
    written.map(|()| Exit::Passed)
}

/// Where tokens to be written come from.
enum Source {
    /// They are minted as they are written.
    Fresh(Minting),
    /// They lie in a cache.
    Kept(Minting, TokenStore),
}

impl Source {
    fn minting(&self) -> &Minting {
        match self {
            Self::Fresh(minting) | Self::Kept(minting, _) => minting,
        }
    }

    /// Shows the tokens of `users` users to `sink`, in order.
    fn each(
        &self,
        users: u32,
        bar: &Bar,
        mut sink: impl FnMut(UserIndex, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), MintError> {
        match self {
            Self::Fresh(minting) => {
                minting.each(users, clock::unix_now(), |count| bar.show(count), sink)
            }
            Self::Kept(_, store) => {
                let all = (0..users).map(UserIndex);
                let mut each = |user| store.with_token(user, |token| sink(user, token));
                match all.into_iter().try_for_each(&mut each) {
                    ControlFlow::Continue(()) => Ok(()),
                    ControlFlow::Break(()) => Err(MintError::Stopped { minted: 0, users }),
                }
            }
        }
    }
}

fn rows(args: &Args, plan: &Plan) -> anyhow::Result<Rows> {
    if args.format == Format::None && args.cache.is_none() {
        return Err(Failure::bad_input("--format none writes nothing, so it needs --cache DIR"));
    }
    let url = plan.target.as_ref().map_or("", |target| &*target.url);
    if args.format == Format::Vegeta && url.is_empty() {
        return Err(Failure::bad_input(format!(
            "{}: it has no [target], so there is no address to send to; start the embedded stack \
             with `substorm stack {0}` and pass its gateway's address with --target",
            args.file.display()
        )));
    }
    Ok(Rows::new(args.format, url, &plan.load.routes, plan.seed))
}

fn signer(args: &Args, plan: &Plan) -> anyhow::Result<Signer> {
    if let Some(path) = &args.key_out {
        return key::fresh(&plan.token, path);
    }
    key::from_file(&plan.token, None)?.ok_or_else(|| {
        Failure::bad_input(format!(
            "{}: its key is generated for each run, so nobody could verify these tokens; add \
             --key-out FILE to keep the fresh key, --key FILE to use one, --cache DIR to keep key \
             and tokens, or name a key file in the scenario",
            args.file.display()
        ))
    })
}

/// Tokens let people in, so a new file is its owner's alone.
fn file(path: &Path) -> anyhow::Result<std::fs::File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("--out {}: cannot be written", path.display()))
}

fn write(
    source: &Source,
    users: u32,
    rows: &Rows,
    bar: &Bar,
    out: impl Write,
) -> anyhow::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, out);
    let mut failed = rows.head(&mut out).err();
    let mut subject = String::new();
    let row = |user: UserIndex, token: &[u8]| {
        subject.clear();
        source.minting().write_subject(user, &mut subject);
        match rows.row(user, &subject, token, &mut out) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    };
    let minted = source.each(users, bar, row);
    match failed.or_else(|| out.flush().err()) {
        // The reader has seen enough.
        Some(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Some(error) => Err(error.into()),
        None => Ok(minted?),
    }
}

/// A progress bar that shows itself only if there is still something to do after a second, and
/// only on a terminal.
struct Bar {
    line: ProgressBar,
    since: Clock,
    draws: bool,
}

impl Bar {
    fn new(users: u32, draws: bool) -> Self {
        let line =
            ProgressBar::with_draw_target(Some(u64::from(users)), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("minting {bar:40} {human_pos}/{human_len} {eta}");
        line.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { line, since: Clock::start(), draws }
    }

    fn show(&self, count: u64) -> ControlFlow<()> {
        let waited = self.since.now().since(Tick::ZERO);
        if self.draws && self.line.is_hidden() && waited >= Duration::from_secs(1) {
            self.line.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.line.set_position(count);
        ControlFlow::Continue(())
    }
}
