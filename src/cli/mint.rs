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
use super::{Failure, key};
use crate::clock::{self, Clock, Tick};
use crate::harness::Exit;
use crate::identity::UserIndex;
use crate::population::Population;
use crate::scenario::Plan;
use crate::token::{Minting, Signer};
use row::{Format, Rows};

/// Write the tokens of a scenario's users, for use with other tools
///
/// The same scenario and seed give the same claims but for their times. A scenario without a key
/// file has a fresh key for each run; --key-out keeps it, and `substorm jwks --key` prints the key
/// set that verifies the tokens.
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
    #[command(flatten)]
    overrides: OverrideArgs,
}

/// Mints and writes.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let plan = args.overrides.plan(&args.file)?;
    let rows = rows(args, &plan)?;
    let signer = Arc::new(signer(args, &plan)?);
    let population = Population::new(&plan.population, plan.seed);
    let users = population.initial();
    let spell = move |user, out: &mut String| population.write_subject(user, out);
    let minting = Minting::new(&plan.token, plan.seed, signer, Arc::new(spell));
    // Tokens between the lines of a bar on the same terminal could not be read.
    let draws = args.out.is_some() || !io::stdout().is_terminal();
    let bar = Bar::new(users, draws);
    let written = match &args.out {
        Some(path) => write(&minting, users, &rows, &bar, file(path)?)
            .with_context(|| format!("--out {}", path.display())),
        None => write(&minting, users, &rows, &bar, io::stdout().lock()),
    };
    bar.line.finish_and_clear();
    written.map(|()| Exit::Passed)
}

fn rows(args: &Args, plan: &Plan) -> anyhow::Result<Rows> {
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
    key::from_file(&plan.token, args.key.as_deref())?.ok_or_else(|| {
        Failure::bad_input(format!(
            "{}: its key is generated for each run, so nobody could verify these tokens; add \
             --key-out FILE to keep the fresh key, --key FILE to use one, or name a key file in \
             the scenario",
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
    minting: &Minting,
    users: u32,
    rows: &Rows,
    bar: &Bar,
    out: impl Write,
) -> anyhow::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, out);
    let mut failed = rows.head(&mut out).err();
    let mut subject = String::new();
    let issued = clock::unix_now();
    let row = |user: UserIndex, token: &[u8]| {
        subject.clear();
        minting.write_subject(user, &mut subject);
        match rows.row(user, &subject, token, &mut out) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    };
    let minted = minting.each(users, issued, |count| bar.show(count), row);
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
